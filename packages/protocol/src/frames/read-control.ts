import type { Auth, AuthOk, Bye, GoAway, Ping, Pong } from "../frame.js"
import * as Kind from "../kind.js"
import { tokenUnits } from "../limits.js"
import { fields, isInt, isRange, optional, text } from "../shape.js"
import { type FrameReader, frameReader } from "./frame-reader.js"

/** The control frames of a session that is attached. */
export type SessionControl = Ping | Pong | GoAway | Auth | AuthOk | Bye

/** Reads the control frames of a session (docs/protocol.md, "Frames"). */
export const readControl: FrameReader<SessionControl> = frameReader({
  [Kind.PING]: [isInt],
  [Kind.PONG]: [isInt],
  [Kind.GOAWAY]: [fields({ reason: text(64), deadlineMs: isInt, retryAfterMs: optional(isRange) })],
  [Kind.AUTH]: [text(tokenUnits)],
  [Kind.AUTH_OK]: [fields({ exp: optional(isInt) })],
  [Kind.BYE]: [fields({ reason: text(64) })],
})
