import { type BackoffOptions, backoff, type RejectBody, withinRange } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"

/** What to do about a line that was lost (docs/protocol.md, "Close codes"). */
export interface Verdict {
  /** Milliseconds to the next attempt; undefined: there is none. */
  readonly wait: number | undefined
  /** What became of the session. */
  readonly session: "lives" | "over" | "superseded"
  /** The server found fault with something that we sent. */
  readonly breach: boolean
}

/** A line that held this long was a good one: the next loss begins the backoff anew. */
const stableAfter = 30_000
/** So many refused tokens in a row, and nobody will bring a better one. */
const mostTokens = 5
/** So many breaches within a minute, and the fault is in the program. */
const mostBreaches = 3
const breachWindow = 60_000

/** Remembers how the last attempts went, and says when to try again. */
export class Reconnect {
  readonly #backoff: BackoffOptions
  readonly #random: () => number
  #failures = 0
  #tokens = 0
  #breaches: number[] = []
  #openedAt: number | undefined

  constructor(options: BackoffOptions, random: () => number) {
    this.#backoff = options
    this.#random = random
  }

  /** The server welcomed us. */
  opened(now: number): void {
    this.#openedAt = now
    this.#tokens = 0
  }

  /** A socket, or an attempt at one, ended with this code. */
  closed(code: number, now: number): Verdict {
    const recovery = closeCodes.recoveryOf(code)
    switch (recovery) {
      case "resume":
        return this.#retry(now, "lives")
      case "authenticate":
        return this.#authenticate(now)
      case "renew":
        return this.#retry(now, "over")
      case "breach":
        return this.breached(now)
      case "superseded":
        return this.#retry(now, "superseded")
      case "give-up":
        return gone
    }
  }

  /** The server refused the attempt and said why. `resuming`: with an older session's subprotocol. */
  rejected(reject: RejectBody, resuming: boolean, now: number): Verdict {
    if (reject.code === "version" && resuming) return this.#retry(now, "over")
    const verdict = this.closed(closeCodes.rejectCloseCodes[reject.code], now)
    if (verdict.wait === undefined || !reject.retryAfterMs) return verdict
    return { ...verdict, wait: withinRange(reject.retryAfterMs, this.#random()) }
  }

  /** The session ended because of what we sent. */
  breached(now: number): Verdict {
    this.#breaches = this.#breaches.filter((time) => now - time < breachWindow)
    if (this.#breaches.push(now) >= mostBreaches) return { ...gone, breach: true }
    return { ...this.#retry(now, "over"), breach: true }
  }

  #authenticate(now: number): Verdict {
    this.#tokens++
    if (this.#tokens >= mostTokens) return { ...gone, session: "lives" }
    if (this.#tokens === 1) return { wait: 0, session: "lives", breach: false }
    return this.#retry(now, "lives")
  }

  #retry(now: number, session: Verdict["session"]): Verdict {
    const stable = this.#openedAt !== undefined && now - this.#openedAt >= stableAfter
    this.#openedAt = undefined
    this.#failures = stable ? 1 : this.#failures + 1
    const wait = backoff(this.#failures, this.#random(), this.#backoff)
    return { wait, session, breach: false }
  }
}

const gone: Verdict = { wait: undefined, session: "over", breach: false }
