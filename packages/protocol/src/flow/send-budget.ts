import { waitingItemUnits } from "../limits.js"
import { LazySet } from "./lazy-set.js"

/** A stream whose source waits for room. */
export interface Held {
  /** There may be room again. */
  revive(): void
}

/**
 * Units that the streams of one session hold together for a line that does not take them
 * (docs/protocol.md, "Flow control"): however many streams a client opens, their sources wait.
 */
export class SendBudget {
  used = 0
  readonly #held = new LazySet<Held>()

  /** While some wait nobody overtakes them. */
  get exceeded(): boolean {
    return this.#held.size > 0 || this.used >= waitingItemUnits
  }

  /** Its source hears as soon as half of the budget is free. */
  hold(stream: Held): void {
    this.#held.add(stream)
  }

  /** It has ended. */
  forget(stream: Held): void {
    this.#held.delete(stream)
  }

  /** Some of what was held has left. */
  relieve(): void {
    if (this.#held.size === 0 || this.used > waitingItemUnits / 2) return
    const held = [...this.#held]
    this.#held.clear()
    for (const stream of held) stream.revive()
  }
}
