import { windowFloor } from "./limits.js"

/** Whether a field of a frame is of its type. Total: it never throws, whatever it is given. */
export type Shape = (value: unknown) => boolean

export const isInt: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0
export const isId: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 1
export const isFlag: Shape = (value) => value === 0 || value === 1
export const isBoolean: Shape = (value) => typeof value === "boolean"

/** At most `length` UTF-16 units. */
export function text(length: number): Shape {
  return (value) => typeof value === "string" && value.length <= length
}

/** An opaque token that is safe in a log, a URL and a key. */
export function token(length: number): Shape {
  const pattern = new RegExp(`^[\\w.~-]{1,${length}}$`)
  return (value) => typeof value === "string" && pattern.test(value)
}

export function oneOf(...values: readonly unknown[]): Shape {
  return (value) => values.includes(value)
}

export function listOf(shape: Shape, length: number): Shape {
  return (value) => Array.isArray(value) && value.length <= length && value.every(shape)
}

/** Left out, or `null` where something follows. */
export function optional(shape: Shape): Shape {
  return (value) => value === undefined || value === null || shape(value)
}

/** An object with these fields; unknown keys are left for a later version to mean something by. */
export function fields(shapes: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(shapes)
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    entries.every(([key, shape]) =>
      shape(Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined),
    )
}

/** An opaque place in a topic. */
export const isCursor: Shape = token(64)

/** From least to most. */
export const isRange: Shape = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isInt) && value[0] <= value[1]

/** What a side accepts. */
export const areLimits: Shape = fields({
  window: (value) => isInt(value) && Number(value) >= windowFloor,
  calls: isInt,
  streams: isInt,
  messageBytes: isInt,
})
