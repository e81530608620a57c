/** A queue whose members keep their number: they are counted from the first that ever was in it. */
export class Counted<T> {
  /** The number of the oldest member, and how many ever were here: the number of the next. */
  first = 0
  next = 0
  #members: (T | undefined)[] = []
  /** Where the oldest is; what stands before it is cut off once it is the larger part. */
  #head = 0

  get size(): number {
    return this.next - this.first
  }

  get newest(): T | undefined {
    return this.at(this.next - 1)
  }

  get oldest(): T | undefined {
    return this.at(this.first)
  }

  /** Undefined where it is gone, or has not come yet. */
  at(number: number): T | undefined {
    return number < this.first ? undefined : this.#members[this.#head + number - this.first]
  }

  push(member: T): void {
    this.#members.push(member)
    this.next++
  }

  shift(): T | undefined {
    const member = this.oldest
    if (this.size === 0) return undefined
    this.#members[this.#head++] = undefined
    this.first++
    if (this.#head >= this.#members.length / 2) {
      this.#members = this.#members.slice(this.#head)
      this.#head = 0
    }
    return member
  }
}
