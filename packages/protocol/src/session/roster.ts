/** Something that may be due at a time, and stands in at most one roster. */
export interface Rostered {
  /** When it is due; Infinity for never. */
  at: number
  /** Kept by its roster. */
  roster: object | undefined
  earlier: this | undefined
  later: this | undefined
}

/**
 * What is under way, soonest due first. A list and no heap: most deadlines are as far off as the ones
 * before, so they go to the end, and most are taken out again before they are due.
 */
export class Roster<T extends Rostered> {
  size = 0
  #soonest: T | undefined
  #latest: T | undefined
  /** Those that are never due, apart: nobody should have to look past them. */
  #timeless: T | undefined

  /** When the soonest is due; Infinity when none is. */
  get soonest(): number {
    return this.#soonest?.at ?? Number.POSITIVE_INFINITY
  }

  has(entry: T): boolean {
    return entry.roster === this
  }

  /** Puts an entry in, or moves it. */
  set(entry: T, at: number): void {
    this.remove(entry)
    this.size++
    entry.roster = this
    entry.at = at
    if (at === Number.POSITIVE_INFINITY) this.#putTimeless(entry)
    else this.#putAfter(entry, this.#lastBefore(at))
  }

  remove(entry: T): boolean {
    if (entry.roster !== this) return false
    const { earlier, later } = entry
    this.size--
    entry.roster = undefined
    entry.earlier = undefined
    entry.later = undefined
    if (earlier) earlier.later = later
    else if (this.#timeless === entry) this.#timeless = later
    else this.#soonest = later
    if (later) later.earlier = earlier
    else if (this.#latest === entry) this.#latest = earlier
    return true
  }

  /** The soonest, if it is due; it stays until it is moved or removed. */
  due(now: number): T | undefined {
    return this.#soonest && this.#soonest.at <= now ? this.#soonest : undefined
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let entry = this.#soonest; entry; entry = entry.later) yield entry
    for (let entry = this.#timeless; entry; entry = entry.later) yield entry
  }

  #putTimeless(entry: T): void {
    entry.later = this.#timeless
    if (entry.later) entry.later.earlier = entry
    this.#timeless = entry
  }

  #lastBefore(at: number): T | undefined {
    let entry = this.#latest
    while (entry && entry.at > at) entry = entry.earlier
    return entry
  }

  #putAfter(entry: T, earlier: T | undefined): void {
    const later = earlier ? earlier.later : this.#soonest
    entry.earlier = earlier
    entry.later = later
    if (earlier) earlier.later = entry
    else this.#soonest = entry
    if (later) later.earlier = entry
    else this.#latest = entry
  }
}
