import type { Codec, Encoded } from "./codec.js"
import type { ReceiveBudget } from "./inflow.js"
import { envelopeUnits } from "./limits.js"
import { Violation } from "./violation.js"

/** A slice counts at least this much, so that tiny ones do not cost more memory than they account for. */
const smallestSlice = 256

interface Growing {
  readonly slices: unknown[]
  units: number
}

/** Frames of which not all parts have arrived (docs/protocol.md, "PART"), by the id of their channel. */
export class Assembly {
  readonly #growing = new Map<number, Growing>()
  readonly #codec: Codec
  readonly #budget: ReceiveBudget
  readonly #most: number

  /** @param messageBytes the largest frame that this side accepts, in units */
  constructor(codec: Codec, budget: ReceiveBudget, messageBytes: number) {
    this.#codec = codec
    this.#budget = budget
    this.#most = messageBytes + envelopeUnits
  }

  has(id: number): boolean {
    return this.#growing.has(id)
  }

  /** Units held for this id. */
  units(id: number): number {
    return this.#growing.get(id)?.units ?? 0
  }

  /** The id that holds most. */
  heaviest(): number | undefined {
    let heaviest: number | undefined
    for (const [id, { units }] of this.#growing) {
      if (heaviest === undefined || units > this.units(heaviest)) heaviest = id
    }
    return heaviest
  }

  /** The whole frame when this was its last part. */
  add(id: number, more: number, slice: unknown): Encoded | undefined {
    const growing = this.#growing.get(id) ?? { slices: [], units: 0 }
    this.#growing.set(id, growing)
    const units = sizeOf(slice)
    growing.slices.push(slice)
    growing.units += units
    this.#budget.used += units
    if (growing.units > this.#most) throw new Violation("a frame over messageBytes")
    if (more) return undefined
    this.discard(id)
    return this.#codec.join(growing.slices)
  }

  discard(id: number): void {
    const growing = this.#growing.get(id)
    if (growing === undefined) return
    this.#budget.used -= growing.units
    this.#growing.delete(id)
  }
}

function sizeOf(slice: unknown): number {
  const length = typeof slice === "string" || slice instanceof Uint8Array ? slice.length : 0
  return Math.max(length, smallestSlice)
}
