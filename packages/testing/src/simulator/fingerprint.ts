import type { Encoded } from "@trunkline/protocol"

/** Of a long message its length and its beginning go into the hash. */
const hashedUnits = 400

/** What a run put on the wire, and when, in one number: equal for equal runs (D1). By FNV-1a. */
export class Fingerprint {
  #hash = 0x811c9dc5

  get hash(): number {
    return this.#hash >>> 0
  }

  add(occasion: string, wire: Encoded): void {
    const text = `${occasion} ${wire.length} ${String(wire.slice(0, hashedUnits))}`
    for (let index = 0; index < text.length; index++) {
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(index), 0x01000193)
    }
  }
}
