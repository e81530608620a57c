import type { Outbox } from "../flow/outbox.js"
import type { Context } from "./context.js"
import { Heartbeat, type Role, type Verdict } from "./heartbeat.js"

/** Round trips are measured while there is traffic, at most this often, in milliseconds. */
const roundTripEvery = 5_000

/** Whether the current socket answers, and how long an answer takes. */
export class Liveness {
  /** The last round trip in milliseconds; undefined until there was one. */
  roundTrip: number | undefined
  readonly #role: Role
  readonly #context: Context
  readonly #outbox: Outbox
  readonly #heartbeat: Heartbeat
  /** Since when something waits for its acknowledgement. */
  #busySince: number | undefined
  #pings = 0
  #pingedAt = 0
  /** The PING that was answered last, or will not be. */
  #pongs = 0

  constructor(role: Role, context: Context, outbox: Outbox) {
    this.#role = role
    this.#context = context
    this.#outbox = outbox
    this.#heartbeat = new Heartbeat(role)
  }

  /** When to ask for a verdict. */
  get deadline(): number {
    return this.#heartbeat.deadline(this.#busySince, this.roundTrip ?? 0)
  }

  get verdict(): Verdict {
    return this.#heartbeat.verdict(this.deadline, this.#context.now)
  }

  /** The client measures when it sends anyway; a quiet line is left in peace. */
  get measureDue(): boolean {
    return this.#role === "client" && this.#context.now - this.#pingedAt >= roundTripEvery
  }

  /** A new socket. The sessions of a restarted server are not all to ping at once. */
  begin(interval: number): void {
    const { now, random } = this.#context
    this.#heartbeat.begin(interval, this.#role === "server" ? random() : 0, now)
    this.#pongs = this.#pings
    this.acknowledged()
  }

  heard(): void {
    this.#heartbeat.heard(this.#context.now)
  }

  /** Whether the last PING on this socket has not been answered, whatever else has been heard since. */
  get asking(): boolean {
    return this.#pongs < this.#pings
  }

  /** Something arrived at the other side: whatever still waits began to wait now. */
  acknowledged(): void {
    this.#busySince = this.#outbox.idle ? undefined : this.#context.now
  }

  /** Something was sent. */
  sent(): void {
    if (!this.#outbox.idle) this.#busySince ??= this.#context.now
  }

  /** The number of the next PING. */
  ping(): number {
    this.#pingedAt = this.#context.now
    return ++this.#pings
  }

  /** There is reason to doubt: an answer is expected soon. */
  probed(): void {
    this.#heartbeat.probed(this.#context.now)
  }

  pong(number: number): void {
    if (number !== this.#pings) return
    this.#pongs = number
    this.roundTrip = this.#context.now - this.#pingedAt
  }
}
