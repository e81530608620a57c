/**
 * First in, first out, without the cost of shifting an array: what is taken leaves a hole at the front
 * that is closed now and then.
 */
export class Queue<T> {
  #entries: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#entries.length - this.#head
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  peek(): T | undefined {
    return this.#entries[this.#head]
  }

  /** The entry that stands `offset` behind the front. */
  at(offset: number): T | undefined {
    return this.#entries[this.#head + offset]
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#head]
    if (this.#head < this.#entries.length) this.#drop(1)
    return entry
  }

  /** Puts an entry ahead of all others. */
  unshift(entry: T): void {
    if (this.#head > 0) this.#entries[--this.#head] = entry
    else this.#entries.unshift(entry)
  }

  /** Takes up to `count` entries from the front away. */
  drop(count: number): void {
    this.#drop(Math.min(count, this.length))
  }

  clear(): void {
    this.#entries = []
    this.#head = 0
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.#head; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry !== undefined) yield entry
    }
  }

  #drop(count: number): void {
    for (const end = this.#head + count; this.#head < end; this.#head++) {
      this.#entries[this.#head] = undefined
    }
    if (this.#head === this.#entries.length) this.clear()
    else if (this.#head >= 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }
}
