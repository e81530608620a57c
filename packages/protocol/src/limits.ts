import type { Limits } from "./frame.js"

/** What either side accepts unless its options say otherwise. */
export const defaultLimits: Limits = {
  window: 262_144,
  calls: 256,
  streams: 1_024,
  messageBytes: 1_048_576,
}

/** The smallest window a peer may state: below it one message would not fit. */
export const windowFloor = 16_384

/*
 * What follows belongs to the protocol and is not negotiated (docs/protocol.md, "Limits").
 * *Units* are UTF-16 units on json and bytes on msgpack: what `.length` says for free.
 */

/** A correct HELLO fits in this many units; it arrives before we know who speaks. */
export const helloUnits = 16_384
/** A frame's envelope around a payload of `messageBytes`. */
export const envelopeUnits = 1_024
/** A correct sender closes a message here, so that its UTF-8 stays under `messageBytesOnWire`. */
export const messageUnits = 65_536
export const messageFrames = 256
/** What a receiver tolerates in one message: twice what a correct sender puts there. */
export const messageFramesAccepted = 512
/** The socket's own limit on one message, in bytes. */
export const messageBytesOnWire = 262_144
export const partUnits = 32_768
/** Values in one ITEMS. */
export const runLength = 1_024
/** Nesting of arrays and objects in a payload. */
export const depth = 64
/** The path of a procedure. */
export const pathUnits = 256
export const errorCodeUnits = 64
export const errorMessageUnits = 2_000
/** Bytes of a close reason, so that the close frame stays a control frame. */
export const closeReasonBytes = 123

/** Units that one stream may send in its turn of the round robin. */
export const turnUnits = 16_384
/** Units of replies and opens after which the streams get a turn. */
export const fifoUnits = 65_536
/** Re-issues of one call or stream since its callee last answered. */
export const reissues = 5

/** Frames not yet acknowledged that call for a message of their own. */
export const ackFrames = { server: 32, client: 256 } as const

/** Credit windows of a stream's receiver, in items. Of a lossy stream so many may be stale. */
export const creditWindow = { every: 256, conflate: 64, latest: 2 } as const

/** Values received and not yet taken by the application, all streams of a session, in units. */
export const receiveUnits = 4_194_304
/** Results that wait while no socket is attached, in units. */
export const waitingResultUnits = 1_048_576
/** Values of a source that cannot be paused, waiting in one stream. */
export const pushItems = 256
export const pushUnits = 262_144
/** Keys that a conflating stream holds at a time, and their values in units. */
export const conflatedKeys = 65_536
export const conflatedUnits = 4_194_304
/** Values of a stream that wait to be sent, in units: above it a source that can wait does. */
export const backlogUnits = 262_144
/** Opens that wait at the caller, offline or because `calls` are open. */
export const waitingOpens = 1_000
export const waitingOpenUnits = 1_048_576
