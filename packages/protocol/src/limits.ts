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
/** A larger window is not believed: whoever states it says how much is kept for it here (G5). */
export const windowCeiling = 16_777_216

/*
 * What follows belongs to the protocol and is not negotiated (docs/protocol.md, "Limits").
 * *Units* are UTF-16 units on json and bytes on msgpack: what `.length` says for free.
 */

/** The whole message with a HELLO; it arrives before we know who speaks. */
export const helloUnits = 16_384
/** The token in a HELLO. */
export const tokenUnits = 8_192
/** The contract's fingerprint in a HELLO. */
export const fingerprintUnits = 64
/** What a frame may have around a payload of `messageBytes`. */
export const envelopeUnits = 1_024
/** Frames of one message: it is closed here, so that its UTF-8 stays under `messageBytesOnWire`. */
export const messageUnits = 65_536
/** Frames in one message, as a sender fills it. */
export const messageFrames = 256
/** Frames in one message that a receiver tolerates: twice what a correct sender puts there. */
export const messageFramesAccepted = 512
/** One message in bytes, which the socket itself watches over. */
export const messageBytesOnWire = 262_144
/** The slice in one PART, before it is written as a string. */
export const partUnits = 32_768
/** Values in one ITEMS. */
export const runLength = 1_024
/** Nesting of arrays and objects in a payload. */
export const depth = 64
/** The path of a procedure. */
export const pathUnits = 256
/** The code of an ERROR. */
export const errorCodeUnits = 64
/** The message of an ERROR. */
export const errorMessageUnits = 2_000
/** Bytes of a close reason, so that the close frame stays a control frame. */
export const closeReasonBytes = 123

/** What one stream may send in its turn of the round robin. */
export const turnUnits = 16_384
/** Replies and opens in a row, after which the streams get a turn. */
export const fifoUnits = 65_536
/** Re-issues of one call or stream since its callee last answered. */
export const reissues = 5

/** Frames not yet acknowledged that call for a message of their own. What a server with many readers
 * keeps of each costs its garbage collector more than an acknowledgement now and then. */
export const ackFrames = { server: 32, client: 64 } as const

/** What one session may do in a second, and twice as much at once, unless `serve` says otherwise. */
export const rates = { events: 1_000, cancels: 1_000, pings: 10 } as const

/** Credit windows of a stream's receiver, in items. Of a lossy stream so many may be stale. */
export const creditWindow = { every: 256, topic: 1_024, conflate: 64, latest: 2 } as const
/** Values of one stream that wait to be sent, or that its reader has not taken as far as the sender knows:
 * above it a source that can wait does, and none is sent. */
export const streamUnits = 131_072

/** Received and not yet taken: all streams of a session, and frames of which parts are missing. */
export const receiveUnits = 4_194_304
/** Answers that may wait for their number while the other side acknowledges none: above it the session ends. */
export const waitingAnswers = 65_536
/** Their size, above which new calls and streams are `BUSY`. */
export const waitingAnswerUnits = 4_194_304
/** Results that wait while no socket is attached, all of a session. */
export const waitingResultUnits = 1_048_576
/** Keyed calls of a server that run on when their sessions are over; beyond it they are aborted as others are. */
export const orphanedCalls = 4_096
/** Values of a source that cannot be paused, waiting in one stream. */
export const pushItems = 256
/** The same, in units. */
export const pushUnits = 262_144
/** Keys that a conflating stream holds at a time. */
export const conflatedKeys = 65_536
/** Their values. */
export const conflatedUnits = 4_194_304
/** Values of all streams of a session that wait to be sent: above it every source that can wait does, and
 * of the others those end that hold more than `turnUnits`. */
export const waitingItemUnits = 8_388_608
/** Handlers that run for one session, those that nobody waits for any more included. */
export const handlers = 512
/** Events of one session whose handlers have not come to their end: what may come at once, and what a line
 * that was down had waiting. Above it they are dropped. */
export const runningEvents = 2_048
/** Opens that wait at the caller while it is offline, unless `connect` says otherwise. */
export const waitingOpens = 1_000
/** As many more wait with a line as the other side takes at a time, but whatever it states no more than this. */
export const placesCeiling = 65_536
/** Their inputs. */
export const waitingOpenUnits = 1_048_576
