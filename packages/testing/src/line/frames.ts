import type { Codec, Encoded } from "@trunkline/protocol"
import * as Kind from "@trunkline/protocol/frame-kinds"
import type { Direction } from "./line-socket.js"

export type Frame = readonly unknown[]

/** Reads along what passes on a line: frames as they are meant, those that come in parts too. */
export class FrameReader {
  readonly #parts: Readonly<Record<Direction, Map<unknown, unknown[]>>> = {
    up: new Map(),
    down: new Map(),
  }

  read(direction: Direction, wire: Encoded, codec: Codec): readonly Frame[] {
    const [, , ...frames] = arrayOf(() => codec.decode(wire))
    return frames.map((frame) => this.#whole(direction, listed(frame), codec))
  }

  /** A frame, or what its last part completes. */
  #whole(direction: Direction, frame: Frame, codec: Codec): Frame {
    const [kind, id, more, slice] = frame
    if (kind !== Kind.PART) return frame
    const parts = this.#parts[direction]
    const slices = parts.get(id) ?? []
    slices.push(slice)
    parts.set(id, slices)
    if (more) return frame
    parts.delete(id)
    return arrayOf(() => codec.decode(codec.join(slices)))
  }
}

/** What cannot be read is for its receiver to complain of. */
function arrayOf(decode: () => { readonly value: unknown }): Frame {
  try {
    return listed(decode().value)
  } catch {
    return []
  }
}

function listed(value: unknown): Frame {
  return Array.isArray(value) ? value : []
}
