import type { Codec, Encoded } from "@trunkline/protocol"
import * as Kind from "@trunkline/protocol/frame-kinds"
import { poisonMark } from "./client-process.js"
import { codecOf, textOf } from "./speech.js"

/** Deeper than a payload may be. */
const depth = 100

/** Puts into a marked OPEN what no correct peer would send: the fault of a sender whose codec is broken. */
export function spoil(wire: Encoded): Encoded {
  const text = textOf(wire)
  if (!text.includes(poisonMark)) return wire
  const codec = codecOf(wire)
  const [first, ack, ...frames]: [number, number, ...unknown[]] = JSON.parse(text)
  const written = frames.map((frame) =>
    isMarked(frame) ? spoiltOpen(codec, frame) : codec.encode(frame),
  )
  return codec.array([first, ack, ...written])
}

function isMarked(frame: unknown): frame is unknown[] {
  return (
    Array.isArray(frame) && frame[0] === Kind.OPEN && JSON.stringify(frame).includes(poisonMark)
  )
}

function spoiltOpen(codec: Codec, [kind, id, path, , ...rest]: unknown[]): Encoded {
  let bottomless = codec.array([])
  for (let level = 1; level < depth; level++) bottomless = codec.array([bottomless])
  const [head, tail] = [[kind, id, path], rest].map((part) =>
    part.map((field) => codec.encode(field)),
  )
  return codec.array([...(head ?? []), bottomless, ...(tail ?? [])])
}
