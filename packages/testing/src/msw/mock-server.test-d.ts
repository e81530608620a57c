/* Checked by the compiler and never run. */
import { call, contract, subscription } from "@trunkline/contract"
import { memoryBroker, topic } from "@trunkline/server"
import { setupServer } from "msw/node"
import { expectTypeOf } from "vitest"
import * as z from "zod"
import { type MockServer, mockServer } from "./index.js"

const monitor = contract({
  hosts: {
    list: call({ output: z.array(z.string()) }),
    rename: call({ input: z.object({ id: z.string() }), errors: { LOCKED: null } }),
  },
  alerts: subscription({ item: z.string(), replay: "topic" }),
})
const url = "ws://localhost/rpc"

const line = mockServer(monitor, url, {
  hosts: {
    rename: ({ input, errors, context }) => {
      expectTypeOf(input).toEqualTypeOf<{ id: string }>()
      expectTypeOf(context).toEqualTypeOf<unknown>()
      throw errors.LOCKED()
    },
  },
})
expectTypeOf(line).toEqualTypeOf<MockServer<typeof monitor, unknown>>()
setupServer(...line.handlers)
line.use({ alerts: topic(monitor.alerts, { broker: memoryBroker() }) })
line.use({})

// @ts-expect-error no such group
mockServer(monitor, url, { host: {} })
// @ts-expect-error no such procedure
line.use({ hosts: { remove: () => {} } })
// @ts-expect-error not what the contract says
line.use({ hosts: { list: () => [1] } })
// @ts-expect-error what replays needs a topic
line.use({ alerts: async function* () {} })

mockServer(
  monitor,
  url,
  { hosts: { list: ({ context }) => [context.user] } },
  {
    authenticate: () => ({ context: { user: "ada" } }),
  },
)

line.drop({ before: monitor.hosts.rename })
line.drop({ after: { answer: monitor.hosts.rename } })
line.refuse("auth", { times: 2 })
line.refuse(monitor.hosts.rename, "LOCKED")
// @ts-expect-error no server says so
line.refuse("authentication")
// @ts-expect-error a group is no procedure
line.gap(monitor.hosts)
