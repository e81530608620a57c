import { Violation } from "../violation.js"

/** Texts as bytes, by what the surroundings have for it: on long ones it is far quicker than a loop. */
export interface Utf8 {
  /** Throws, whatever it likes, where the bytes are no UTF-8. */
  decode(bytes: Uint8Array): string
  /** Writes to the beginning of `bytes`, where there is room. Gives how many bytes that took. */
  encodeInto(text: string, bytes: Uint8Array): number
}

/** What stands for half of a surrogate pair, which UTF-8 cannot say. */
const replacement = 0xfffd
/** A character that does not take part in a text that is read. */
const broken = "bytes that are no UTF-8"

/** Writes a text at this place, where there is room for it. Gives where it ends. */
export function writeUtf8(text: string, bytes: Uint8Array, from: number): number {
  let at = from
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) bytes[at++] = unit
    else {
      const point = text.codePointAt(index) ?? unit
      if (point > 0xffff) index++
      at = writePoint(isSurrogate(point) ? replacement : point, bytes, at)
    }
  }
  return at
}

function writePoint(point: number, bytes: Uint8Array, from: number): number {
  let at = from
  if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6)
  else {
    if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12)
    else {
      bytes[at++] = 0xf0 | (point >> 18)
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
    }
    bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
  }
  bytes[at++] = 0x80 | (point & 0x3f)
  return at
}

/** The text of these bytes. Throws a Violation where they are none. */
export function readUtf8(bytes: Uint8Array, from: number, end: number): string {
  let text = ""
  let at = from
  // Eight at a time, for as long as all of them are ASCII: a call for each would take most of the time.
  for (; at + 8 <= end; at += 8) {
    const a = byte(bytes, at)
    const b = byte(bytes, at + 1)
    const c = byte(bytes, at + 2)
    const d = byte(bytes, at + 3)
    const e = byte(bytes, at + 4)
    const f = byte(bytes, at + 5)
    const g = byte(bytes, at + 6)
    const h = byte(bytes, at + 7)
    if ((a | b | c | d | e | f | g | h) >= 0x80) break
    text += String.fromCharCode(a, b, c, d, e, f, g, h)
  }
  while (at < end) {
    const lead = byte(bytes, at)
    if (lead < 0x80) {
      text += String.fromCharCode(lead)
      at++
    } else {
      const size = sizeOf(lead)
      if (at + size > end) throw new Violation(broken)
      text += String.fromCodePoint(pointAt(bytes, at, size))
      at += size
    }
  }
  return text
}

/** Bytes of the character that begins with this one. */
function sizeOf(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return 4
  throw new Violation(broken)
}

/** What each size begins at: less could have been written shorter, and may not be written so. */
const least = [0, 0, 0x80, 0x800, 0x10000] as const

function pointAt(bytes: Uint8Array, from: number, size: number): number {
  let point = byte(bytes, from) & (0x7f >> size)
  for (let at = from + 1; at < from + size; at++) {
    const next = byte(bytes, at)
    if ((next & 0xc0) !== 0x80) throw new Violation(broken)
    point = (point << 6) | (next & 0x3f)
  }
  if (point < (least[size] ?? 0) || point > 0x10ffff || isSurrogate(point)) {
    throw new Violation(broken)
  }
  return point
}

function isSurrogate(point: number): boolean {
  return point >= 0xd800 && point <= 0xdfff
}

/** Whoever asks has looked where the bytes end. */
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}
