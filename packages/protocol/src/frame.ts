import type * as Kind from "./kind.js"

/**
 * The whole wire on one screen: every frame that may travel (docs/protocol.md, "Frames").
 *
 * A WebSocket message is `[first, ack, …frames]`. With `first = 0` it is a *control message*: kinds
 * below 15, bound to this socket, never sent again. With `first > 0` every frame takes one number,
 * `first`, `first + 1`, …, is acknowledged, and is sent again after a resume until it is.
 */

export type Hello = readonly [typeof Kind.HELLO, HelloBody]
export type Welcome = readonly [typeof Kind.WELCOME, WelcomeBody]
export type Reject = readonly [typeof Kind.REJECT, RejectBody]
export type Ping = readonly [typeof Kind.PING, number: number]
export type Pong = readonly [typeof Kind.PONG, number: number]
export type GoAway = readonly [typeof Kind.GOAWAY, GoAwayBody]
export type Auth = readonly [typeof Kind.AUTH, token: string]
export type AuthOk = readonly [typeof Kind.AUTH_OK, { readonly exp?: number | null }]
export type Bye = readonly [typeof Kind.BYE, { readonly reason: string }]
export type ControlFrame = Hello | Welcome | Reject | Ping | Pong | GoAway | Auth | AuthOk | Bye

export type Part = readonly [typeof Kind.PART, id: number, more: number, slice: string | Uint8Array]
export type Result = readonly [typeof Kind.RESULT, id: number, value?: unknown]
export type ErrorFrame = readonly [
  typeof Kind.ERROR,
  id: number,
  code: string,
  executed: Executed,
  message?: string | null,
  data?: unknown,
]
export type Cancel = readonly [typeof Kind.CANCEL, id: number, reason?: string | null]
export type Open = readonly [
  typeof Kind.OPEN,
  id: number,
  path: string,
  input?: unknown,
  credit?: number | null,
  meta?: Meta | null,
]
export type Item = readonly [typeof Kind.ITEM, id: number, value: unknown, cursor?: string | null]
export type End = readonly [typeof Kind.END, id: number]
export type Credit = readonly [typeof Kind.CREDIT, id: number, upTo: number]
export type Event = readonly [typeof Kind.EVENT, path: string, input?: unknown]
export type Note = readonly [typeof Kind.NOTE, id: number, what: string, data?: unknown]
export type Items = readonly [
  typeof Kind.ITEMS,
  id: number,
  values: readonly unknown[],
  cursors?: readonly string[] | null,
]
export type SequencedFrame =
  | Part
  | Result
  | ErrorFrame
  | Cancel
  | Open
  | Item
  | End
  | Credit
  | Event
  | Note
  | Items

export type Frame = ControlFrame | SequencedFrame

/** Whether a handler was entered: `no` and `yes` are never wrong, `unknown` is honest (guarantee G4). */
export type Executed = "no" | "yes" | "unknown"

/** What the side that states it accepts; the other side keeps to it when it encodes. */
export interface Limits {
  /**
   * Units that may be numbered and not yet acknowledged.
   * @default 262_144
   */
  readonly window: number
  /**
   * Calls open at a time.
   * @default 256
   */
  readonly calls: number
  /**
   * Streams open at a time.
   * @default 1_024
   */
  readonly streams: number
  /**
   * Units of one frame, whole or joined from its parts.
   * @default 1_048_576
   */
  readonly messageBytes: number
}

export interface Resume {
  readonly sid: string
  readonly secret: string
  /** Numbers this session's resumes from 1, so that a late HELLO of an abandoned socket is harmless. */
  readonly attempt: number
  /** Highest number applied from the peer. */
  readonly rx: number
  /** Highest number given to a frame. */
  readonly tx: number
  /** The session is over here; the answer is wanted only for its `prior`. */
  readonly end?: boolean | null
}

export interface HelloBody {
  readonly auth?: string | null
  readonly caps: readonly string[]
  readonly client: string
  readonly instance: string
  /** Fingerprint of the client's contract; a difference is logged, never refused. */
  readonly contract?: string | null
  readonly limits: Limits
  readonly resume?: Resume | null
}

/** Why a session could not be resumed (docs/protocol.md, "Attach"). */
export type Why =
  | "unknown"
  | "expired"
  | "overflow"
  | "principal"
  | "counters"
  | "protocol"
  | "ended"

/** How far a server's idempotency keys can be relied upon. */
export interface KeyTerms {
  /** Changes whenever records may have been lost. */
  readonly epoch: string
  /** Milliseconds for which a record is certainly kept, with something to spare. */
  readonly ttlMs: number
}

export interface WelcomeBody {
  readonly sid: string
  /** Present exactly when the session is new. */
  readonly secret?: string | null
  readonly resumed: boolean
  readonly why?: Why | null
  /** What the lost session had applied; proves which of its frames never arrived. */
  readonly prior?: { readonly rx: number } | null
  readonly rx: number
  /** An opaque tag of the principal, equal on all nodes. */
  readonly subject: string
  readonly keys?: KeyTerms | null
  readonly limits: Limits
  /** Milliseconds of silence after which the server pings. */
  readonly hb: number
  /** Milliseconds that a detached session is kept. */
  readonly grace: number
  /** Milliseconds that the token has left. */
  readonly exp?: number | null
  readonly caps: readonly string[]
}

export type RejectCode = "version" | "origin" | "forbidden" | "auth" | "busy" | "draining"

export interface RejectBody {
  readonly code: RejectCode
  /** With `draining`: as in WELCOME, of a session that is over. */
  readonly why?: Why | null
  readonly prior?: { readonly rx: number } | null
  readonly message: string
  readonly retryAfterMs?: readonly [min: number, max: number] | null
  readonly supported?: readonly string[] | null
}

export interface GoAwayBody {
  readonly reason: string
  readonly deadlineMs: number
  readonly retryAfterMs?: readonly [min: number, max: number] | null
}

/** What an OPEN says beside its input; written when it is numbered. */
export interface Meta {
  /** Milliseconds that the caller still waits. */
  readonly d?: number | null
  /** An earlier attempt may have been entered: the callee applies the loss table. */
  readonly u?: 1 | null
  /** Only with `u`. Id of the first attempt in doubt: with HELLO.instance, the call's idempotency key. */
  readonly k?: number | null
  /** Re-issues so far; for logs. */
  readonly a?: number | null
  /** W3C traceparent. */
  readonly t?: string | null
  /** Start after this cursor. */
  readonly f?: string | null
}
