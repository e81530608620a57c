import type { Decoded } from "../codec/codec.js"
import type { Frame } from "../frame.js"
import { FIRST_IGNORABLE } from "../kind.js"
import { runLength } from "../limits.js"
import { isInt, type Shape } from "../shape.js"
import { Violation } from "../violation.js"

/** A payload has any shape; it is revived instead of checked. */
export const payload: Shape = () => true
/** A list of payloads. */
export const payloads: Shape = (value) =>
  Array.isArray(value) && value.length >= 1 && value.length <= runLength

/** The fields of each kind of frame, after the kind itself. */
export type FrameShapes = Readonly<Record<number, readonly Shape[]>>

/**
 * Checks one element of a message and revives its payloads in place. `undefined` for an unknown kind
 * that may be ignored. Throws a Violation: total, whatever a peer sends.
 */
export type FrameReader<F> = (raw: unknown, revive: Decoded["revive"]) => F | undefined

/** A reader of the frames in a table, which vouches for the types of frame.ts. */
export function frameReader<F extends Frame>(shapes: FrameShapes): FrameReader<F> {
  return (raw, revive) => {
    if (!Array.isArray(raw) || !isInt(raw[0])) throw new Violation("a frame that is none")
    const shape = shapes[raw[0]]
    if (shape) {
      if (!conforms<F>(raw, shape)) throw new Violation(`a malformed frame ${raw[0]}`)
      if (revive) revivePayloads(raw, shape, revive)
      return raw
    }
    if (raw[0] < FIRST_IGNORABLE) throw new Violation(`frame ${raw[0]} at this moment`)
    return undefined
  }
}

function conforms<F extends Frame>(raw: readonly unknown[], shape: readonly Shape[]): raw is F {
  for (let index = 0; index < shape.length; index++) {
    if (!shape[index]?.(raw[index + 1])) return false
  }
  return true
}

function revivePayloads(
  raw: unknown[],
  shape: readonly Shape[],
  revive: NonNullable<Decoded["revive"]>,
): void {
  for (let index = 0; index < shape.length; index++) {
    const value: unknown = raw[index + 1]
    if (shape[index] === payload) raw[index + 1] = revive(value)
    else if (shape[index] === payloads && Array.isArray(value)) {
      for (let item = 0; item < value.length; item++) value[item] = revive(value[item])
    }
  }
}
