import type { Codec, Encoded } from "../codec/codec.js"
import type { Hello, HelloBody } from "../frame.js"
import * as Kind from "../kind.js"
import { fingerprintUnits, helloUnits, tokenUnits } from "../limits.js"
import {
  areLimits,
  fields,
  isBoolean,
  isId,
  isInt,
  listOf,
  optional,
  text,
  token,
} from "../shape.js"
import { type FrameReader, frameReader } from "./frame-reader.js"
import { readLone } from "./lone-message.js"

const resume = fields({
  sid: token(64),
  secret: token(64),
  attempt: isId,
  rx: isInt,
  tx: isInt,
  end: optional(isBoolean),
})

const read: FrameReader<Hello> = frameReader({
  [Kind.HELLO]: [
    fields({
      auth: optional(text(tokenUnits)),
      caps: listOf(text(32), 32),
      client: text(64),
      instance: token(64),
      contract: optional(text(fingerprintUnits)),
      limits: areLimits,
      resume: optional(resume),
    }),
  ],
})

/** The first message of a client. `undefined`: it is no HELLO, and the socket closes 4400. */
export function readHello(codec: Codec, wire: Encoded): HelloBody | undefined {
  return wire.length > helloUnits ? undefined : readLone(codec, wire, read)?.[1]
}
