import type { Encoded } from "@trunkline/protocol"
import * as Kind from "@trunkline/protocol/frame-kinds"
import { poisonMark } from "./client-process.js"

/** Deeper than a payload may be. */
const depth = 100

/** Puts into a marked OPEN what no correct peer would send: the fault of a sender whose codec is broken. */
export function spoil(wire: Encoded): Encoded {
  if (typeof wire !== "string" || !wire.includes(poisonMark)) return wire
  const [first, ack, ...frames]: unknown[] = JSON.parse(wire)
  const spoiled = frames.map((frame) => (isMarked(frame) ? spoilOpen(frame) : frame))
  return JSON.stringify([first, ack, ...spoiled])
}

function isMarked(frame: unknown): frame is unknown[] {
  return (
    Array.isArray(frame) && frame[0] === Kind.OPEN && JSON.stringify(frame).includes(poisonMark)
  )
}

function spoilOpen([kind, id, path, , ...rest]: unknown[]): unknown[] {
  const bottomless: unknown = JSON.parse("[".repeat(depth) + "]".repeat(depth))
  return [kind, id, path, bottomless, ...rest]
}
