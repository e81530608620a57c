import type { Process } from "./process.js"

/**
 * One direction of a socket: keeps order, takes time, and can lose its end, everything, or its voice.
 */
export class Pipe {
  readonly #to: Process
  readonly #delay: () => number
  readonly #queue: (() => void)[] = []
  #lastArrival = 0
  #stalledUntil = 0
  #lossy = false

  constructor(to: Process, delay: () => number) {
    this.#to = to
    this.#delay = delay
  }

  /** Messages on their way. */
  get inFlight(): number {
    return this.#queue.length
  }

  send(deliver: () => void): void {
    if (this.#lossy) return
    const now = this.#to.now()
    const arrival = Math.max(now + this.#delay(), this.#lastArrival, this.#stalledUntil)
    this.#lastArrival = arrival
    this.#queue.push(deliver)
    this.#to.run(arrival, () => this.#queue.shift()?.())
  }

  /** Nothing that is sent from now on arrives, and nobody is told. */
  swallow(): void {
    this.#lossy = true
  }

  /** The socket broke: of what is on its way only the first so many arrive. */
  cut(kept: number): void {
    this.#lossy = true
    this.#queue.length = Math.min(this.#queue.length, kept)
  }

  /** What is sent from now on arrives no earlier than then. */
  stall(until: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, until)
  }
}
