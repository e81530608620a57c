/** One call or stream inside a session, as the side that opened it and the side that serves it hold it. */
import type { Encoded } from "../codec/codec.js"
import type { Failure } from "../error-code.js"
import type { Inflow } from "../flow/inflow.js"
import type { Lane, LaneOwner } from "../flow/lane.js"
import type { Numbered, Opener } from "../flow/outbox.js"
import type { LineEntry } from "../flow/sender.js"
import type { Meta } from "../frame.js"
import { envelopeUnits, messageUnits } from "../limits.js"
import type { Moves } from "../table.js"
import type { Doubt, Moment } from "./doubt.js"
import type { Rostered } from "./roster.js"

/** What a channel carries besides its input: the path decides, at the callee. */
export type Kind = "call" | "subscription" | "upload" | "duplex"

export type ChannelState =
  | "queued"
  | "open"
  /** Our END was sent. */
  | "finished"
  /** The other side's END has arrived. */
  | "heard"
  /** The caller stopped waiting. */
  | "cancelled"
  /** The same, behind its END: if the callee's END is on its way both directions have ended. */
  | "withdrawn"
  | "closed"
export type ChannelEvent =
  /** Its OPEN got a number. */
  | "number"
  /** Our END was sent. */
  | "finish"
  /** The other side's END arrived, and ours is still to come. */
  | "hear"
  /** The caller stopped waiting. */
  | "giveUp"
  /** The session was lost; the channel goes into the next one. */
  | "lose"
  /** The terminal frame. */
  | "end"

export const channelMoves: Moves<ChannelState, ChannelEvent> = {
  queued: { number: "open", giveUp: "closed", lose: "queued", end: "closed" },
  open: { finish: "finished", hear: "heard", giveUp: "cancelled", lose: "queued", end: "closed" },
  finished: { hear: "closed", giveUp: "withdrawn", lose: "queued", end: "closed" },
  heard: { finish: "closed", giveUp: "cancelled", lose: "queued", end: "closed" },
  cancelled: { hear: "cancelled", end: "closed" },
  withdrawn: { hear: "closed", end: "closed" },
  closed: {},
}

/** How a channel ended for its caller: exactly once (S4). */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure }

/** Told by the driver what became of a channel; the session itself calls none of it. */
export interface CallerSide {
  settled(outcome: Outcome): void
  /** The inflow holds something new, or has ended. */
  readable?(): void
  /** Items may be sent again. */
  writable?(): void
}

/** Why a callee's channel ends before its handler does. */
export type Leaving = "CANCELLED" | "TIMEOUT" | "CLOSED" | "SLOW_CONSUMER"

export interface CalleeSide {
  /** The caller is gone, or the session: nobody wants the outcome. Or the handler was too slow. */
  cancelled(code: Leaving): void
  /** The inflow holds something new, or has ended. */
  readable?(): void
  /** Items may be sent again. */
  writable?(): void
}

/** What a caller says when it opens a channel. */
export interface OpenRequest {
  readonly path: string
  /** Already encoded; left out when it is `undefined`. */
  readonly input: Encoded | undefined
  /** What the caller takes the procedure for; undefined: what comes back decides. */
  readonly kind: Kind | undefined
  /** When the caller stops waiting, on the host's clock; Infinity for never. */
  readonly deadline: number
  /** The callee is told of the deadline, so that it stops by itself when the line is down. */
  readonly tellDeadline: boolean
  /** Start after this cursor. */
  readonly from: string | undefined
}

/** Follows one call or stream from its beginning to its end. */
export interface Observation {
  /** Of a caller's: what the callee is told of the trace that it belongs to. At most 64 units. */
  readonly traceparent?: string | undefined
  /** Of a callee's: runs the handler's code, its generator's included, in a context for instance. */
  run?<T>(code: () => T): T
  /** Its outcome stands, undefined if all went well. Called once; it must not throw. */
  ended(failure: Failure | undefined): void
}

/** Who numbers an OPEN, and hears what becomes of what follows it. */
export interface OpenWriter {
  write(channel: OpenedChannel): Numbered | undefined
  /** Its OPEN has been numbered whole. */
  opened(channel: OpenedChannel): void
  /** Its END has been numbered. */
  laneClosed(channel: OpenedChannel): void
}

