import { connect, createClient } from "@trunkline/client"
import type { dashboard } from "@trunkline-example/dashboard-contract"

/** One line for the whole page. It is kept up until the page goes. */
export const connection = connect(new URL("/rpc", location.href).href, {
  reconnect: { cap: 5_000 },
})

/**
 * Made from the contract's type alone, so that no schema gets into the bundle. The server checks every
 * input anyway, and its answer names the field; a form shows it there. A page that wants to check before
 * it asks imports the contract itself: `createClient(dashboard, connection)`.
 */
export const client = createClient<typeof dashboard>(connection, {
  samples: "subscription",
  pulse: "subscription",
  processes: "subscription",
  rules: { list: "subscription" },
  alerts: "subscription",
  notes: { changes: "subscription" },
  viewers: "subscription",
})

/** Says goodbye, so that nobody takes us for a viewer whose line was cut. A page that is only hidden stays. */
addEventListener("pagehide", ({ persisted }) => {
  if (!persisted) void connection.close()
})
