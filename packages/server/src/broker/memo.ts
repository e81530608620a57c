/**
 * Remembers values by a key for a while, in two halves: when the younger half is full or old, the older
 * one goes. So a value is remembered for `age` at least, unless more than `most` others came since.
 */
export class Memo<T> {
  readonly #most: number
  readonly #age: number
  #young = new Map<string, T>()
  #old = new Map<string, T>()
  #since = 0

  constructor(most: number, age: number) {
    this.#most = most
    this.#age = age
  }

  get(key: string, now: number): T | undefined {
    this.#turn(now)
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set(key: string, value: T, now: number): void {
    this.#turn(now)
    this.#young.set(key, value)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #turn(now: number): void {
    if (this.#young.size === 0) this.#since = now
    if (this.#young.size < this.#most && now - this.#since < this.#age) return
    this.#old = now - this.#since < 2 * this.#age ? this.#young : new Map()
    this.#young = new Map()
    this.#since = now
  }
}
