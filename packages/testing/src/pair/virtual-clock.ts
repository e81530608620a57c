import { checkedNumber } from "@trunkline/endpoint"
import { type Host, systemHost } from "@trunkline/transport"
import { soon } from "../line/soon.js"
import { Clock } from "./clock.js"

/** The first of January 2030, as good a day as any. */
const epoch = 1_893_456_000_000

/**
 * Time that passes only when a test says so. Messages and promises do not wait for it: a call is
 * answered at once, while timeouts, backoff, heartbeats and grace stand still until `advance`.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock()
 * const pair = connectedPair(router, { clock })
 * const call = client.slow(undefined, { timeout: 5_000 })
 * await clock.advance(5_000)
 * await expect(call).rejects.toMatchObject({ code: "TIMEOUT" })
 * ```
 */
export class VirtualClock implements Host {
  readonly #clock = new Clock()
  /** Messages on their way, and digests being made. */
  #underway = 0

  now(): number {
    return this.#clock.now
  }

  wall(): number {
    return epoch + this.#clock.now
  }

  random(length: number): Uint8Array {
    return systemHost.random(length)
  }

  wakeAt(time: number, run: () => void): () => void {
    return this.#clock.at(time, run)
  }

  endOfTurn(run: () => void): void {
    systemHost.endOfTurn(run)
  }

  async hash(text: string): Promise<string> {
    this.#underway++
    try {
      return await systemHost.hash(text)
    } finally {
      this.#underway--
    }
  }

  /** Carries a message. */
  deliver(run: () => void): void {
    this.#underway++
    soon(() => {
      this.#underway--
      run()
    })
  }

  /**
   * Lets so many milliseconds pass, and everything happen that falls due in them. Between two timers
   * messages arrive and promises settle; what your own handlers wait for, a file or another service, is
   * not waited for.
   *
   * @throws TypeError for what is no number of milliseconds: there is always a timer left to ring
   */
  async advance(milliseconds: number): Promise<void> {
    const until =
      this.#clock.now + checkedNumber("advance", milliseconds, 0, Number.MAX_SAFE_INTEGER)
    do await this.#quiet()
    while (this.#clock.step(until))
  }

  async #quiet(): Promise<void> {
    do await new Promise<void>(soon)
    while (this.#underway > 0)
  }
}
