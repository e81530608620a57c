/**
 * Payload values on JSON (docs/protocol.md, "Values"): what JSON has no form for is written as a
 * *marker*, an object with the key `$`, and an object that has such a key of its own is written as one
 * too. So a marker never collides with data.
 */

import { depth } from "../limits.js"
import { Unencodable, Violation } from "../violation.js"
import { bytesFromBase64, bytesToBase64 } from "./base64.js"
import {
  bigintOf,
  bigintText,
  checkRecord,
  hasToJson,
  isTime,
  mostVisits,
  timeOf,
  tooDeep,
  tooMany,
} from "./value.js"

type Dictionary = Readonly<Record<string, unknown>>

let visits = 0

/**
 * Whether JSON.stringify alone writes the value right: the common case, which has to be fast. Throws
 * Unencodable for more values than anybody may send.
 */
export function isPlain(value: unknown): boolean {
  visits = 0
  return plain(value, depth)
}

function plain(value: unknown, room: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
    case "object":
      if (value === null) return true
      if (++visits > mostVisits) throw new Unencodable(tooMany)
      if (room === 0) return false
      return Array.isArray(value) ? plainArray(value, room - 1) : plainObject(value, room - 1)
    default:
      return false
  }
}

function plainArray(array: readonly unknown[], room: number): boolean {
  for (const element of array) if (!plain(element, room)) return false
  return true
}

function plainObject(object: object, room: number): boolean {
  if (!isDictionary(object)) return false
  for (const key in object) {
    if (key === "$" || key === "__proto__") return false
    const value = object[key]
    if (value !== undefined && !plain(value, room)) return false
  }
  return true
}

function isDictionary(object: object): object is Dictionary {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === null
}

/**
 * A copy of the value that JSON.stringify writes right. Throws Unencodable where there is none.
 *
 * @param deepest levels that the copy may have, markers included
 */
export function escapeValue(value: unknown, deepest: number = depth): unknown {
  visits = 0
  const copy = escapeAny(value, depth)
  if (!fits(copy, deepest)) throw new Unencodable(tooDeep)
  return copy
}

/** `room` stops at cycles; what counts on the wire is the copy's depth, markers included. */
function escapeAny(value: unknown, room: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      return escapeNumber(value)
    case "bigint":
      return { $: "n", v: bigintText(value) }
    case "undefined":
      return { $: "u" }
    case "object":
      return value === null ? null : escapeObject(value, room)
    default:
      throw new Unencodable(`a ${typeof value} has no form on the wire`)
  }
}

function escapeNumber(value: number): unknown {
  if (Object.is(value, -0)) return { $: "f", v: "-0" }
  return Number.isFinite(value) ? value : { $: "f", v: String(value) }
}

function escapeObject(object: object, room: number): unknown {
  if (++visits > mostVisits) throw new Unencodable(tooMany)
  if (room === 0) throw new Unencodable(tooDeep)
  if (Array.isArray(object)) return escapeArray(object, room)
  if (object instanceof Uint8Array) return { $: "b", v: bytesToBase64(object) }
  if (object instanceof Date) return { $: "d", v: timeOf(object) }
  if (object instanceof Map) return { $: "m", v: escapePairs([...object], room) }
  if (object instanceof Set) return { $: "s", v: escapeAny([...object], room) }
  if (hasToJson(object)) return escapeAny(object.toJSON(), room - 1)
  return escapeRecord(object, room)
}

function escapeRecord(object: object, room: number): unknown {
  checkRecord(object)
  const entries = Object.entries(object).filter(([, value]) => value !== undefined)
  if (Object.hasOwn(object, "$")) return { $: "o", v: escapePairs(entries, room) }
  return Object.fromEntries(entries.map(([key, value]) => [key, escapeAny(value, room - 1)]))
}

/** A hole counts as undefined. */
function escapeArray(array: readonly unknown[], room: number): unknown {
  if (array.length > mostVisits) throw new Unencodable(tooMany)
  return Array.from(array, (element) => escapeAny(element, room - 1))
}

function escapePairs(pairs: readonly (readonly [unknown, unknown])[], room: number): unknown {
  return pairs.map(([key, value]) => [escapeAny(key, room - 1), escapeAny(value, room - 1)])
}

/** What the receiver will ask of the payload: its depth. */
function fits(value: unknown, room: number): boolean {
  if (typeof value !== "object" || value === null) return true
  return room > 0 && Object.values(value).every((inner) => fits(inner, room - 1))
}

/**
 * The value that a payload stands for, made in place. `marked`: the text contains `"$"`, so there may
 * be markers; where it does not, nothing is changed and only depth and keys are checked.
 *
 * Throws a Violation: a correct peer sends none of what is refused here.
 */
export function reviveValue(payload: unknown, marked: boolean): unknown {
  return revive(payload, depth, marked)
}

function revive(value: unknown, room: number, marked: boolean): unknown {
  if (typeof value !== "object" || value === null) return value
  if (room === 0) throw new Violation("a payload nested too deep")
  if (Array.isArray(value)) return reviveArray(value, room - 1, marked)
  return isRecord(value) ? reviveRecord(value, room - 1, marked) : value
}

function reviveArray(array: unknown[], room: number, marked: boolean): unknown {
  for (let index = 0; index < array.length; index++) {
    const element = array[index]
    if (typeof element === "object") array[index] = revive(element, room, marked)
  }
  return array
}

function reviveRecord(record: Record<string, unknown>, room: number, marked: boolean): unknown {
  for (const key in record) {
    if (key === "__proto__") throw new Violation("a key named __proto__")
    if (key === "$" && marked) return reviveMarker(record, room)
    const value = record[key]
    if (typeof value === "object") record[key] = revive(value, room, marked)
  }
  return record
}

/** Whatever JSON.parse made and is no array. */
function isRecord(value: object): value is Record<string, unknown> {
  return !Array.isArray(value)
}

function reviveMarker(record: Record<string, unknown>, room: number): unknown {
  const revived = markedValue(record["$"], record["v"], room)
  if (revived === notAMarker) throw new Violation("a marker that stands for nothing")
  return revived
}

const notAMarker = Symbol()
const numbers = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
])

function markedValue(kind: unknown, value: unknown, room: number): unknown {
  switch (kind) {
    case "b":
      return (typeof value === "string" && bytesFromBase64(value)) || notAMarker
    case "d":
      return isTime(value) ? new Date(value) : notAMarker
    case "f":
      return typeof value === "string" ? (numbers.get(value) ?? notAMarker) : notAMarker
    case "m":
      return new Map(pairs(value, room))
    case "n":
      return typeof value === "string" ? (bigintOf(value) ?? notAMarker) : notAMarker
    case "o":
      return Object.fromEntries(pairs(value, room).map(checkedEntry))
    case "s":
      return Array.isArray(value) ? new Set(elements(value, room)) : notAMarker
    case "u":
      return undefined
    default:
      return notAMarker
  }
}

function elements(array: unknown[], room: number): unknown[] {
  if (room === 0) throw new Violation("a payload nested too deep")
  for (const [index, element] of array.entries()) array[index] = revive(element, room - 1, true)
  return array
}

function pairs(value: unknown, room: number): [unknown, unknown][] {
  if (!Array.isArray(value)) throw new Violation("a marker that stands for nothing")
  return elements(value, room).map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Violation("a pair that is none")
    return [pair[0], pair[1]]
  })
}

function checkedEntry([key, value]: [unknown, unknown]): [string, unknown] {
  if (typeof key !== "string" || key === "__proto__") throw new Violation("a bad key")
  return [key, value]
}
