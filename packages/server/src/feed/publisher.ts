import { isAnyRpcError, RpcError } from "@trunkline/contract"
import { within } from "@trunkline/endpoint"
import { backoff, isCursor } from "@trunkline/protocol"
import { type Host, uniform } from "@trunkline/transport"
import type { Broker } from "../broker/broker.js"
import { Pause } from "./pause.js"

/** Milliseconds for one attempt, and for all. */
export const publishAttempt = 3_000
export const publishTimeout = 10_000
const publishBackoff = { base: 100, cap: 1_000 } as const
/** What one topic may be publishing at a time, in UTF-16 units; each item counts for 512 more. */
export const publishUnits = 67_108_864
const itemUnits = 512

/**
 * Publishes at a broker, and says truly how that went. What fails is tried again under the same
 * `dedupeId`, so that an attempt of which only the answer was lost does not count twice.
 */
export class Publisher {
  readonly #broker: Broker
  readonly #host: Host
  readonly #instance: string
  #count = 0
  #units = 0

  constructor(broker: Broker, host: Host) {
    this.#broker = broker
    this.#host = host
    this.#instance = Array.from(host.random(16), (byte) => (byte & 31).toString(32)).join("")
  }

  /**
   * Throws `UNAVAILABLE` `no` when the broker surely does not have it, and `OUTCOME_UNKNOWN` when it
   * may; what the broker refuses for good it throws as the broker does.
   */
  async publish(topic: string, payload: string): Promise<string> {
    const units = payload.length + itemUnits
    if (this.#units + units > publishUnits) throw unavailable("too much waits for the broker")
    this.#units += units
    try {
      return await this.#publish(topic, payload)
    } finally {
      this.#units -= units
    }
  }

  async #publish(topic: string, payload: string): Promise<string> {
    const { dedupe } = this.#broker.capabilities
    const dedupeId = `${this.#instance}.${(this.#count++).toString(36)}`
    const begun = this.#host.now()
    let inDoubt = false
    for (let failures = 1; ; failures++) {
      try {
        return await this.#attempt(topic, payload, dedupeId)
      } catch (error) {
        const proven = isAnyRpcError(error) && error.executed === "no"
        if (proven && !inDoubt && error.code !== "UNAVAILABLE") throw error
        inDoubt ||= !proven
        const wait = backoff(failures, uniform(this.#host), publishBackoff)
        const window = inDoubt ? Math.min(publishTimeout, dedupe) : publishTimeout
        const late = this.#host.now() + wait + publishAttempt - begun > window
        if (late)
          throw inDoubt ? unknown(error) : unavailable("the broker cannot be reached", error)
        await new Pause().begin(this.#host, wait)
      }
    }
  }

  async #attempt(topic: string, payload: string, dedupeId: string): Promise<string> {
    const errand = { host: this.#host, milliseconds: publishAttempt, expired }
    const cursor = await within(errand, () => this.#broker.publish(topic, payload, { dedupeId }))
    if (isCursor(cursor)) return cursor
    throw new TypeError("the broker's cursor is none")
  }
}

/** Whether it did anything is left open. */
function expired(): Error {
  return new Error("the broker does not answer")
}

function unavailable(message: string, cause?: unknown): RpcError {
  return new RpcError("UNAVAILABLE", { message, cause, executed: "no" })
}

function unknown(cause: unknown): RpcError {
  const message = "the broker did not say whether it has the item"
  return new RpcError("OUTCOME_UNKNOWN", { message, cause, executed: "unknown" })
}
