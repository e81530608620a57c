import type { Host } from "@trunkline/transport"

/** What a lane goes by. */
export interface LaneTiming {
  readonly host: Host
  /** Runs in a turn of its own, in order, as a message from a network would. */
  deliver(run: () => void): void
}

/** One direction of a socket: what is put in comes out in order, however the delay changes meanwhile. */
export class Lane {
  readonly #timing: LaneTiming
  #underway: (() => void)[] = []
  /** When the last of them arrives. */
  #due = 0

  constructor(timing: LaneTiming) {
    this.#timing = timing
  }

  /** @param delay milliseconds */
  carry(delay: number, arrive: () => void): void {
    const { host } = this.#timing
    const now = host.now()
    // With nothing before it to wait for, it goes by the clock as it is now: a test may have replaced it.
    const before = this.#underway.length > 0 ? this.#due : now
    this.#due = Math.max(before, now + delay)
    this.#underway.push(arrive)
    if (this.#due > now) host.wakeAt(this.#due, this.#next, true)
    else this.#timing.deliver(this.#next)
  }

  /** What is on its way is lost. */
  clear(): void {
    this.#underway = []
  }

  /** Whose turn it is: two timers of one moment may ring in either order. */
  readonly #next = (): void => this.#underway.shift()?.()
}
