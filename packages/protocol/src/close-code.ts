import type { RejectCode } from "./frame.js"
import { closeReasonBytes } from "./limits.js"

/* WebSocket close codes of ours (docs/protocol.md, "Close codes"). */

export const NORMAL = 1000
export const GOING_AWAY = 1001
/** Never sent: what a socket that died without a close frame reports. */
export const ABNORMAL = 1006
export const UNSUPPORTED_DATA = 1003
export const INVALID_DATA = 1007
export const TOO_BIG = 1009
/** Sent by a client about to be suspended; the session stays. */
export const SUSPENDING = 4001
export const PROTOCOL = 4400
export const UNAUTHORIZED = 4401
export const FORBIDDEN = 4403
export const VERSION = 4406
/** HELLO or its authentication took too long. */
export const LATE = 4408
export const SUPERSEDED = 4409
export const TOO_MANY = 4429
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
