import type { Delivery, Duplex, Subscription } from "@trunkline/contract"
import type { Policy } from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"

/** A contract's delivery as the session needs it (docs/protocol.md, "Delivery policies"). */
export interface DeliveryPlan {
  readonly policy: Policy
  /** Items that may be on their way to a reader. */
  readonly window: number
  /** What makes two items the same thing, for a stream that keeps only the newest of each. */
  readonly keyOf: (item: unknown) => unknown
}

export function planOf(procedure: Subscription | Duplex): DeliveryPlan {
  if (procedure.kind === "duplex") return everyItem
  const { delivery, replay } = procedure
  if (delivery === "every") {
    const window = limits.creditWindow[replay ? "topic" : "every"]
    return { policy: "every", window, keyOf: () => undefined }
  }
  if (delivery === "latest") {
    return { policy: "latest", window: limits.creditWindow.latest, keyOf: () => undefined }
  }
  return {
    policy: "conflate",
    window: limits.creditWindow.conflate,
    keyOf: keyBy(delivery.conflate),
  }
}

/** Of a duplex: what is said both ways is not skipped. */
const everyItem: DeliveryPlan = {
  policy: "every",
  window: limits.creditWindow.every,
  keyOf: () => undefined,
}

function keyBy(by: Extract<Delivery, object>["conflate"]): (item: unknown) => unknown {
  if (isFunction(by)) return by
  const field = String(by)
  return (item) => Reflect.get(Object(item), field)
}

/** The contract's types have checked that it takes the stream's items. */
function isFunction(by: unknown): by is (item: unknown) => unknown {
  return typeof by === "function"
}
