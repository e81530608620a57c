/**
 * The first message of a socket and its answer (docs/protocol.md, "Attach"). Each travels alone, in a
 * control message of its own, before there is a session to number anything.
 */

import type { Codec, Encoded } from "./codec.js"
import type { Hello, HelloBody, Reject, RejectBody, Welcome, WelcomeBody } from "./frame.js"
import * as Kind from "./kind.js"
import { helloUnits } from "./limits.js"
import { readFrame } from "./read-frame.js"
import { Violation } from "./violation.js"

/** Offered last, so that a server which speaks none of the others can say why it refuses. */
export const rejectSubprotocol = "trunkline.reject"

export function helloMessage(codec: Codec, body: HelloBody): Encoded {
  return message(codec, Kind.HELLO, body)
}

export function welcomeMessage(codec: Codec, body: WelcomeBody): Encoded {
  return message(codec, Kind.WELCOME, body)
}

export function rejectMessage(codec: Codec, body: RejectBody): Encoded {
  return message(codec, Kind.REJECT, body)
}

/** The first message of a client. `undefined`: it is no HELLO, and the socket closes 4400. */
export function readHello(codec: Codec, wire: Encoded): Hello | undefined {
  if (wire.length > helloUnits) return undefined
  const frame = readLone(codec, wire)
  return frame?.[0] === Kind.HELLO ? frame : undefined
}

/** The first message of a server. `undefined`: it is neither of the two. */
export function readAnswer(codec: Codec, wire: Encoded): Welcome | Reject | undefined {
  const frame = readLone(codec, wire)
  return frame?.[0] === Kind.WELCOME || frame?.[0] === Kind.REJECT ? frame : undefined
}

function message(codec: Codec, kind: number, body: unknown): Encoded {
  return codec.array([0, 0, codec.array([kind, codec.encode(body)])])
}

function readLone(codec: Codec, wire: Encoded): ReturnType<typeof readFrame> {
  try {
    const { value, revive } = codec.decode(wire)
    const lone = Array.isArray(value) && value.length === 3 && value[0] === 0 && value[1] === 0
    return lone ? readFrame(value[2], revive) : undefined
  } catch (error) {
    if (error instanceof Violation) return undefined
    throw error
  }
}
