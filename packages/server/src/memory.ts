import { defaultLimits, messageUnits } from "@trunkline/protocol/limits"

/** What memory needs of a session. */
export interface Holder {
  /** Units that are kept for its client, or that came from it and were not taken. */
  readonly held: number
  /** There is no room for it. */
  evict(): void
}

/** What a session without a socket takes beside its units: so many of them count at least. */
export const detachedUnits = 4_096

/** A session whose client reads holds a window and one message; what a topic keeps for many is one text. */
const readUnits = defaultLimits.window + messageUnits
/** Who holds more than this part of all has no claim on the others' room. */
const largestPart = 1 / 32

/**
 * What all sessions of a server hold together (docs/protocol.md, "Memory"). Whoever holds a large part of it
 * makes room first, or a few would drive out all who are away; then whoever is away longest; and when
 * nobody is, whoever holds most and does not read it.
 *
 * Must hold (S8): at the end of a turn no more is held than the limit says, or nobody is left who could make
 * room.
 */
export class Memory<T extends Holder> {
  /** Units held. */
  used = 0
  /** Sessions that had to make room. */
  evictions = 0
  readonly #limit: number
  readonly #attached = new Set<T>()
  /** Since longest first. */
  readonly #detached = new Set<T>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get exceeded(): boolean {
    return this.used > this.#limit
  }

  get attached(): number {
    return this.#attached.size
  }

  get detached(): number {
    return this.#detached.size
  }

  /** A session has a socket. `false`: it had one before. */
  attach(holder: T): boolean {
    if (this.#attached.has(holder)) return false
    if (this.#detached.delete(holder)) this.used -= detachedUnits
    this.#attached.add(holder)
    return true
  }

  /** It has none any more. `false`: it had none. */
  detach(holder: T): boolean {
    if (!this.#attached.delete(holder)) return false
    this.#detached.add(holder)
    this.used += detachedUnits
    return true
  }

  /** It is over, and holds nothing. `false`: it had no socket. */
  forget(holder: T): boolean {
    this.used -= holder.held
    if (this.#detached.delete(holder)) this.used -= detachedUnits
    return this.#attached.delete(holder)
  }

  makeRoom(): void {
    const large = Math.max(readUnits, this.#limit * largestPart)
    this.#evict(() => heaviest(large, this.#attached) ?? heaviest(large, this.#detached))
    this.#evict(() => this.#oldest)
    this.#evict(() => heaviest(readUnits, this.#attached))
  }

  #evict(next: () => T | undefined): void {
    while (this.exceeded) {
      const victim = next()
      if (!victim) return
      this.evictions++
      victim.evict()
    }
  }

  get #oldest(): T | undefined {
    const [oldest] = this.#detached
    return oldest
  }
}

/** Of those that hold more than so much. */
function heaviest<T extends Holder>(least: number, holders: Iterable<T>): T | undefined {
  let heaviest: T | undefined
  let most = least
  for (const holder of holders) {
    const { held } = holder
    if (held <= most) continue
    heaviest = holder
    most = held
  }
  return heaviest
}
