import * as durations from "../durations.js"
import { Violation } from "../violation.js"

/**
 * How long the client's token is believed on this socket, and how often it may show another
 * (docs/protocol.md, "AUTH").
 */
export class TokenTerm {
  /** When nothing is applied any more. */
  endsAt: number = Number.POSITIVE_INFINITY
  /** One is being looked at. */
  #open = false
  #shownAt = 0

  /** A new socket, with a token that HELLO brought. `exp`: milliseconds that it has left. */
  begin(now: number, exp: number | undefined): void {
    this.#open = false
    this.#shownAt = Number.NEGATIVE_INFINITY
    this.#extend(now, exp)
  }

  /** One at a time, and not too often: each costs its server an authentication. */
  shown(now: number): void {
    if (this.#open || now < this.#shownAt + durations.betweenAuths) {
      throw new Violation("AUTH too soon")
    }
    this.#open = true
    this.#shownAt = now
  }

  /** `false`: none was shown on this socket. */
  believed(now: number, exp: number | undefined): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#extend(now, exp)
    return true
  }

  #extend(now: number, exp: number | undefined): void {
    this.endsAt = exp === undefined ? Number.POSITIVE_INFINITY : now + exp + durations.tokenSlack
  }
}
