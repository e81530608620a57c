import type { Codec, Encoded } from "../codec/codec.js"
import { Assembly } from "../flow/assembly.js"
import { ReceiveBudget } from "../flow/inflow.js"
import { Scheduler } from "../flow/scheduler.js"
import { SendBudget } from "../flow/send-budget.js"
import type { KeyTerms, Limits } from "../frame.js"
import { defaultLimits } from "../limits.js"
import { Unencodable } from "../violation.js"
import type { Moment } from "./doubt.js"
import type { Effect } from "./effect.js"
import type { Rates } from "./rates.js"

/** What the two halves of a session, the one that calls and the one that serves, share. */
export class Context {
  readonly codec: Codec
  /** Uniform in [0, 1); passed in, so that a run can be repeated. */
  readonly random: () => number
  /** Milliseconds since 1970. Passed in likewise; only a caller of keyed calls asks. */
  readonly wall: () => number
  readonly scheduler: Scheduler = new Scheduler()
  readonly budget: ReceiveBudget = new ReceiveBudget()
  readonly assembly: Assembly
  /** Of sources that can wait, and of those that cannot. */
  readonly pullBudget: SendBudget = new SendBudget()
  readonly pushBudget: SendBudget = new SendBudget()
  /** How much the other side may do in a second; undefined where nobody counts. */
  readonly rates: Rates | undefined
  /** What the other side accepts. */
  peer: Limits = defaultLimits
  /** How far the other side's idempotency keys can be relied upon; undefined: not at all. */
  keys: KeyTerms | undefined
  attached = false
  /** Units of all messages so far. */
  received = 0
  /** The time of the current step. */
  now = 0
  #effects: Effect[] | undefined

  constructor(codec: Codec, random: () => number, rates?: Rates, wall: () => number = () => 0) {
    this.codec = codec
    this.random = random
    this.rates = rates
    this.wall = wall
    this.assembly = new Assembly(codec, this.budget)
  }

  /** Now, as whoever may come back to it by an idempotency key has to remember it. */
  get moment(): Moment | undefined {
    return this.keys && { epoch: this.keys.epoch, now: this.now, wall: this.wall() }
  }

  /** Writes a payload for the other side. Throws Unencodable, also for what it would not accept. */
  encode(value: unknown): Encoded {
    return this.accepted(this.codec.encode(value))
  }

  /** A payload that was written already. Throws Unencodable when the other side would not accept it. */
  accepted(encoded: Encoded): Encoded {
    if (this.accepts(encoded)) return encoded
    throw new Unencodable(`larger than ${this.peer.messageBytes} units`, "TOO_LARGE")
  }

  accepts(encoded: Encoded): boolean {
    return encoded.length <= this.peer.messageBytes
  }

  emit(effect: Effect): void {
    // Most steps have one: an array that grows from nothing would make room for many.
    if (this.#effects) this.#effects.push(effect)
    else this.#effects = [effect]
  }

  /** The effects of the step that ends here. */
  take(): readonly Effect[] {
    const effects = this.#effects
    this.#effects = undefined
    return effects ?? none
  }
}

const none: readonly Effect[] = []
