import { depth } from "../limits.js"
import { Unencodable } from "../violation.js"
import {
  array,
  binary,
  extension,
  extensions,
  type Family,
  headSize,
  map,
  numberSize,
  put32,
  put64,
  putDouble,
  putHead,
  putInteger,
  text,
} from "./msgpack-form.js"
import { type Utf8, writeUtf8 } from "./utf8.js"
import {
  bigintText,
  checkRecord,
  hasToJson,
  mostVisits,
  timeOf,
  tooDeep,
  tooMany,
} from "./value.js"

/** The room that a writer begins with, and the most that it keeps from one value to the next, in bytes. */
const firstRoom = 1_024
const keptRoom = 65_536
/** No value is written beyond this, whatever its receiver accepts: on json the engine ends it there too. */
const mostBytes = 536_870_912
/** Texts from here on are left to the surroundings; a shorter one is written before the call is made. */
const longText = 48

/** Writes payloads, one at a time (docs/protocol.md, "Values"). */
export class MsgpackWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(firstRoom)
  #at = 0
  #visits = 0
  readonly #utf8: Utf8 | undefined

  constructor(utf8: Utf8 | undefined) {
    this.#utf8 = utf8
  }

  /** Throws Unencodable for what has no form, and whatever a getter of the value throws. */
  write(value: unknown): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length > keptRoom) this.#bytes = new Uint8Array(firstRoom)
    this.#at = 0
    this.#visits = 0
    this.#any(value, depth)
    return this.#bytes.slice(0, this.#at)
  }

  /** `room` is for levels, and stops at cycles. */
  #any(value: unknown, room: number): void {
    switch (typeof value) {
      case "string":
        return this.#text(value)
      case "number":
        return this.#number(value)
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2)
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value, room)
      case "undefined":
        return this.#endExtension(this.#beginExtension(extensions.undefined))
      case "bigint":
        return this.#bigint(value)
      default:
        throw new Unencodable(`a ${typeof value} has no form on the wire`)
    }
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = byte
  }

  #number(value: number): void {
    this.#reserve(numberSize)
    const whole = Number.isSafeInteger(value) && !Object.is(value, -0)
    this.#at = whole
      ? putInteger(this.#bytes, this.#at, value)
      : putDouble(this.#bytes, this.#at, value)
  }

  /** Most texts are ASCII, so their size is known before they are written. */
  #text(value: string): void {
    const from = this.#at
    const guess = headSize(text, value.length)
    this.#reserve(guess + 3 * value.length)
    const begin = from + guess
    if (value.length < longText || !this.#utf8) this.#at = writeUtf8(value, this.#bytes, begin)
    else this.#at = begin + this.#utf8.encodeInto(value, this.#bytes.subarray(begin))
    this.#head(from, guess, text, this.#at - begin)
  }

  #bigint(value: bigint): void {
    const digits = bigintText(value)
    const from = this.#beginExtension(extensions.bigint)
    this.#reserve(digits.length)
    this.#at = writeUtf8(digits, this.#bytes, this.#at)
    this.#endExtension(from)
  }

  #object(object: object, room: number): void {
    if (++this.#visits > mostVisits) throw new Unencodable(tooMany)
    if (object instanceof Uint8Array) return this.#binary(object)
    if (object instanceof Date) return this.#date(object)
    if (room === 0) throw new Unencodable(tooDeep)
    if (Array.isArray(object)) return this.#array(object, room - 1)
    if (object instanceof Map) return this.#map(object, room - 1)
    if (object instanceof Set) return this.#set(object, room - 1)
    if (hasToJson(object)) return this.#any(object.toJSON(), room - 1)
    this.#record(object, room - 1)
  }

  #binary(bytes: Uint8Array): void {
    this.#reserve(5 + bytes.length)
    this.#at = putHead(this.#bytes, this.#at, binary, bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Timestamp 96: nanoseconds, then the seconds that they are added to. */
  #date(date: Date): void {
    const time = timeOf(date)
    const seconds = Math.floor(time / 1_000)
    const from = this.#beginExtension(extensions.timestamp)
    this.#reserve(12)
    const next = put32(this.#bytes, this.#at, (time - seconds * 1_000) * 1_000_000)
    this.#at = put64(this.#bytes, next, seconds)
    this.#endExtension(from)
  }

  #array(values: readonly unknown[], room: number): void {
    const { length } = values
    this.#elements(length)
    // By index: a hole is written as undefined.
    for (let index = 0; index < length; index++) this.#any(values[index], room)
  }

  #map(pairs: ReadonlyMap<unknown, unknown>, room: number): void {
    if (room === 0) throw new Unencodable(tooDeep)
    const from = this.#beginExtension(extensions.map)
    const entries = [...pairs]
    this.#elements(entries.length)
    for (const [key, value] of entries) {
      this.#elements(2)
      this.#any(key, room - 1)
      this.#any(value, room - 1)
    }
    this.#endExtension(from)
  }

  #set(values: ReadonlySet<unknown>, room: number): void {
    const from = this.#beginExtension(extensions.set)
    this.#array([...values], room)
    this.#endExtension(from)
  }

  #elements(count: number): void {
    if (count > mostVisits) throw new Unencodable(tooMany)
    this.#reserve(5)
    this.#at = putHead(this.#bytes, this.#at, array, count)
  }

  /** Each property is read once; how many are undefined, and left out, is known only then. */
  #record(object: object, room: number): void {
    checkRecord(object)
    const keys = Object.keys(object)
    const from = this.#at
    const guess = headSize(map, keys.length)
    this.#reserve(guess)
    this.#at += guess
    let count = 0
    for (const key of keys) {
      const value = object[key]
      if (value === undefined) continue
      this.#key(key)
      this.#any(value, room)
      count++
    }
    this.#head(from, guess, map, count)
  }

  /** Two keys that differ in half a pair would be one at the receiver, which refuses that. */
  #key(key: string): void {
    const from = this.#at
    this.#text(key)
    const isAscii = this.#at - from === key.length + headSize(text, key.length)
    if (!isAscii && /\p{Cs}/u.test(key)) throw new Unencodable("a key with half a surrogate pair")
  }

  /** Gives where it begins. Most are short. */
  #beginExtension(type: number): number {
    this.#reserve(3)
    const from = this.#at
    this.#bytes[from + 2] = type
    this.#at = from + 3
    return from
  }

  #endExtension(from: number): void {
    this.#head(from, 2, extension, this.#at - from - 3)
  }

  /** Puts a head where `guess` bytes were left for it, and moves what was written behind it. */
  #head(from: number, guess: number, family: Family, size: number): void {
    const needed = headSize(family, size)
    if (needed !== guess) {
      this.#reserve(needed)
      this.#bytes.copyWithin(from + needed, from + guess, this.#at)
      this.#at += needed - guess
    }
    putHead(this.#bytes, from, family, size)
  }

  #reserve(size: number): void {
    const needed = this.#at + size
    if (needed <= this.#bytes.length) return
    if (needed > mostBytes) throw new Unencodable(`larger than ${mostBytes} bytes`, "TOO_LARGE")
    const grown = new Uint8Array(Math.max(needed, Math.min(2 * this.#bytes.length, mostBytes)))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}
