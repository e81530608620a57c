import type { Host } from "@trunkline/transport"
import type { Clock } from "../pair/clock.js"
import type { Random } from "./random.js"

/**
 * A program with a clock of its own: a server's process, or a page. It can freeze, as a tab in the
 * background does, and die.
 */
export class Process implements Host {
  readonly name: string
  readonly #clock: Clock
  readonly #random: Random
  #dead = false
  #frozenUntil = 0
  #wallJump = 0
  #timers = 0

  constructor(name: string, clock: Clock, random: Random) {
    this.name = name
    this.#clock = clock
    this.#random = random
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers
  }

  get dead(): boolean {
    return this.#dead
  }

  /** It does nothing for a while. */
  get frozen(): boolean {
    return this.#clock.now < this.#frozenUntil
  }

  now(): number {
    return this.#clock.now
  }

  wall(): number {
    return 1_800_000_000_000 + this.#clock.now + this.#wallJump
  }

  random(length: number): Uint8Array {
    return this.#random.bytes(length)
  }

  wakeAt(time: number, run: () => void): () => void {
    let set = true
    const unset = (): void => {
      if (set) this.#timers--
      set = false
    }
    this.#timers++
    const cancel = this.run(time, () => {
      unset()
      run()
    })
    return () => {
      unset()
      cancel()
    }
  }

  endOfTurn(run: () => void): void {
    this.run(this.#clock.now, run)
  }

  /** Not SHA-256: it only has to tell texts apart. */
  async hash(text: string): Promise<string> {
    let low = 0x811c9dc5
    let high = 0x01000193
    for (let index = 0; index < text.length; index++) {
      low = Math.imul(low ^ text.charCodeAt(index), 0x01000193)
      high = Math.imul(high ^ text.charCodeAt(index), 0x85ebca6b) ^ (low >>> 13)
    }
    return `${(low >>> 0).toString(16)}-${(high >>> 0).toString(16)}`.padEnd(43, "_")
  }

  /** Does something in this process, when it is not frozen; nothing once it is dead. */
  run(time: number, action: () => void): () => void {
    let cancel = (): void => {}
    const attempt = (): void => {
      if (this.#dead) return
      if (this.#clock.now < this.#frozenUntil) cancel = this.#clock.at(this.#frozenUntil, attempt)
      else action()
    }
    cancel = this.#clock.at(time, attempt)
    return () => cancel()
  }

  freeze(until: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, until)
  }

  /** Somebody sets the clock on the wall. */
  jump(milliseconds: number): void {
    this.#wallJump += milliseconds
  }

  die(): void {
    this.#dead = true
    this.#timers = 0
  }
}
