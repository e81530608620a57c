import type { RejectCode } from "./frame.js"
import { closeReasonBytes } from "./limits.js"

/* WebSocket close codes of ours (docs/protocol.md, "Close codes"). */

/** After BYE; by a client also of a socket that it needs no more. */
export const NORMAL = 1000
/** The server gives up a silent socket, or closes before there is a session. */
export const GOING_AWAY = 1001
/** Never sent: what a socket that died without a close frame reports. */
export const ABNORMAL = 1006
/** A binary message on a text codec, or the other way round. */
export const UNSUPPORTED_DATA = 1003
/** Text that is no UTF-8. */
export const INVALID_DATA = 1007
/** A message over `messageBytesOnWire`. */
export const TOO_BIG = 1009
/** A client leaves and the session stays: the page is suspended, the socket was silent. */
export const SUSPENDING = 4001
/** Anything that this page forbids and gives no other code. */
export const PROTOCOL = 4400
/** The token is missing, wrong or used up. */
export const UNAUTHORIZED = 4401
/** This origin or this client may not connect. */
export const FORBIDDEN = 4403
/** No subprotocol in common. */
export const VERSION = 4406
/** HELLO or its authentication took too long. */
export const LATE = 4408
/** Another socket of this session took over, or made a later attempt. */
export const SUPERSEDED = 4409
/** More frames in a message than a receiver tolerates, more in a second than a server lets through, or
 * more asked than answers were taken. */
export const TOO_MANY = 4429
/** The server takes no new sessions now. */
export const BUSY = 4503

/** What a client does after its socket closed (docs/protocol.md, "Close codes"). */
export type Recovery =
  /** The session lives: try again with backoff. */
  | "resume"
  /** The same, with a new token. */
  | "authenticate"
  /** The session is over: a fresh one, with backoff. */
  | "renew"
  /** The session is over because of what we sent. */
  | "breach"
  /** Another socket of this session took over. */
  | "superseded"
  /** Nothing more to try. */
  | "give-up"

/** Codes that are not listed, and sockets that died without one (1005, 1006), resume. */
const recoveries: Readonly<Record<number, Recovery>> = {
  [UNSUPPORTED_DATA]: "breach",
  [INVALID_DATA]: "breach",
  [TOO_BIG]: "breach",
  [PROTOCOL]: "breach",
  [UNAUTHORIZED]: "authenticate",
  [FORBIDDEN]: "give-up",
  [VERSION]: "give-up",
  [SUPERSEDED]: "superseded",
  [TOO_MANY]: "renew",
}

export function recoveryOf(code: number): Recovery {
  return recoveries[code] ?? "resume"
}

/** The close code that goes with a REJECT; it decides when the socket's own code was lost. */
export const rejectCloseCodes: Readonly<Record<RejectCode, number>> = {
  version: VERSION,
  origin: FORBIDDEN,
  forbidden: FORBIDDEN,
  auth: UNAUTHORIZED,
  busy: BUSY,
  draining: BUSY,
}

/** Cuts a close reason to what a close frame holds, between characters. */
export function closeReason(reason: string): string {
  let bytes = 0
  let end = 0
  for (const character of reason) {
    const point = character.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes > closeReasonBytes) return reason.slice(0, end)
    end += character.length
  }
  return reason
}
