import type { SequencedFrame } from "../frame.js"
import * as Kind from "../kind.js"
import { errorCodeUnits, errorMessageUnits, pathUnits, runLength } from "../limits.js"
import { fields, isCursor, isFlag, isId, isInt, listOf, oneOf, optional, text } from "../shape.js"
import { type FrameReader, frameReader, payload, payloads } from "./frame-reader.js"

const meta = fields({
  d: optional(isInt),
  u: optional(oneOf(1)),
  k: optional(isId),
  a: optional(isInt),
  t: optional(text(64)),
  f: optional(isCursor),
})

/** Reads the frames that are numbered (docs/protocol.md, "Frames"). */
export const readSequenced: FrameReader<SequencedFrame> = frameReader({
  [Kind.PART]: [isId, isFlag, payload],
  [Kind.RESULT]: [isId, payload],
  [Kind.ERROR]: [
    isId,
    text(errorCodeUnits),
    oneOf("no", "yes", "unknown"),
    optional(text(errorMessageUnits)),
    payload,
  ],
  [Kind.CANCEL]: [isId, optional(text(64))],
  [Kind.OPEN]: [isId, text(pathUnits), payload, optional(isInt), optional(meta)],
  [Kind.ITEM]: [isId, payload, optional(isCursor)],
  [Kind.END]: [isId],
  [Kind.CREDIT]: [isId, isInt],
  [Kind.EVENT]: [text(pathUnits), payload],
  [Kind.NOTE]: [isId, text(32), payload],
  [Kind.ITEMS]: [isId, payloads, optional(listOf(isCursor, runLength))],
})
