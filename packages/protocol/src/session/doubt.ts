import { type Failure, licensesRetry } from "../error-code.js"
import type { KeyTerms } from "../frame.js"

/** A moment at which an OPEN was numbered, under keys that could be relied upon. */
export interface Moment {
  /** The epoch of the keys, as the last WELCOME told it. */
  readonly epoch: string
  /** On the clock that never goes back, and on the one on the wall. */
  readonly now: number
  readonly wall: number
}

/**
 * An earlier attempt of a channel may have been entered (docs/protocol.md, "Idempotency keys").
 *
 * Must hold: a key that was left out once is never told again, since that attempt may have been answered
 * without it.
 */
export class Doubt {
  /** The channel id of the first such attempt: with the client's instance it is the call's key. */
  readonly id: number
  readonly #since: Moment | undefined
  #keyless = false

  /** @param since when that attempt was numbered; undefined: no key could be relied upon */
  constructor(id: number, since: Moment | undefined) {
    this.id = id
    this.#since = since
  }

  /**
   * The key, as long as its record is certainly kept: in the same epoch, and not older than the server
   * told, by whichever clock says more. One of them stands still while a machine sleeps, and somebody
   * may set the other.
   */
  key(moment: Moment | undefined, terms: KeyTerms | undefined): number | undefined {
    const since = this.#since
    if (!since || !moment || !terms || since.epoch !== moment.epoch) this.#keyless = true
    else {
      const age = Math.max(moment.now - since.now, moment.wall - since.wall)
      this.#keyless ||= age >= terms.ttlMs
    }
    return this.#keyless ? undefined : this.id
  }

  /** Whether the last OPEN told a key that may not be told any more; from then on none is. */
  goesStale(moment: Moment | undefined, terms: KeyTerms | undefined): boolean {
    const told = this.#since !== undefined && !this.#keyless
    return told && this.key(moment, terms) === undefined
  }

  /**
   * What a caller is told of the last attempt's failure. Of that alone `no` speaks; what was refused for
   * lack of room says nothing of the earlier one at all.
   */
  told(failure: Failure): Failure {
    if (failure.executed !== "no") return failure
    const code = licensesRetry(failure) ? "OUTCOME_UNKNOWN" : failure.code
    return { ...failure, code, executed: "unknown" }
  }
}
