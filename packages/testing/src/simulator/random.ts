/** A repeatable source of everything that a run leaves to chance (sfc32). */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0
    this.#c = 0x9e3779b9
    for (let round = 0; round < 12; round++) this.#next()
  }

  /** Another source for the same seed: what is drawn from it changes nothing that was drawn before. */
  static of(seed: number, what: string): Random {
    const mark = [...what].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) & 0xffff, 7)
    return new Random(seed + mark * 0x1_0000_0000)
  }

  /** In [0, 1). */
  unit(): number {
    return this.#next() / 0x1_0000_0000
  }

  /** A whole number, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.int(0, choices.length - 1)] ?? choices[0]
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 255)
  }

  /** Another source that this one decides. */
  fork(): Random {
    return new Random(this.#next() + this.#next() * 0x1_0000_0000)
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }
}
