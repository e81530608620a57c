import { TOO_MANY } from "../close-code.js"
import * as durations from "../durations.js"
import { rates } from "../limits.js"
import { Violation } from "../violation.js"
import { Bucket } from "./bucket.js"

/**
 * What one session may do in a second, and at once twice as much. A client that does more loses its session,
 * and comes back with another after a while.
 */
export interface RateLimits {
  /**
   * Frames: each call, item, answer and control frame is one. At least half of the calls and streams that
   * may be open, which come all at once after a lost session.
   * @default no limit
   */
  readonly frames?: number | undefined
  /**
   * The size of its messages in units. At least half of the largest input, so that it always fits.
   * @default no limit
   */
  readonly bytes?: number | undefined
  /**
   * Calls and streams; at least half of those that may be open.
   * @default no limit
   */
  readonly opens?: number | undefined
  /**
   * One-way events.
   * @default 1_000
   */
  readonly events?: number | undefined
  /**
   * Calls and streams that are cancelled; within a second after they were opened they count twice.
   * @default 1_000
   */
  readonly cancels?: number | undefined
  /**
   * Questions whether the server still answers. A client of ours asks every few seconds at most.
   * @default 10
   */
  readonly pings?: number | undefined
}

export type Rate = keyof RateLimits

const defaults: RateLimits = {
  events: rates.events,
  cancels: rates.cancels,
  pings: rates.pings,
}

/**
 * How much the other side may do in a second (docs/protocol.md, "Rates"). Whoever does more ends its
 * session, and nobody else's.
 */
export class Rates {
  /** What there was too much of. */
  exceeded: Rate | undefined
  readonly #limits: RateLimits
  /** Each from the first time that something is taken of it: most sessions send no events. */
  readonly #buckets: { [Name in Rate]?: Bucket } = {}

  constructor(limits: RateLimits) {
    this.#limits = limits
  }

  bytes(now: number, units: number): void {
    this.#take("bytes", now, units)
  }

  frames(now: number, count: number): void {
    this.#take("frames", now, count)
  }

  open(now: number): void {
    this.#take("opens", now, 1)
  }

  event(now: number): void {
    this.#take("events", now, 1)
  }

  ping(now: number): void {
    this.#take("pings", now, 1)
  }

  /** Opening and cancelling in one breath has a handler begin and stop, so that it counts twice. */
  cancel(now: number, openedAt: number): void {
    this.#take("cancels", now, now - openedAt < durations.rapidCancel ? 2 : 1)
  }

  #take(name: Rate, now: number, count: number): void {
    const rate = this.#limits[name] ?? defaults[name]
    if (rate === undefined) return
    this.#buckets[name] ??= new Bucket(rate)
    if (this.#buckets[name].take(now, count)) return
    this.exceeded = name
    throw new Violation(`more than ${rate} ${name} a second`, TOO_MANY)
  }
}
