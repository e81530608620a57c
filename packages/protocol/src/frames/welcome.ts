import type { Codec, Encoded } from "../codec/codec.js"
import type { Reject, RejectBody, Welcome, WelcomeBody } from "../frame.js"
import * as Kind from "../kind.js"
import {
  areLimits,
  fields,
  isBoolean,
  isInt,
  isRange,
  listOf,
  oneOf,
  optional,
  text,
  token,
} from "../shape.js"
import { type FrameReader, frameReader } from "./frame-reader.js"
import { loneMessage, readLone } from "./lone-message.js"

/** Offered last, so that a server which speaks none of the others can say why it refuses. */
export const rejectSubprotocol = "trunkline.reject"

const read: FrameReader<Welcome | Reject> = frameReader({
  [Kind.WELCOME]: [
    fields({
      sid: token(64),
      secret: optional(token(64)),
      resumed: isBoolean,
      why: optional(text(32)),
      prior: optional(fields({ rx: isInt })),
      rx: isInt,
      subject: token(64),
      keys: optional(fields({ epoch: token(64), ttlMs: isInt })),
      limits: areLimits,
      hb: isInt,
      grace: isInt,
      exp: optional(isInt),
      caps: listOf(text(32), 32),
    }),
  ],
  [Kind.REJECT]: [
    fields({
      code: oneOf("version", "origin", "forbidden", "auth", "busy", "draining"),
      message: text(200),
      why: optional(text(32)),
      prior: optional(fields({ rx: isInt })),
      retryAfterMs: optional(isRange),
      supported: optional(listOf(text(64), 32)),
    }),
  ],
})

export function welcomeMessage(codec: Codec, body: WelcomeBody): Encoded {
  return loneMessage(codec, Kind.WELCOME, body)
}

export function rejectMessage(codec: Codec, body: RejectBody): Encoded {
  return loneMessage(codec, Kind.REJECT, body)
}

/** The first message of a server. `undefined`: it is neither of the two, and the socket closes 4400. */
export function readAnswer(codec: Codec, wire: Encoded): Welcome | Reject | undefined {
  return readLone(codec, wire, read)
}
