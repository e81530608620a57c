/**
 * From what a codec found to frames (docs/protocol.md, "Frames"). Total: whatever a peer sends ends as
 * a frame of the right shape or as a Violation, and a violation touches no frame before it.
 */
import type { Decoded } from "./codec.js"
import type { Frame } from "./frame.js"
import * as Kind from "./kind.js"
import { runLength, windowFloor } from "./limits.js"
import {
  fields,
  isBoolean,
  isFlag,
  isId,
  isInt,
  listOf,
  oneOf,
  optional,
  type Shape,
  text,
  token,
} from "./shape.js"
import { Violation } from "./violation.js"

/** A payload has any shape; it is revived instead of checked. */
const payload: Shape = () => true
/** A list of payloads. */
const payloads: Shape = (value) =>
  Array.isArray(value) && value.length >= 1 && value.length <= runLength

const cursor = token(64)
const range: Shape = (value) =>
  listOf(isInt, 2)(value) && Array.isArray(value) && value[0] <= value[1]
const limits = fields({
  window: (value) => isInt(value) && Number(value) >= windowFloor,
  calls: isInt,
  streams: isInt,
  messageBytes: isInt,
})
const meta = fields({
  d: optional(isInt),
  u: optional(oneOf(1)),
  k: optional(isId),
  a: optional(isInt),
  t: optional(text(64)),
  f: optional(cursor),
})

const hello = fields({
  auth: optional(text(8_192)),
  caps: listOf(text(32), 32),
  client: text(64),
  instance: token(64),
  contract: optional(text(64)),
  limits,
  resume: optional(
    fields({
      sid: token(64),
      secret: token(64),
      attempt: isId,
      rx: isInt,
      tx: isInt,
      end: optional(isBoolean),
    }),
  ),
})
const welcome = fields({
  sid: token(64),
  secret: optional(token(64)),
  resumed: isBoolean,
  why: optional(text(32)),
  prior: optional(fields({ rx: isInt })),
  rx: isInt,
  subject: token(64),
  keys: optional(fields({ epoch: token(64), ttlMs: isInt })),
  limits,
  hb: isInt,
  grace: isInt,
  exp: optional(isInt),
  caps: listOf(text(32), 32),
})
const reject = fields({
  code: oneOf("version", "origin", "forbidden", "auth", "busy", "draining"),
  message: text(200),
  retryAfterMs: optional(range),
  supported: optional(listOf(text(64), 32)),
})

/** The fields of each kind, after the kind itself. */
const shapes: Readonly<Record<number, readonly Shape[]>> = {
  [Kind.HELLO]: [hello],
  [Kind.WELCOME]: [welcome],
  [Kind.REJECT]: [reject],
  [Kind.PING]: [isInt],
  [Kind.PONG]: [isInt],
  [Kind.GOAWAY]: [fields({ reason: text(64), deadlineMs: isInt, retryAfterMs: optional(range) })],
  [Kind.AUTH]: [text(8_192)],
  [Kind.AUTH_OK]: [fields({ exp: optional(isInt) })],
  [Kind.BYE]: [fields({ reason: text(64) })],
  [Kind.PART]: [isId, isFlag, payload],
  [Kind.RESULT]: [isId, payload],
  [Kind.ERROR]: [isId, text(64), oneOf("no", "yes", "unknown"), optional(text(2_000)), payload],
  [Kind.CANCEL]: [isId, optional(text(64))],
  [Kind.OPEN]: [isId, text(256), payload, optional(isInt), optional(meta)],
  [Kind.ITEM]: [isId, payload, optional(cursor)],
  [Kind.END]: [isId],
  [Kind.CREDIT]: [isId, isInt],
  [Kind.EVENT]: [text(256), payload],
  [Kind.NOTE]: [isId, text(32), payload],
  [Kind.ITEMS]: [isId, payloads, optional(listOf(cursor, runLength))],
}

/**
 * Checks one element of a message and revives its payloads in place. `undefined` for an unknown kind
 * that may be ignored. Throws a Violation.
 */
export function readFrame(raw: unknown, revive: Decoded["revive"]): Frame | undefined {
  if (!Array.isArray(raw) || !isInt(raw[0])) throw new Violation("a frame that is none")
  const shape = shapes[raw[0]]
  if (shape) {
    if (!conforms(raw, shape)) throw new Violation(`a malformed frame ${raw[0]}`)
    if (revive) revivePayloads(raw, shape, revive)
    return raw
  }
  if (raw[0] < Kind.FIRST_IGNORABLE) throw new Violation(`unknown frame ${raw[0]}`)
  return undefined
}

/** The one place where the table above vouches for the types of frame.ts. */
function conforms(raw: readonly unknown[], shape: readonly Shape[]): raw is Frame {
  for (let index = 0; index < shape.length; index++) {
    if (!shape[index]?.(raw[index + 1])) return false
  }
  return true
}

function revivePayloads(
  raw: unknown[],
  shape: readonly Shape[],
  revive: NonNullable<Decoded["revive"]>,
): void {
  for (let index = 0; index < shape.length; index++) {
    const value: unknown = raw[index + 1]
    if (shape[index] === payload) raw[index + 1] = revive(value)
    else if (shape[index] === payloads && Array.isArray(value)) {
      for (let item = 0; item < value.length; item++) value[item] = revive(value[item])
    }
  }
}
