/**
 * What was applied from the peer, and whether it is time to say so (docs/protocol.md, "Acks"). An
 * acknowledgement rides on every message; one of its own is due only when nothing else goes that way.
 */
export class Inbox {
  /** Highest number applied, in order. */
  applied = 0
  /** When an acknowledgement of its own is due at the latest. */
  dueAt: number = Number.POSITIVE_INFINITY
  #frames = 0
  #units = 0
  readonly #mostFrames: number
  readonly #mostUnits: number
  #delay: number

  constructor(frames: number, units: number) {
    this.#mostFrames = frames
    this.#mostUnits = units
    this.#delay = 0
  }

  /** Milliseconds that an acknowledgement may wait for a message to ride on. */
  set delay(milliseconds: number) {
    this.#delay = milliseconds
  }

  received(frames: number, units: number, now: number): void {
    this.#frames += frames
    this.#units += units
    if (this.dueAt === Number.POSITIVE_INFINITY) this.dueAt = now + this.#delay
  }

  isDue(now: number): boolean {
    return this.#frames >= this.#mostFrames || this.#units >= this.#mostUnits || now >= this.dueAt
  }

  /** The number for the next message; with it everything so far is acknowledged. */
  acknowledge(): number {
    this.#frames = 0
    this.#units = 0
    this.dueAt = Number.POSITIVE_INFINITY
    return this.applied
  }
}
