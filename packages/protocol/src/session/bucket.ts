/**
 * Tokens that come back with time, so many a second; a full bucket holds twice as many, so that what
 * comes in bursts is not held against anybody whose average is right.
 */
export class Bucket {
  /** Tokens that come back in a second. */
  readonly rate: number
  #left: number
  #at = 0

  constructor(rate: number) {
    this.rate = rate
    this.#left = 2 * rate
  }

  /** `false`: fewer than `count` are left beyond the `reserve`, and none was taken. */
  take(now: number, count = 1, reserve = 0): boolean {
    if (now > this.#at) {
      this.#left = Math.min(2 * this.rate, this.#left + ((now - this.#at) * this.rate) / 1_000)
      this.#at = now
    }
    if (this.#left - reserve < count) return false
    this.#left -= count
    return true
  }
}
