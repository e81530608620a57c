/** Slots as soon as there is an entry: a power of two, as ever. */
const fewest = 4
/** The one slot of all that are empty: half of all directories stay so, and nobody writes into it. */
const noIds: number[] = new Array(1).fill(0)
const noEntries: undefined[] = new Array(1).fill(undefined)

/**
 * Channels by their id. Ids of one side rise by two, so that each finds its own slot, and what comes and
 * goes leaves nothing behind: a Map that is filled and emptied all the time gives up its table every
 * hundred entries, and each dead table holds on to what stood in it until the next full collection.
 */
export class Directory<T> {
  size = 0
  /** 0: the slot is free. */
  #ids: number[] = noIds
  #entries: (T | undefined)[] = noEntries

  has(id: number): boolean {
    return this.#ids[this.#slotOf(id)] === id
  }

  get(id: number): T | undefined {
    return this.#entries[this.#slotOf(id)]
  }

  set(id: number, entry: T): void {
    if (!this.has(id)) {
      if (++this.size * 2 > this.#ids.length) this.#grow()
    }
    const slot = this.#slotOf(id)
    this.#ids[slot] = id
    this.#entries[slot] = entry
  }

  delete(id: number): boolean {
    const slot = this.#slotOf(id)
    if (this.#ids[slot] !== id) return false
    this.size--
    this.#free(slot)
    return true
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const entry of this.#entries) if (entry !== undefined) yield entry
  }

  /** Where the id stands, or the free slot where it would. */
  #slotOf(id: number): number {
    const last = this.#ids.length - 1
    let slot = (id >>> 1) & last
    while (this.#ids[slot] !== 0 && this.#ids[slot] !== id) slot = (slot + 1) & last
    return slot
  }

  /** Those behind move up where a search for them would stop at the gap. */
  #free(slot: number): void {
    const last = this.#ids.length - 1
    let gap = slot
    for (let next = (gap + 1) & last; this.#ids[next] !== 0; next = (next + 1) & last) {
      const id = this.#ids[next] ?? 0
      const fromHome = (next - (id >>> 1)) & last
      if (fromHome < ((next - gap) & last)) continue
      this.#ids[gap] = id
      this.#entries[gap] = this.#entries[next]
      gap = next
    }
    this.#ids[gap] = 0
    this.#entries[gap] = undefined
  }

  #grow(): void {
    const ids = this.#ids
    const entries = this.#entries
    const slots = Math.max(fewest, ids.length * 2)
    this.#ids = new Array(slots).fill(0)
    this.#entries = new Array(slots).fill(undefined)
    for (const [index, id] of ids.entries()) {
      if (id === 0) continue
      const slot = this.#slotOf(id)
      this.#ids[slot] = id
      this.#entries[slot] = entries[index]
    }
  }
}