/** A channel of ours: we are its caller. */
export class OpenedChannel implements Opener, LineEntry, LaneOwner, Rostered {
  /** Given when its OPEN is numbered, never before; 0 until then. */
  id = 0
  state: ChannelState = "queued"
  kind: Kind | undefined
  /** The number of its OPEN in the current session; 0 while that is not numbered whole. */
  number = 0
  /** When its OPEN was numbered last, where the callee keeps keys. */
  numberedAt: Moment | undefined
  doubt: Doubt | undefined
  observation: Observation | undefined
  /** Times that it was issued again since its callee last answered with anything but a licence to retry. */
  reissues = 0
  /** When it may be issued again; 0 unless it waits for that. */
  retryAt = 0
  readonly isPaced = true
  inLine = false
  hasPlace = false
  /** A CANCEL has been sent for it. */
  cancelSent = false
  /** What the first allowance of a re-issued stream is. */
  credit: number | undefined
  /** Where the stream starts; a re-issue starts after what the consumer has. */
  from: string | undefined
  inflow: Inflow | undefined
  /** Of an upload or a duplex. */
  lane: Lane | undefined
  /** Its place among all that were opened. */
  order = 0
  at = 0
  roster: object | undefined
  earlier: this | undefined
  later: this | undefined
  writer: OpenWriter | undefined
  /** In the codec of its session. */
  input: Encoded | undefined
  readonly request: OpenRequest
  readonly user: CallerSide

  constructor(request: OpenRequest, user: CallerSide) {
    this.request = request
    this.kind = request.kind
    this.input = request.input
    this.from = request.from
    this.user = user
  }

  get gone(): boolean {
    return this.state === "cancelled" || this.state === "withdrawn" || this.state === "closed"
  }

  get ready(): boolean {
    return this.number > 0
  }

  /** Until an answer tells, whatever is no known stream counts as a call. */
  get countsAsCall(): boolean {
    return this.kind === "call" || this.kind === undefined
  }

  /** What it yields are items. */
  get isStream(): boolean {
    return this.kind === "subscription" || this.kind === "duplex"
  }

  /** What it sends are items. */
  get sendsItems(): boolean {
    return this.kind === "upload" || this.kind === "duplex"
  }

  get units(): number {
    return this.input?.length ?? 0
  }

  get isLarge(): boolean {
    return this.units + envelopeUnits > messageUnits
  }

  opened(number: number): void {
    this.number = number
    this.writer?.opened(this)
  }

  replaced(): void {
    this.cancelSent = true
  }

  write(): Numbered | undefined {
    return this.writer?.write(this)
  }

  laneBegun(): void {}

  laneClosed(): void {
    this.writer?.laneClosed(this)
  }
}

/** What a channel of theirs needs of whoever serves it. */
export interface ChannelServer {
  /** It is closed. */
  forget(channel: AcceptedChannel): void
  /** Its caller may send items. */
  grant(channel: AcceptedChannel): void
}

/** A channel of theirs: we serve it. */
export class AcceptedChannel implements LaneOwner, Rostered {
  state: ChannelState = "open"
  kind: Kind | undefined
  /** A handler's own ERROR waits behind its items. If the caller leaves, it stays the outcome. */
  failure: Failure | undefined
  /** Should the session end, its caller may begin it anew and nothing is lost by that. */
  renewable = false
  /** When the caller stops waiting, on our clock. */
  deadline: number = Number.POSITIVE_INFINITY
  lane: Lane | undefined
  /** Of an upload or a duplex. */
  inflow: Inflow | undefined
  at = 0
  roster: object | undefined
  earlier: this | undefined
  later: this | undefined
  user: CalleeSide | undefined
  readonly id: number
  readonly path: string
  /** When its OPEN arrived, on our clock. */
  readonly openedAt: number
  readonly input: unknown
  /** The first allowance that the caller states. */
  readonly credit: number | undefined
  readonly meta: Meta | undefined
  readonly #server: ChannelServer

  constructor(
    open: {
      readonly id: number
      readonly path: string
      readonly input: unknown
      readonly credit: number | undefined
      readonly meta: Meta | undefined
    },
    now: number,
    server: ChannelServer,
  ) {
    this.id = open.id
    this.path = open.path
    this.openedAt = now
    this.input = open.input
    this.credit = open.credit
    this.meta = open.meta
    this.#server = server
  }

  get ready(): boolean {
    return true
  }

  get gone(): boolean {
    return this.state === "closed"
  }

  /** Its `at` has left, so its caller may be told of credit. */
  laneBegun(): void {
    this.#server.grant(this)
  }

  /** An ERROR and a subscription's END are terminal; a duplex goes on until both directions ended. */
  laneClosed(): void {
    const terminal = this.failure !== undefined || this.kind !== "duplex"
    move(this, terminal ? "end" : "finish")
    if (this.state === "closed") this.#server.forget(this)
  }
}

/** `false`: the event cannot happen in the channel's state, and nothing changed. */
export function move(channel: { state: ChannelState }, event: ChannelEvent): boolean {
  const next = channelMoves[channel.state][event]
  if (next === undefined) return false
  channel.state = next
  return true
}
