import type { Bye, GoAway, Ping, Pong } from "./frame.js"
import { type FrameReader, frameReader } from "./frame-reader.js"
import * as Kind from "./kind.js"
import { fields, isInt, isRange, optional, text } from "./shape.js"

/** Reads the control frames of a session (docs/protocol.md, "Frames"). */
export const readControl: FrameReader<Ping | Pong | GoAway | Bye> = frameReader({
  [Kind.PING]: [isInt],
  [Kind.PONG]: [isInt],
  [Kind.GOAWAY]: [fields({ reason: text(64), deadlineMs: isInt, retryAfterMs: optional(isRange) })],
  [Kind.BYE]: [fields({ reason: text(64) })],
})
