import type { ReplayStep } from "@trunkline/endpoint"
import { Counted } from "../counted.js"
import { FeedEntry } from "./feed-entry.js"

/** A hole in what the broker could prove: what stood before it may be lost. */
export class FeedGap {
  readonly cursor: string

  constructor(cursor: string) {
    this.cursor = cursor
  }
}

export type Slot = FeedEntry | FeedGap

/** What a ring holds at most: entries, and UTF-16 units of their texts. */
export const ringEntries = 1_000
export const ringUnits = 1_048_576
/** Units of what a stream is given at once: about as many as may wait in it. */
const stepUnits = 131_072

/** What an entry costs beside its text, roughly. */
const slotUnits = 128

/**
 * What the rings of all keys of a topic hold together, in UTF-16 units; each slot counts for 128 more.
 * Above that those give that were pushed to least lately, down to their newest slot.
 */
export class RingSpace {
  used = 0
  readonly most: number
  readonly #rings = new Set<Ring>()

  constructor(most: number) {
    this.most = most
  }

  pushed(ring: Ring): void {
    this.#rings.delete(ring)
    this.#rings.add(ring)
    if (this.used <= this.most) return
    for (const oldest of this.#rings) {
      oldest.shrink()
      if (this.used <= this.most) return
      this.#rings.delete(oldest)
    }
  }

  left(ring: Ring): void {
    this.#rings.delete(ring)
  }
}

/**
 * The newest entries of a topic, from which all of a node's streams read by reference.
 *
 * Must hold (S13): slot follows on slot without a hole, save where a gap says so, and the first follows
 * on `base`. So a reader that stands at a cursor that is known here goes on behind it, and skips or
 * repeats nothing. However little space there is, it holds the newest slot.
 */
export class Ring {
  /** The cursor before the first slot. */
  base: string
  /** The cursor behind the last. */
  tip: string
  readonly slots: Counted<Slot> = new Counted()
  /** By cursor, the number of the slot that follows on it. */
  readonly #places = new Map<string, number>()
  #renamed = { cursor: "", number: 0 }
  /** Units that ever came. */
  total = 0
  #units = 0
  /** What the last reader was given: most of the others stand where it stood. */
  #given: EntriesStep = { type: "entries", entries: [] }
  #givenAt = -1
  #givenBefore = -1

  readonly #space: RingSpace

  constructor(start: string, space: RingSpace) {
    this.base = start
    this.tip = start
    this.#space = space
  }

  /**
   * The number of what follows on a cursor; undefined where the ring cannot tell. A log that was rolled back
   * stands at a cursor a second time, behind a gap, and what followed on it the first time is no more.
   */
  after(cursor: string): number | undefined {
    const place = this.#places.get(cursor)
    const { cursor: renamed, number } = this.#renamed
    if (cursor === renamed && number >= (place ?? this.slots.first)) return number
    return place ?? (cursor === this.base ? this.slots.first : undefined)
  }

  /** The broker has another name for the tip; the one before goes on to be known. */
  rename(tip: string): void {
    if (tip === this.tip) return
    this.tip = tip
    this.#renamed = { cursor: tip, number: this.slots.next }
  }

  push(slot: Slot): void {
    const { slots } = this
    slots.push(slot)
    this.tip = slot.cursor
    this.#places.set(slot.cursor, slots.next)
    const units = unitsOf(slot)
    this.#units += units
    this.total += units
    this.#space.used += units + slotUnits
    while (slots.size > ringEntries || (this.#units > ringUnits && slots.size > 1)) this.#shift()
    this.#space.pushed(this)
  }

  /** Makes space for others, as far as they need it. */
  shrink(): void {
    while (this.slots.size > 1 && this.#space.used > this.#space.most) this.#shift()
  }

  /** Gives back its space. */
  clear(): void {
    while (this.slots.size > 0) this.#shift()
    this.#space.left(this)
  }

  /** What stands at a number: a gap, or at most so many entries. Undefined at the tip. */
  read(number: number, most: number): ReplayStep | undefined {
    if (this.#givenAt === number && this.#isWhole(most)) return this.#given
    const step = stepAt(this.slots, number, most)
    if (step?.type !== "entries") return step
    this.#givenAt = number
    this.#givenBefore = this.slots.next
    this.#given = step
    return step
  }

  /** What was given before is what would be given now. */
  #isWhole(most: number): boolean {
    const { length } = this.#given.entries
    return length === most || (length < most && this.slots.next === this.#givenBefore)
  }

  #shift(): void {
    const slot = this.slots.shift()
    if (!slot) return
    const units = unitsOf(slot)
    this.#units -= units
    this.#space.used -= units + slotUnits
    if (this.#places.get(slot.cursor) === this.slots.first) this.#places.delete(slot.cursor)
    this.base = slot.cursor
  }
}

type EntriesStep = Extract<ReplayStep, { readonly type: "entries" }>

/** What stands at a number among slots. */
export function stepAt(
  slots: Counted<Slot>,
  number: number,
  most: number,
): Exclude<ReplayStep, { readonly type: "stalled" }> | undefined {
  const slot = slots.at(number)
  if (slot instanceof FeedGap) return { type: "gap", cursor: slot.cursor }
  if (slot === undefined || most < 1) return undefined
  const entries = [slot]
  for (let { units } = slot; entries.length < most; ) {
    const entry = slots.at(number + entries.length)
    if (!(entry instanceof FeedEntry)) break
    units += entry.units
    if (units > stepUnits) break
    entries.push(entry)
  }
  return { type: "entries", entries }
}

function unitsOf(slot: Slot): number {
  return slot instanceof FeedEntry ? slot.units : 0
}
