/**
 * The first message of a socket and its answer (docs/protocol.md, "Attach"): each alone in a control
 * message, before there is a session to number anything.
 */
import type { Codec, Encoded } from "../codec/codec.js"
import { Violation } from "../violation.js"
import type { FrameReader } from "./frame-reader.js"

export function loneMessage(codec: Codec, kind: number, body: unknown): Encoded {
  return codec.array([0, 0, codec.array([kind, codec.encode(body)])])
}

/** `undefined` when the message is anything else. */
export function readLone<F>(codec: Codec, wire: Encoded, read: FrameReader<F>): F | undefined {
  try {
    const { value, revive } = codec.decode(wire)
    const lone = Array.isArray(value) && value.length === 3 && value[0] === 0 && value[1] === 0
    return lone ? read(value[2], revive) : undefined
  } catch (error) {
    if (error instanceof Violation) return undefined
    throw error
  }
}
