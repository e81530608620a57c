/**
 * A set that is nearly always empty, and has its table from its first member on: every session has several
 * such, and an empty `Set` takes as much memory as a channel.
 */
export class LazySet<T> {
  #members: Set<T> | undefined

  get size(): number {
    return this.#members?.size ?? 0
  }

  has(member: T): boolean {
    return this.#members?.has(member) ?? false
  }

  add(member: T): void {
    this.#members ??= new Set()
    this.#members.add(member)
  }

  /** `false`: it was not in. */
  delete(member: T): boolean {
    return this.#members?.delete(member) ?? false
  }

  clear(): void {
    this.#members?.clear()
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#members ?? none).values()
  }
}

const none: ReadonlySet<never> = new Set()
