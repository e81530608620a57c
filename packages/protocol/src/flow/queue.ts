/** What an empty queue may keep of its storage, in entries: a burst is no reason to hold it for good. */
const keptEntries = 256

/**
 * First in, first out, in a ring: the usual queue holds one entry now and then, and must not allocate
 * for each.
 */
export class Queue<T> {
  /** As many as a power of two, or none. */
  #entries: (T | undefined)[] = []
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(entry: T): void {
    if (this.#length === this.#entries.length) this.#grow()
    this.#entries[this.#place(this.#length++)] = entry
  }

  peek(): T | undefined {
    return this.#entries[this.#head]
  }

  /** The entry that stands `offset` behind the front. */
  at(offset: number): T | undefined {
    return offset < this.#length && offset >= 0 ? this.#entries[this.#place(offset)] : undefined
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#head]
    this.drop(1)
    return entry
  }

  /** Puts an entry ahead of all others. */
  unshift(entry: T): void {
    if (this.#length === this.#entries.length) this.#grow()
    this.#head = this.#place(-1)
    this.#entries[this.#head] = entry
    this.#length++
  }

  /** Takes up to `count` entries from the front. */
  take(count: number): T[] {
    const taken: T[] = []
    for (let left = Math.min(count, this.#length); left > 0; left--) {
      const entry = this.shift()
      if (entry !== undefined) taken.push(entry)
    }
    return taken
  }

  /** Takes up to `count` entries from the front away. */
  drop(count: number): void {
    const most = Math.min(count, this.#length)
    for (let dropped = 0; dropped < most; dropped++) {
      this.#entries[this.#head] = undefined
      this.#head = this.#place(1)
    }
    this.#length -= most
    if (this.#length === 0 && this.#entries.length > keptEntries) this.clear()
  }

  clear(): void {
    this.#entries = []
    this.#head = 0
    this.#length = 0
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let offset = 0; offset < this.#length; offset++) {
      const entry = this.at(offset)
      if (entry !== undefined) yield entry
    }
  }

  #place(offset: number): number {
    return (this.#head + offset) & (this.#entries.length - 1)
  }

  #grow(): void {
    const entries: (T | undefined)[] = []
    for (let offset = 0; offset < this.#length; offset++) entries.push(this.at(offset))
    const size = Math.max(4, 2 * this.#length)
    while (entries.length < size) entries.push(undefined)
    this.#entries = entries
    this.#head = 0
  }
}
