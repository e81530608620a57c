import type { Failure, ReservedCode } from "../error-code.js"
import { Inflow } from "../flow/inflow.js"
import type { SequencedFrame } from "../frame.js"
import { failureOf } from "../frames/error-frame.js"
import * as Kind from "../kind.js"
import { creditWindow } from "../limits.js"
import { isCursor, isId } from "../shape.js"
import { Violation } from "../violation.js"
import { type Kind as ChannelKind, move, type OpenedChannel, type Outcome } from "./channel.js"
import type { Context } from "./context.js"
import type { OpenLine } from "./open-line.js"
import { layWayUp } from "./way-up.js"

/** Who decides what becomes of a channel that is answered. */
export interface AnswerUser {
  /** The callee brings items: how many may wait is known, and where they begin. */
  begun(channel: OpenedChannel): void
  /** The callee's ERROR. */
  failed(channel: OpenedChannel, failure: Failure): void
  /** There is nothing to come. */
  ended(channel: OpenedChannel, outcome: Outcome): void
  /** What came back does not fit what was called. */
  giveUp(channel: OpenedChannel, code: ReservedCode): void
}

/**
 * What the callee's frames say to a channel of ours (docs/protocol.md, "Channels"). Throws a Violation for
 * what a correct callee would not send.
 */
export class Answers {
  readonly #context: Context
  readonly #line: OpenLine
  readonly #user: AnswerUser

  constructor(context: Context, line: OpenLine, user: AnswerUser) {
    this.#context = context
    this.#line = line
    this.#user = user
  }

  /** @param charge units of the message that each value accounts for */
  apply(channel: OpenedChannel, frame: SequencedFrame, charge: number): void {
    switch (frame[0]) {
      case Kind.RESULT:
        return this.#result(channel, frame[2])
      case Kind.ERROR:
        return this.#user.failed(channel, failureOf(frame))
      case Kind.NOTE:
        return this.#note(channel, frame[2], frame[3], charge)
      case Kind.ITEM:
        return this.#items(channel, [frame[2]], frame[3] == null ? undefined : [frame[3]], charge)
      case Kind.ITEMS:
        return this.#items(channel, frame[2], frame[3] ?? undefined, charge)
      case Kind.END:
        return this.#end(channel)
      case Kind.CREDIT:
        return this.#credit(channel, frame[2])
    }
  }

  #result(channel: OpenedChannel, value: unknown): void {
    if (channel.isStream) this.#mismatch(channel)
    this.#user.ended(channel, { ok: true, value })
  }

  #items(
    channel: OpenedChannel,
    values: readonly unknown[],
    cursors: readonly string[] | undefined,
    charge: number,
  ): void {
    if (channel.gone) return
    if (!channel.inflow) return this.#mismatch(channel)
    channel.inflow.push(values, cursors, charge, this.#context.received)
    this.#context.emit({ type: "readable", channel })
  }

  #note(channel: OpenedChannel, what: string, data: unknown, charge: number): void {
    if (channel.gone) return
    if (what === "at") return this.#begin(channel, data)
    if (!channel.inflow) return this.#mismatch(channel)
    channel.inflow.note(what, data, charge, tellsOfLoss(what) ? cursorOf(data) : undefined)
    this.#context.emit({ type: "readable", channel })
  }

  /** END of the callee: all there was, or of a duplex its half. */
  #end(channel: OpenedChannel): void {
    if (!channel.isStream) this.#mismatch(channel)
    if (channel.kind === "duplex") {
      if (!move(channel, "hear")) throw new Violation("a second END")
      if (channel.state !== "closed") return this.#heard(channel)
    }
    this.#user.ended(channel, { ok: true, value: undefined })
  }

  /** The callee of a duplex sends no more. */
  #heard(channel: OpenedChannel): void {
    if (!channel.inflow || channel.gone) return
    channel.inflow.ended = true
    this.#context.emit({ type: "readable", channel })
  }

  /** The callee takes items up to this number: also the first word of an upload. */
  #credit(channel: OpenedChannel, upTo: number): void {
    if (channel.gone) return
    const served = channel.inflow?.begun ? "duplex" : "upload"
    if (channel.request.kind === undefined) this.#learn(channel, served)
    if (channel.kind !== served) return this.#mismatch(channel, served)
    channel.reissues = 0
    const lane = channel.lane ?? layWayUp(this.#context, channel)
    lane.credit(upTo)
    this.#context.scheduler.wake(lane)
  }

  /** The first word of a subscription, and where it stands in its log. */
  #begin(channel: OpenedChannel, data: unknown): void {
    if (channel.kind === "call" || channel.kind === "upload") {
      return this.#mismatch(channel, "subscription")
    }
    if (channel.kind === undefined) this.#learn(channel, "subscription")
    channel.inflow ??= new Inflow(this.#context.budget)
    const { inflow } = channel
    if (Object(data).cursor != null) inflow.place(cursorOf(data))
    if (inflow.begun) return
    const stated = Reflect.get(Object(data), "window")
    const window = isId(stated) ? Number(stated) : creditWindow.every
    inflow.begin(window, Math.min(channel.credit ?? window, window))
    channel.reissues = 0
    this.#user.begun(channel)
  }

  /** A caller without the contract learns what it opened. */
  #learn(channel: OpenedChannel, kind: ChannelKind): void {
    channel.kind = kind
    this.#line.leave(channel)
  }

  /** The channel fails alone, and knows better now. */
  #mismatch(channel: OpenedChannel, kind = channel.kind): void {
    channel.kind = kind
    this.#user.giveUp(channel, "VALIDATION")
  }
}

/** After these notes a stream goes on from another place than it stood at. */
function tellsOfLoss(what: string): boolean {
  return what === "gap" || what === "reset"
}

function cursorOf(data: unknown): string {
  const cursor: unknown = Reflect.get(Object(data), "cursor")
  if (!isCursor(cursor)) throw new Violation("a note without its cursor")
  return String(cursor)
}
