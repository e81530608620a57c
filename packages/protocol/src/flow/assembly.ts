import type { Codec, Encoded } from "../codec/codec.js"
import { defaultLimits, envelopeUnits } from "../limits.js"
import { Violation } from "../violation.js"
import type { ReceiveBudget } from "./inflow.js"
import { LazySet } from "./lazy-set.js"

/** A slice counts at least this much, so that tiny ones do not cost more memory than they account for. */
const smallestSlice = 256

interface Growing {
  readonly slices: unknown[]
  units: number
  /** What it is charged for. */
  held: number
}

/** Frames of which not all parts have arrived (docs/protocol.md, "PART"), by the id of their channel. */
export class Assembly {
  /** From the first part on: most sessions never have any. */
  #growing: Map<number, Growing> | undefined
  /** Ids whose frame was refused in the middle: the rest of its parts is still to come. */
  readonly #refused = new LazySet<number>()
  readonly #codec: Codec
  readonly #budget: ReceiveBudget
  /** The largest frame that this side accepts, in units. */
  messageBytes: number = defaultLimits.messageBytes

  constructor(codec: Codec, budget: ReceiveBudget) {
    this.#codec = codec
    this.#budget = budget
  }

  has(id: number): boolean {
    return this.#growing?.has(id) || this.#refused.has(id)
  }

  /** Units that count for this id. */
  held(id: number): number {
    return this.#growing?.get(id)?.held ?? 0
  }

  /** Whether a part belongs to a frame that was refused. */
  skips(id: number, more: number): boolean {
    return more ? this.#refused.has(id) : this.#refused.delete(id)
  }

  /** The id that holds most. */
  heaviest(): number | undefined {
    let heaviest: number | undefined
    for (const [id, { held }] of this.#growing ?? []) {
      if (heaviest === undefined || held > this.held(heaviest)) heaviest = id
    }
    return heaviest
  }

  /** The whole frame when this was its last part. */
  add(id: number, more: number, slice: unknown): Encoded | undefined {
    this.#growing ??= new Map()
    const growing = this.#growing.get(id) ?? { slices: [], units: 0, held: 0 }
    this.#growing.set(id, growing)
    const units = unitsOf(slice)
    const held = Math.max(units, smallestSlice)
    growing.slices.push(slice)
    growing.units += units
    growing.held += held
    this.#budget.used += held
    if (growing.units > this.messageBytes + envelopeUnits)
      throw new Violation("a frame over messageBytes")
    if (more) return undefined
    this.discard(id)
    return this.#codec.join(growing.slices)
  }

  /** There is no room for this frame: what has arrived of it is dropped, and what is to come. */
  refuse(id: number): void {
    this.discard(id)
    this.#refused.add(id)
  }

  /** The frame ends here. */
  discard(id: number): void {
    if (!this.has(id)) return
    this.#refused.delete(id)
    this.#budget.used -= this.held(id)
    this.#growing?.delete(id)
  }
}

function unitsOf(slice: unknown): number {
  return typeof slice === "string" || slice instanceof Uint8Array ? slice.length : 0
}
