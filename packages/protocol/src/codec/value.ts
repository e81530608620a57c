/** What both codecs ask of a value (docs/protocol.md, "Values"). */
import { depth } from "../limits.js"
import { Unencodable } from "../violation.js"

/** Digits of a bigint: reading more takes more than linear time. */
const bigintDigits = 4_096
/** A Date reaches this far from 1970, whole milliseconds both ways. */
const farthestTime = 8.64e15

/** Values visited in one payload: far above any within the size limits, but a value that contains the
 * same subtree twice at every level would otherwise be walked for ever. */
export const mostVisits = 16_777_216

export const tooMany = "too many values"
export const tooDeep: string = `nested deeper than ${depth}, or a cycle`

export function bigintText(value: bigint): string {
  const text = String(value)
  if (text.length > bigintDigits) throw new Unencodable("a bigint of too many digits")
  return text
}

/** `undefined` when the text is no integer that is written out. */
export function bigintOf(text: string): bigint | undefined {
  return text.length <= bigintDigits && /^-?\d+$/.test(text) ? BigInt(text) : undefined
}

export function timeOf(date: Date): number {
  const time = date.getTime()
  if (Number.isNaN(time)) throw new Unencodable("an invalid date")
  return time
}

export function isTime(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(Number(value)) <= farthestTime
}

/** What an object says that it stands for; only those of the language's own and of applications do. */
export function hasToJson(object: object): object is { toJSON(): unknown } {
  return "toJSON" in object && typeof object.toJSON === "function"
}

/**
 * Of a class instance the own enumerable properties travel. What is no such object is refused, a
 * forgotten promise first of all.
 */
export function checkRecord(object: object): asserts object is Readonly<Record<string, unknown>> {
  const tag = Object.prototype.toString.call(object)
  if (tag !== "[object Object]") throw new Unencodable(`${tag} has no form on the wire`)
  if (Object.hasOwn(object, "__proto__")) throw new Unencodable("a key named __proto__")
}
