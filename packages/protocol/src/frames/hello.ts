import type { Codec, Encoded } from "../codec/codec.js"
import type { HelloBody } from "../frame.js"
import * as Kind from "../kind.js"
import { loneMessage } from "./lone-message.js"

/** The first message of a client. */
export function helloMessage(codec: Codec, body: HelloBody): Encoded {
  return loneMessage(codec, Kind.HELLO, body)
}
