import type { Codec, Encoded } from "@trunkline/protocol"
import * as Kind from "@trunkline/protocol/frame-kinds"
import { poisonMark } from "./client-process.js"
import { codecOf } from "./speech.js"

/** Deeper than a payload may be. */
const depth = 100

/** Puts into a marked OPEN what no correct peer would send: the fault of a sender whose codec is broken. */
export function spoil(wire: Encoded): Encoded {
  if (!isSuspect(wire)) return wire
  const codec = codecOf(wire)
  const found: unknown = codec.decode(wire).value
  const [first, ack, ...frames]: [number, number, ...unknown[]] = Object(found)
  // As they were found: on json what stands for bytes would else be escaped as if it were a user's own.
  const write = (part: unknown) =>
    typeof wire === "string" ? JSON.stringify(part) : codec.encode(part)
  const written = frames.map((frame) =>
    isMarked(frame) ? spoiltOpen(codec, frame, write) : write(frame),
  )
  return codec.array([first, ack, ...written])
}

/** A quick look, at every message: the mark is plain ASCII on either codec. */
function isSuspect(wire: Encoded): boolean {
  if (typeof wire === "string") return wire.includes(poisonMark)
  return Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength).includes(poisonMark)
}

function isMarked(frame: unknown): frame is unknown[] {
  return (
    Array.isArray(frame) && frame[0] === Kind.OPEN && JSON.stringify(frame).includes(poisonMark)
  )
}

function spoiltOpen(
  codec: Codec,
  [kind, id, path, , ...rest]: unknown[],
  write: (part: unknown) => Encoded,
): Encoded {
  let bottomless = codec.array([])
  for (let level = 1; level < depth; level++) bottomless = codec.array([bottomless])
  return codec.array([...[kind, id, path].map(write), bottomless, ...rest.map(write)])
}
