/**
 * The heads of msgpack's forms, and its numbers, as they are written: always the shortest
 * (docs/protocol.md, "Values"). Whoever writes has made room.
 */

/** Forms that begin with a size. */
export interface Family {
  /** The byte of size 0 where sizes up to `most` are a part of it. */
  readonly fixed: number
  /** -1: there is none such. */
  readonly most: number
  /** The byte ahead of a size of 8 bits; 0: there is none such. */
  readonly byte: number
  /** The same for 16 and for 32 bits. */
  readonly short: number
  readonly long: number
}

export const text: Family = { fixed: 0xa0, most: 31, byte: 0xd9, short: 0xda, long: 0xdb }
export const binary: Family = { fixed: 0, most: -1, byte: 0xc4, short: 0xc5, long: 0xc6 }
export const array: Family = { fixed: 0x90, most: 15, byte: 0, short: 0xdc, long: 0xdd }
export const map: Family = { fixed: 0x80, most: 15, byte: 0, short: 0xde, long: 0xdf }
export const extension: Family = { fixed: 0, most: -1, byte: 0xc7, short: 0xc8, long: 0xc9 }

/** What an extension's type says. */
export const extensions = { undefined: 0, bigint: 1, map: 2, set: 3, timestamp: 0xff } as const

export function headSize(family: Family, size: number): number {
  if (size <= family.most) return 1
  if (size < 0x100 && family.byte > 0) return 2
  return size < 0x10000 ? 3 : 5
}

/** Gives where the head ends. */
export function putHead(bytes: Uint8Array, at: number, family: Family, size: number): number {
  switch (headSize(family, size)) {
    case 1:
      bytes[at] = family.fixed + size
      return at + 1
    case 2:
      bytes[at] = family.byte
      bytes[at + 1] = size
      return at + 2
    case 3:
      bytes[at] = family.short
      bytes[at + 1] = size >> 8
      bytes[at + 2] = size
      return at + 3
    default:
      bytes[at] = family.long
      return put32(bytes, at + 1, size)
  }
}

/** The most that a number takes. */
export const numberSize = 9

export const twoTo32 = 4_294_967_296

/** A safe integer. Gives where it ends. */
export function putInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) {
    if (value < 0x80) {
      bytes[at] = value
      return at + 1
    }
    if (value < 0x100) {
      bytes[at] = 0xcc
      bytes[at + 1] = value
      return at + 2
    }
    if (value < 0x10000) {
      bytes[at] = 0xcd
      bytes[at + 1] = value >> 8
      bytes[at + 2] = value
      return at + 3
    }
    bytes[at] = value < twoTo32 ? 0xce : 0xcf
    return value < twoTo32 ? put32(bytes, at + 1, value) : put64(bytes, at + 1, value)
  }
  if (value >= -0x20) {
    bytes[at] = value
    return at + 1
  }
  if (value >= -0x80) {
    bytes[at] = 0xd0
    bytes[at + 1] = value
    return at + 2
  }
  if (value >= -0x8000) {
    bytes[at] = 0xd1
    bytes[at + 1] = value >> 8
    bytes[at + 2] = value
    return at + 3
  }
  const fits = value >= -0x80000000
  bytes[at] = fits ? 0xd2 : 0xd3
  return fits ? put32(bytes, at + 1, value) : put64(bytes, at + 1, value)
}

export function integerSize(value: number): number {
  if (value >= 0) {
    if (value < 0x80) return 1
    if (value < 0x100) return 2
    if (value < 0x10000) return 3
    return value < twoTo32 ? 5 : 9
  }
  if (value >= -0x20) return 1
  if (value >= -0x80) return 2
  if (value >= -0x8000) return 3
  return value >= -0x80000000 ? 5 : 9
}

/** Two's complement where it is negative. */
export function put32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
  return at + 4
}

export function put64(bytes: Uint8Array, at: number, value: number): number {
  put32(bytes, at, Math.floor(value / twoTo32))
  return put32(bytes, at + 4, value >>> 0)
}

/** A double, and its bytes. */
const double = new DataView(new ArrayBuffer(8))

export function putDouble(bytes: Uint8Array, at: number, value: number): number {
  double.setFloat64(0, value)
  bytes[at] = 0xcb
  put32(bytes, at + 1, double.getUint32(0))
  return put32(bytes, at + 5, double.getUint32(4))
}

export function get32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16)
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
}

/** Beyond safe integers not exact, and then not safe either. */
export function get64(bytes: Uint8Array, at: number): number {
  return get32(bytes, at) * twoTo32 + get32(bytes, at + 4)
}

export function getSigned64(bytes: Uint8Array, at: number): number {
  return (get32(bytes, at) | 0) * twoTo32 + get32(bytes, at + 4)
}

export function getDouble(bytes: Uint8Array, at: number): number {
  double.setUint32(0, get32(bytes, at))
  double.setUint32(4, get32(bytes, at + 4))
  return double.getFloat64(0)
}

export function getFloat(bytes: Uint8Array, at: number): number {
  double.setUint32(0, get32(bytes, at))
  return double.getFloat32(0)
}
