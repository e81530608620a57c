import { depth } from "../limits.js"
import { Violation } from "../violation.js"
import {
  extensions,
  get32,
  get64,
  getDouble,
  getFloat,
  getSigned64,
  twoTo32,
} from "./msgpack-form.js"
import { readUtf8, type Utf8 } from "./utf8.js"
import { bigintOf, isTime } from "./value.js"

/** Levels of a message around a payload, at most: the message, its frame, a list of items. */
const outerLevels = 3
const mostRoom = depth + outerLevels
/** Levels that are around every payload: it may be in a frame that was joined from parts. */
const fewestOuterLevels = 1
/** Texts from here on are left to the surroundings; a shorter one is read before the call is made. */
const longText = 32
const truncated = "bytes that end too early"

/**
 * Reads one message. Total: whatever the bytes are, it gives a value or throws a Violation. No declared
 * size is believed before the bytes are there, and nothing that it gives refers to them.
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array
  readonly #utf8: Utf8 | undefined
  readonly #names: Names
  #at = 0
  #end: number
  /** The least room for levels that was left anywhere. */
  #least: number = mostRoom
  #broken = false

  constructor(bytes: Uint8Array, utf8: Utf8 | undefined, names: Names) {
    this.#bytes = bytes
    this.#end = bytes.length
    this.#utf8 = utf8
    this.#names = names
  }

  /**
   * The one value that these bytes are. In a message each frame stands for itself: one that cannot be read
   * is `Broken`, as is what follows it, so that what precedes it is applied (docs/protocol.md, "Messages").
   */
  read(): unknown {
    const value = this.#isArray ? this.#message() : this.#any(mostRoom)
    if (!this.#broken && this.#at !== this.#end) throw new Violation("bytes behind the message")
    return value
  }

  /** Payloads have to be looked at: one is broken, or may be nested too deep, as only the frames tell. */
  get isSuspicious(): boolean {
    return this.#broken || mostRoom - this.#least > depth + fewestOuterLevels
  }

  get #isArray(): boolean {
    const head = this.#bytes[0] ?? 0
    return (head >= 0x90 && head < 0xa0) || head === 0xdc || head === 0xdd
  }

  #message(): unknown[] {
    const head = this.#size8()
    const length = head === 0xdc ? this.#size16() : head === 0xdd ? this.#size32() : head & 0x0f
    const inner = this.#enter(length, mostRoom)
    const message = new Array<unknown>(length)
    for (let index = 0; index < length; index++) {
      if (index < 2) message[index] = this.#any(inner)
      else if (!this.#frame(message, index, inner)) break
    }
    return message
  }

  /** `false`: it cannot be read, and where the next one begins nobody knows. */
  #frame(message: unknown[], index: number, room: number): boolean {
    try {
      message[index] = this.#any(room)
      return true
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.#broken = true
      message.fill(new Broken(error), index)
      return false
    }
  }

  #any(room: number): unknown {
    if (this.#at === this.#end) throw new Violation(truncated)
    const byte = this.#bytes[this.#at++] ?? 0
    if (byte < 0x80) return byte
    if (byte < 0x90) return this.#record(byte & 0x0f, room)
    if (byte < 0xa0) return this.#array(byte & 0x0f, room)
    if (byte < 0xc0) return this.#text(byte & 0x1f)
    if (byte >= 0xe0) return byte - 0x100
    switch (byte) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#binary(this.#size8())
      case 0xc5:
        return this.#binary(this.#size16())
      case 0xc6:
        return this.#binary(this.#size32())
      case 0xc7:
        return this.#extension(this.#size8(), room)
      case 0xc8:
        return this.#extension(this.#size16(), room)
      case 0xc9:
        return this.#extension(this.#size32(), room)
      case 0xca:
        return getFloat(this.#bytes, this.#take(4))
      case 0xcb:
        return getDouble(this.#bytes, this.#take(8))
      case 0xcc:
        return this.#size8()
      case 0xcd:
        return this.#size16()
      case 0xce:
        return this.#size32()
      case 0xcf:
        return safe(get64(this.#bytes, this.#take(8)))
      case 0xd0:
        return (this.#size8() << 24) >> 24
      case 0xd1:
        return (this.#size16() << 16) >> 16
      case 0xd2:
        return this.#size32() | 0
      case 0xd3:
        return safe(getSigned64(this.#bytes, this.#take(8)))
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (byte - 0xd4), room)
      case 0xdc:
        return this.#array(this.#size16(), room)
      case 0xdd:
        return this.#array(this.#size32(), room)
      case 0xde:
        return this.#record(this.#size16(), room)
      case 0xdf:
        return this.#record(this.#size32(), room)
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#textSize(byte))
      default:
        throw new Violation("a byte that begins nothing")
    }
  }

  #size8(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  #size16(): number {
    const at = this.#take(2)
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0)
  }

  #size32(): number {
    return get32(this.#bytes, this.#take(4))
  }

  /** Where so many bytes are that belong to what is being read. */
  #take(size: number): number {
    const at = this.#at
    if (size > this.#end - at) throw new Violation(truncated)
    this.#at = at + size
    return at
  }

  #text(size: number): string {
    const from = this.#take(size)
    if (size < longText || !this.#utf8) return readUtf8(this.#bytes, from, from + size)
    try {
      return this.#utf8.decode(this.#bytes.subarray(from, from + size))
    } catch {
      throw new Violation("bytes that are no UTF-8")
    }
  }

  #textSize(byte: number): number {
    if (byte >= 0xa0 && byte < 0xc0) return byte & 0x1f
    if (byte === 0xd9) return this.#size8()
    if (byte === 0xda) return this.#size16()
    if (byte === 0xdb) return this.#size32()
    throw new Violation("a key that is no text")
  }

  /** A copy: a few bytes are not to hold on to a whole message. */
  #binary(size: number): Uint8Array {
    const from = this.#take(size)
    return this.#bytes.slice(from, from + size)
  }

  /** The room for what is inside; each of so many values takes a byte at least. */
  #enter(values: number, room: number): number {
    if (room === 0) throw new Violation("a message nested too deep")
    if (values > this.#end - this.#at) throw new Violation(truncated)
    if (room <= this.#least) this.#least = room - 1
    return room - 1
  }

  #array(length: number, room: number): unknown[] {
    const inner = this.#enter(length, room)
    const array = new Array<unknown>(length)
    for (let index = 0; index < length; index++) array[index] = this.#any(inner)
    return array
  }

  #record(size: number, room: number): object {
    const inner = this.#enter(2 * size, room)
    const record: Record<string, unknown> = {}
    for (let index = 0; index < size; index++) {
      const name = this.#name()
      record[name] = this.#any(inner)
    }
    if (Object.keys(record).length !== size) throw new Violation("a key that is there twice")
    return record
  }

  #name(): string {
    const size = this.#textSize(this.#size8())
    const name =
      size <= longestName ? this.#names.read(this.#bytes, this.#take(size), size) : this.#text(size)
    if (name === "__proto__") throw new Violation("a key named __proto__")
    return name
  }

  #extension(size: number, room: number): unknown {
    const type = this.#size8()
    const from = this.#at
    const outer = this.#end
    this.#take(size)
    this.#at = from
    this.#end = from + size
    const value = this.#extended(type, size, room)
    if (this.#at !== this.#end) throw new Violation("an extension that stands for nothing")
    this.#end = outer
    return value
  }

  #extended(type: number, size: number, room: number): unknown {
    switch (type) {
      case extensions.undefined:
        return undefined
      case extensions.bigint:
        return this.#bigint(size)
      case extensions.map:
        return new Map(listOf(this.#any(room)).map(pairOf))
      case extensions.set:
        return new Set(listOf(this.#any(room)))
      case extensions.timestamp:
        return this.#date(size)
      default:
        throw new Violation(`an extension ${type}`)
    }
  }

  #bigint(size: number): bigint {
    const value = bigintOf(this.#text(size))
    if (value === undefined) throw new Violation("an integer that is none")
    return value
  }

  /** All three forms of msgpack; whole milliseconds, or the value would not be what was sent. */
  #date(size: number): Date {
    const at = this.#take(size)
    const bytes = this.#bytes
    const first = get32(bytes, at)
    if (size === 4) return dateOf(first, 0)
    // Of 64 bits the first 30 are nanoseconds.
    if (size === 8) return dateOf((first % 4) * twoTo32 + get32(bytes, at + 4), first >>> 2)
    if (size === 12) return dateOf(getSigned64(bytes, at + 4), first)
    throw new Violation("a point in time that is none")
  }
}

function dateOf(seconds: number, nanoseconds: number): Date {
  const time = seconds * 1_000 + nanoseconds / 1_000_000
  if (nanoseconds > 999_000_000 || nanoseconds % 1_000_000 !== 0 || !isTime(time)) {
    throw new Violation("a point in time that is none")
  }
  return new Date(time)
}

function safe(integer: number): number {
  if (!Number.isSafeInteger(integer)) throw new Violation("an integer that is not safe")
  return integer
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Violation("an extension that stands for nothing")
  return value
}

function pairOf(pair: unknown): [unknown, unknown] {
  if (!Array.isArray(pair) || pair.length !== 2) throw new Violation("a pair that is none")
  return [pair[0], pair[1]]
}

/** What stands in the place of bytes that could not be read: no frame, and no payload. */
class Broken {
  readonly violation: Violation

  constructor(violation: Violation) {
    this.violation = violation
  }
}

/** A payload, if it is not broken and not nested too deep. Throws a Violation. */
export function checkedPayload(payload: unknown): unknown {
  if (payload instanceof Broken) throw payload.violation
  descend(payload, depth)
  return payload
}

/** As it was written: of a map the list, and each of its pairs, are levels too. */
function descend(value: unknown, room: number): void {
  if (typeof value !== "object" || value === null) return
  if (value instanceof Uint8Array || value instanceof Date) return
  if (room === 0) throw new Violation("a payload nested too deep")
  const inner = value instanceof Map || value instanceof Set ? [...value] : Object.values(value)
  for (const one of inner) descend(one, room - 1)
}

/** Bytes of the longest names that are remembered, and how many of them are. */
const longestName = 24
const mostNames = 512

/**
 * The keys of objects come again and again, and one that is known is not made anew. A few of those that
 * came last, so that nobody can fill it.
 */
export class Names {
  readonly #names: string[] = new Array<string>(mostNames).fill("")

  read(bytes: Uint8Array, from: number, size: number): string {
    let hash = size
    for (let at = from; at < from + size; at++)
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (mostNames - 1)
    const known = this.#names[slot] ?? ""
    if (isAscii(known, bytes, from, size)) return known
    const name = readUtf8(bytes, from, from + size)
    this.#names[slot] = name
    return name
  }
}

/** Whether these bytes are this text, which is so for none with other characters. */
function isAscii(text: string, bytes: Uint8Array, from: number, size: number): boolean {
  if (text.length !== size) return false
  for (let index = 0; index < size; index++) {
    if (text.charCodeAt(index) !== bytes[from + index]) return false
  }
  return true
}
