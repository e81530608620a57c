import { UNSUPPORTED_DATA } from "../close-code.js"
import { partUnits } from "../limits.js"
import { Unencodable, Violation } from "../violation.js"
import type { Codec, Decoded, Encoded } from "./codec.js"
import { array, binary, headSize, integerSize, putHead, putInteger } from "./msgpack-form.js"
import { checkedPayload, MsgpackReader, Names } from "./msgpack-reader.js"
import { MsgpackWriter } from "./msgpack-writer.js"
import type { Utf8 } from "./utf8.js"

/** Pieces that are copied byte by byte: a call takes longer. */
const fewBytes = 24

/**
 * `trunkline.v1.msgpack`: binary messages, the same arrays in fewer bytes, and bytes as they are.
 *
 * @param utf8 what the surroundings have for long texts; without it they are read in a loop
 */
export function msgpackCodec(utf8?: Utf8): Codec {
  const names = new Names()
  /** A getter or `toJSON` of a value may write another, and then this one is taken. */
  let spare: MsgpackWriter | undefined

  return {
    subprotocol: "trunkline.v1.msgpack",

    encode(value: unknown): Encoded {
      const writer = spare ?? new MsgpackWriter(utf8)
      spare = undefined
      try {
        return writer.write(value)
      } catch (error) {
        if (error instanceof Unencodable) throw error
        // A getter of the value threw, or there is no memory for it.
        throw new Unencodable(String(error))
      } finally {
        spare = writer
      }
    },

    array(elements: readonly (number | Encoded)[]): Encoded {
      return spliced(elements)
    },

    decode(wire: Encoded): Decoded {
      if (typeof wire === "string") throw new Violation("text on a binary codec", UNSUPPORTED_DATA)
      const reader = new MsgpackReader(wire, utf8, names)
      const value = reader.read()
      return { value, revive: reader.isSuspicious ? checkedPayload : undefined }
    },

    cut(frame: Encoded): Encoded[] {
      const bytes = bytesOf(frame)
      const slices: Encoded[] = []
      for (let from = 0; from < bytes.length; from += partUnits) {
        slices.push(asBinary(bytes.subarray(from, from + partUnits)))
      }
      return slices
    },

    join(slices: readonly unknown[]): Encoded {
      return joined(slices.map(bytesOf))
    },
  }
}

function spliced(elements: readonly (number | Encoded)[]): Uint8Array<ArrayBuffer> {
  let size = headSize(array, elements.length)
  for (const element of elements) {
    size += typeof element === "number" ? integerSize(element) : element.length
  }
  const bytes = new Uint8Array(size)
  let at = putHead(bytes, 0, array, elements.length)
  for (const element of elements) {
    at =
      typeof element === "number"
        ? putInteger(bytes, at, element)
        : put(bytes, at, bytesOf(element))
  }
  return bytes
}

function put(bytes: Uint8Array, at: number, piece: Uint8Array): number {
  if (piece.length > fewBytes) bytes.set(piece, at)
  else for (let index = 0; index < piece.length; index++) bytes[at + index] = piece[index] ?? 0
  return at + piece.length
}

function asBinary(piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = headSize(binary, piece.length)
  const bytes = new Uint8Array(head + piece.length)
  putHead(bytes, 0, binary, piece.length)
  bytes.set(piece, head)
  return bytes
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) at = put(bytes, at, piece)
  return bytes
}

/** A finished piece of this codec, or a slice that a peer says is one. */
function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  throw new Violation("a slice that is no bytes")
}
