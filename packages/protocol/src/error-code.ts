import type { Executed } from "./frame.js"

/**
 * The reserved error codes (docs/protocol.md, "Reserved error codes"): who raises them and what they
 * mean to the reader of a log. A contract may not declare any of these names.
 */
export const errorCodes = {
  NOT_FOUND: "No procedure has this path.",
  VALIDATION: "The input, an item or the result does not fit the contract's schema.",
  UNAUTHORIZED: "The caller is not authenticated.",
  FORBIDDEN: "The caller may not do this.",
  REFUSED: "The server is draining and took no new work.",
  BUSY: "A limit of the other side is reached.",
  UNAVAILABLE: "Something the procedure needs is out of reach.",
  TOO_LARGE: "The value is larger than the other side accepts.",
  UNENCODABLE: "The value cannot be written on the wire.",
  OFFLINE_QUEUE_FULL: "Too many calls wait for the connection.",
  CLOSED: "The connection was closed, or nothing more is sent here.",
  TIMEOUT: "The caller's deadline has passed.",
  CANCELLED: "The caller cancelled.",
  OUTCOME_UNKNOWN: "The session was lost while the call may have been running.",
  RESULT_LOST: "The result was dropped: too large to keep until the line is back.",
  SLOW_CONSUMER: "The reader is too slow for a source that cannot wait.",
  GAP: "Items were lost beyond repair.",
  STREAM_LOST: "The session was lost and the stream cannot continue.",
  PRINCIPAL_CHANGED: "The session was lost and another user is logged in now.",
  PROTOCOL: "The other side refused the frame that carried this call.",
  KEY_REUSED: "The idempotency key was used with another input.",
  INTERNAL: "The handler failed.",
} as const

export type ReservedCode = keyof typeof errorCodes

/** A failure as it travels: what an ERROR frame says, and what a caller makes of a lost session. */
export interface Failure {
  readonly code: string
  readonly executed: Executed
  readonly message?: string | undefined
  readonly data?: unknown
}

/**
 * Codes that, together with `executed: "no"`, license the one automatic retry: the callee proves that
 * it did nothing.
 */
export function licensesRetry(failure: Failure): boolean {
  return (
    failure.executed === "no" &&
    (failure.code === "REFUSED" || failure.code === "BUSY" || failure.code === "UNAVAILABLE")
  )
}
