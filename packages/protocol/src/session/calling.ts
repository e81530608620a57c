import { backoff, defaultBackoff } from "../backoff.js"
import type { Codec, Encoded } from "../codec/codec.js"
import { transcode } from "../codec/transcode.js"
import { type Failure, licensesRetry, type ReservedCode } from "../error-code.js"
import { Inflow } from "../flow/inflow.js"
import { Lane } from "../flow/lane.js"
import { type Numbered, Opening } from "../flow/outbox.js"
import { type EventWriter, OutgoingEvent } from "../flow/outgoing-event.js"
import type { Late } from "../flow/sender.js"
import type { ErrorFrame, SequencedFrame } from "../frame.js"
import * as Kind from "../kind.js"
import { creditWindow, envelopeUnits, messageUnits, pathUnits, reissues } from "../limits.js"
import { isCursor, isId } from "../shape.js"
import { Unencodable, Violation } from "../violation.js"
import {
  type Kind as ChannelKind,
  move,
  OpenedChannel,
  type OpenRequest,
  type OpenWriter,
  type Outcome,
} from "./channel.js"
import type { Context } from "./context.js"
import { Directory } from "./directory.js"
import { Doubt } from "./doubt.js"
import { grant } from "./grant.js"
import type { Half } from "./half.js"
import type { Fate } from "./loss.js"
import { cancelFrame, OpenFrames } from "./open-frame.js"
import { OpenLine, type QueueBounds } from "./open-line.js"
import { Roster } from "./roster.js"

/**
 * The half of a session that opens channels and sends events: their queue, their ids, what comes back
 * (docs/protocol.md, "Channels").
 *
 * Must hold (S4): every channel is settled exactly once, and nothing is delivered to it afterwards.
 */
export class Calling implements Half, OpenWriter, EventWriter {
  /** The id of the next OPEN: odd at a client, even at a server. */
  nextId: number
  /** Every channel that is not settled, by when its caller stops waiting or it is issued again. */
  readonly live: Roster<OpenedChannel> = new Roster()
  /** Those that have no number yet. */
  readonly events: Set<OutgoingEvent> = new Set()
  readonly #context: Context
  readonly #line: OpenLine
  readonly #frames: OpenFrames
  /** By id: numbered, and the terminal frame is still to come. */
  readonly #channels = new Directory<OpenedChannel>()
  #closed = false
  /** Another session has taken over: what is to be sent is sent there. */
  #left = false
  #order = 0

  constructor(context: Context, firstId: number, bounds: QueueBounds) {
    this.#context = context
    this.#line = new OpenLine(context, bounds)
    this.#frames = new OpenFrames(context)
    this.nextId = firstId
  }

  get size(): number {
    return this.#channels.size
  }

  /** Queued ones too, and events that were not sent. */
  get binding(): number {
    return this.live.size + this.events.size + this.size
  }

  get soonest(): number {
    return this.live.soonest
  }

  /** Takes a new channel into the line. */
  add(channel: OpenedChannel): void {
    channel.order = ++this.#order
    this.live.set(channel, channel.request.deadline)
    if (this.#closed) return this.#close(channel, "CLOSED")
    const misuse = misuseOf(channel.request)
    if (misuse) return this.giveUp(channel, misuse)
    if (channel.request.deadline <= this.#context.now) return this.giveUp(channel, "TIMEOUT")
    if (channel.sendsItems) this.#layLane(channel)
    if (this.#line.isFull(channel)) return this.giveUp(channel, "OFFLINE_QUEUE_FULL")
    this.#enqueue(channel)
  }

  /** Takes an event into the line; gives the code of why it never will be sent. */
  send(path: string, input: Encoded | undefined): ReservedCode | undefined {
    if (this.#closed) return "CLOSED"
    if (path.length > pathUnits) return "NOT_FOUND"
    const event = new OutgoingEvent(path, input, this.#frames.event(path, input))
    if (event.frame.length > messageUnits) return "TOO_LARGE"
    if (this.#line.isFull(event)) return "OFFLINE_QUEUE_FULL"
    this.#enter(event)
    return undefined
  }

  /** Takes an event of a session that was lost over; `false`: what that one spoke cannot be said here. */
  adoptEvent(event: OutgoingEvent, spoken: Codec): boolean {
    const fitting = spoken === this.#context.codec ? event : this.#rewritten(event, spoken)
    if (fitting) this.#enter(fitting)
    return fitting !== undefined
  }

  #rewritten({ path, input }: OutgoingEvent, spoken: Codec): OutgoingEvent | undefined {
    const rewritten = input && transcode(input, spoken, this.#context.codec)
    if (rewritten instanceof Unencodable) return undefined
    const event = new OutgoingEvent(path, rewritten, this.#frames.event(path, rewritten))
    return event.frame.length > messageUnits ? undefined : event
  }

  #enter(event: OutgoingEvent): void {
    event.order = ++this.#order
    event.writer = this
    event.inLine = false
    this.events.add(event)
    this.#line.enter(event)
  }

  /** Settles a channel that nobody will ever send. */
  refuse(channel: OpenedChannel, code: ReservedCode): void {
    this.live.set(channel, channel.request.deadline)
    this.giveUp(channel, code)
  }

  /** Takes a channel over from a session that was lost and spoke so, as the loss table says. */
  adopt(channel: OpenedChannel, fate: Fate, spoken: Codec): void {
    channel.order = ++this.#order
    this.live.set(channel, channel.request.deadline)
    if (typeof fate === "object") return this.#bury(channel, fate)
    if (spoken !== this.#context.codec && channel.input !== undefined) {
      const rewritten = transcode(channel.input, spoken, this.#context.codec)
      if (rewritten instanceof Unencodable) {
        const executed = fate === "doubt" ? "unknown" : "no"
        return this.#bury(channel, { code: rewritten.code, executed })
      }
      channel.input = rewritten
    }
    if (fate === "doubt") channel.doubt ??= new Doubt(channel.id, channel.numberedAt)
    if (fate !== "keep") channel.reissues++
    channel.inLine = false
    channel.hasPlace = false
    this.#rewind(channel)
    this.#enqueue(channel)
  }

  #bury(channel: OpenedChannel, failure: Failure): void {
    move(channel, "end")
    this.#fail(channel, failure)
  }

  /** The caller stops waiting: it learns so at once, whatever the callee does. */
  giveUp(channel: OpenedChannel, code: ReservedCode): void {
    if (!this.live.has(channel)) return
    const numbered = channel.id > 0
    const executed = numbered ? "unknown" : "no"
    // Ahead of the call that takes its place, or the callee would have one too many.
    if (numbered) this.#sendCancel(channel)
    this.#line.leave(channel)
    move(channel, "giveUp")
    this.#empty(channel)
    this.#fail(channel, { code, executed })
  }

  /** Whatever is to be opened waits: the other side takes nothing new. */
  hold(): void {
    this.#context.scheduler.withdraw(isUnnumbered)
    this.#line.hold(this.inOrder)
  }

  /**
   * Another session has taken over. What was not sent goes there, and so does every stream that can be
   * continued, from what its consumer has; the rest is finished here. An id is never given again.
   */
  leave(): void {
    this.#left = true
    this.hold()
    for (const entry of this.inOrder) if (this.#canMove(entry)) this.#displace(entry)
  }

  /** What is not settled, and events that were not sent, in the order in which they came. */
  get inOrder(): readonly (OpenedChannel | OutgoingEvent)[] {
    return [...this.live, ...this.events].sort((a, b) => a.order - b.order)
  }

  /** Goes to the calling half of another session. */
  release(channel: OpenedChannel): void {
    this.live.remove(channel)
  }

  detached(): void {}

  /** What was opened here goes on in the next session. */
  abandon(): void {}

  /**
   * There will be no other session: every channel is settled, those that are still to come at once.
   *
   * @param lost the code of streams that had been opened
   */
  closeAll(lost: "CLOSED" | "STREAM_LOST"): void {
    this.#closed = true
    for (const channel of [...this.live]) this.#close(channel, lost)
    this.events.clear()
  }

  #close(channel: OpenedChannel, lost: ReservedCode): void {
    const numbered = channel.id > 0
    const code = !numbered ? "CLOSED" : channel.countsAsCall ? "OUTCOME_UNKNOWN" : lost
    this.#empty(channel)
    move(channel, "end")
    this.#fail(channel, { code, executed: numbered ? "unknown" : "no" })
  }

  get heaviest(): number {
    return this.#heaviest?.inflow?.units ?? 0
  }

  relieve(): void {
    if (this.#heaviest) this.giveUp(this.#heaviest, "SLOW_CONSUMER")
  }

  get #heaviest(): OpenedChannel | undefined {
    let heaviest: OpenedChannel | undefined
    for (const channel of this.live) {
      if ((channel.inflow?.units ?? 0) > (heaviest?.inflow?.units ?? 0)) heaviest = channel
    }
    return heaviest
  }

  regrant(): void {
    for (const channel of this.live) grant(this.#context, channel)
  }

  attached(): void {
    this.#line.attached()
  }

  /** Writes an OPEN that is about to be numbered: only now it gets its id. */
  write(channel: OpenedChannel): Numbered | undefined {
    if (channel.state !== "queued") return undefined
    const context = this.#context
    if (context.now >= channel.request.deadline) {
      this.giveUp(channel, "TIMEOUT")
      return undefined
    }
    const frame = this.#frames.open(channel, this.nextId)
    if (frame.length > context.peer.messageBytes + envelopeUnits) {
      this.giveUp(channel, "TOO_LARGE")
      return undefined
    }
    this.#line.numbered(channel)
    channel.id = this.nextId
    channel.numberedAt = context.moment
    this.nextId += 2
    move(channel, "number")
    this.#channels.set(channel.id, channel)
    return new Opening(frame, channel, true)
  }

  /** An event that the other side would not take is as lost as one that never arrived. */
  writeEvent(event: OutgoingEvent): OutgoingEvent | undefined {
    const { peer } = this.#context
    if (!this.events.delete(event)) return undefined
    this.#line.numbered(event)
    if (event.frame.length <= peer.messageBytes + envelopeUnits) return event
    this.#context.emit({ type: "eventsLost", count: 1 })
    return undefined
  }

  /** Its END may wait already; items wait for credit. */
  opened({ lane }: OpenedChannel): void {
    if (lane) this.#context.scheduler.wake(lane)
  }

  /** Sends an item up, as far as its lane has room. */
  item({ gone, lane }: OpenedChannel, value: Encoded): void {
    if (!lane || gone || lane.closing) return
    lane.item(value)
    this.#context.scheduler.wake(lane)
  }

  /** END, behind the items that wait. */
  finish({ gone, lane }: OpenedChannel): void {
    if (!lane || gone || lane.closing) return
    lane.close()
    this.#context.scheduler.wake(lane)
  }

  /** Of a duplex that has heard the callee's END it is the second of the two. */
  laneClosed(channel: OpenedChannel): void {
    move(channel, "finish")
    if (channel.state === "closed") this.#end(channel, { ok: true, value: undefined })
  }

  apply(frame: SequencedFrame, charge: number): void {
    const [kind, id] = frame
    if (kind === Kind.OPEN || kind === Kind.CANCEL) throw new Violation("a caller's frame")
    const channel = this.#find(Number(id))
    if (!channel) return
    switch (kind) {
      case Kind.RESULT:
        return this.#result(channel, frame[2])
      case Kind.ERROR:
        return this.#error(channel, failureOf(frame))
      case Kind.NOTE:
        return this.#note(channel, frame[2], frame[3], charge)
      case Kind.ITEM:
        return this.#items(channel, [frame[2]], frame[3] == null ? undefined : [frame[3]], charge)
      case Kind.ITEMS:
        return this.#items(channel, frame[2], frame[3] ?? undefined, charge)
      case Kind.END:
        return this.#ended(channel)
      case Kind.CREDIT:
        return this.#credit(channel, frame[2])
    }
  }

  wantsParts(id: number): boolean {
    return this.#find(id) !== undefined
  }

  /** A stream's reader is slow; of a call only the outcome comes in parts, and nothing after it. */
  refuseParts(id: number): void {
    const channel = this.#channels.get(id)
    if (!channel) return
    if (channel.inflow) return this.giveUp(channel, "SLOW_CONSUMER")
    this.#end(channel, { ok: false, failure: { code: "RESULT_LOST", executed: "yes" } })
  }

  ring(): void {
    const { now } = this.#context
    for (let channel = this.live.due(now); channel; channel = this.live.due(now)) {
      if (now >= channel.request.deadline) this.giveUp(channel, "TIMEOUT")
      else this.#enqueue(channel)
    }
  }

  /** Its place is known, so nothing is lost or comes twice. */
  #canMove(entry: OpenedChannel | OutgoingEvent): boolean {
    if (entry.id === 0 || entry instanceof OutgoingEvent) return true
    const { kind, inflow } = entry
    return kind === "subscription" && inflow?.begun === true && inflow.cursor !== undefined
  }

  /** What still arrives for it here is for nobody, and its cursor stays where it is. */
  #displace(entry: OpenedChannel | OutgoingEvent): void {
    const { id } = entry
    if (id > 0) {
      this.#channels.delete(id)
      this.#context.scheduler.push(cancelFrame(this.#context.codec, id))
    }
    this.#line.leave(entry)
    this.#context.emit({ type: "displaced", entry })
  }

  #enqueue(channel: OpenedChannel): void {
    channel.writer = this
    if (channel.retryAt > 0) this.live.set(channel, channel.request.deadline)
    channel.retryAt = 0
    this.#line.enter(channel)
  }

  /** A frame for a channel of ours; `undefined`: closed, or skipped. */
  #find(id: number): OpenedChannel | undefined {
    if (id >= this.nextId) throw new Violation("a frame for a channel that was not opened")
    return this.#channels.get(id)
  }

  #result(channel: OpenedChannel, value: unknown): void {
    if (channel.isStream) this.#mismatch(channel)
    this.#end(channel, { ok: true, value })
  }

  #error(channel: OpenedChannel, failure: Failure): void {
    if (this.#mayRetry(channel, failure)) this.#retry(channel, failure)
    else this.#end(channel, { ok: false, failure })
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
  #ended(channel: OpenedChannel): void {
    if (!channel.isStream) this.#mismatch(channel)
    if (channel.kind === "duplex") {
      if (!move(channel, "hear")) throw new Violation("a second END")
      if (channel.state !== "closed") return this.#heard(channel)
    }
    this.#end(channel, { ok: true, value: undefined })
  }

  /** The callee of a duplex sends no more. */
  #heard(channel: OpenedChannel): void {
    if (!channel.inflow || channel.gone) return
    channel.inflow.ended = true
    this.#context.emit({ type: "readable", channel })
  }

  /** The CANCEL is not sent if, by the time of its turn, it took the place of the OPEN already. */
  #sendCancel(channel: OpenedChannel): void {
    const { id } = channel
    const write = (): Encoded | undefined => {
      if (channel.cancelSent || channel.state === "closed") return undefined
      channel.cancelSent = true
      return cancelFrame(this.#context.codec, id)
    }
    this.#context.scheduler.push({ id, write })
  }

  /** The callee takes items up to this number: also the first word of an upload. */
  #credit(channel: OpenedChannel, upTo: number): void {
    if (channel.gone) return
    const served = channel.inflow?.begun ? "duplex" : "upload"
    if (channel.request.kind === undefined) this.#learn(channel, served)
    if (channel.kind !== served) return this.#mismatch(channel, served)
    channel.reissues = 0
    const lane = channel.lane ?? this.#layLane(channel)
    lane.credit(upTo)
    this.#context.scheduler.wake(lane)
  }

  #begin(channel: OpenedChannel, data: unknown): void {
    if (channel.kind === "call" || channel.kind === "upload") {
      return this.#mismatch(channel, "subscription")
    }
    if (channel.kind === undefined) this.#learn(channel, "subscription")
    const inflow = this.#inflowOf(channel)
    if (Object(data).cursor != null) inflow.place(cursorOf(data))
    if (inflow.begun) return
    const stated = Reflect.get(Object(data), "window")
    const window = isId(stated) ? Number(stated) : creditWindow.every
    inflow.begin(window, Math.min(channel.credit ?? window, window))
    channel.reissues = 0
    if (this.#left && this.#canMove(channel)) return this.#displace(channel)
    grant(this.#context, channel)
    this.#context.emit({ type: "readable", channel })
  }

  #inflowOf(channel: OpenedChannel): Inflow {
    channel.inflow ??= new Inflow(this.#context.budget)
    return channel.inflow
  }

  /** A caller without the contract learns what it opened. */
  #learn(channel: OpenedChannel, kind: ChannelKind): void {
    channel.kind = kind
    this.#line.leave(channel)
  }

  /** What came back does not fit what was called: the channel fails alone, and knows better now. */
  #mismatch(channel: OpenedChannel, kind = channel.kind): void {
    channel.kind = kind
    this.giveUp(channel, "VALIDATION")
  }

  /** Whoever has sent items cannot send them again: only its application has them. */
  #mayRetry(channel: OpenedChannel, failure: Failure): boolean {
    if (channel.gone || channel.lane?.credited) return false
    return licensesRetry(failure) && channel.reissues < reissues
  }

  /** REFUSED waits for the next session; the others for a while. */
  #retry(channel: OpenedChannel, failure: Failure): void {
    const { now, random } = this.#context
    channel.reissues++
    this.#channels.delete(channel.id)
    this.#line.leave(channel)
    this.#rewind(channel)
    if (this.#left) return this.#displace(channel)
    if (failure.code === "REFUSED") return
    channel.retryAt = now + backoff(channel.reissues + 1, random(), defaultBackoff)
    this.live.set(channel, Math.min(channel.retryAt, channel.request.deadline))
  }

  /** As if it had never been numbered; what its consumer still has queued stays. */
  #rewind(channel: OpenedChannel): void {
    move(channel, "lose")
    channel.id = 0
    channel.number = 0
    const { inflow, lane } = channel
    if (lane) this.#layAgain(channel, lane)
    if (!inflow) return
    if (inflow.window > 0) channel.credit = Math.max(0, inflow.window - inflow.queued)
    channel.from = inflow.cursor ?? channel.from
    inflow.move(this.#context.budget)
  }

  /** Its way up, in this session. */
  #layLane(channel: OpenedChannel): Lane {
    const { codec, pullBudget: budget } = this.#context
    const revived = () => this.#context.emit({ type: "writable", channel })
    const options = {
      codec,
      lossy: undefined,
      window: 0,
      credit: undefined,
      budget,
      revived,
    } as const
    channel.lane = new Lane(channel, options)
    return channel.lane
  }

  /** Nothing had left by the old way, but END perhaps. */
  #layAgain(channel: OpenedChannel, old: Lane): void {
    const { closing } = old
    old.kill()
    const lane = this.#layLane(channel)
    if (closing) lane.close()
  }

  /** Nothing is delivered to it any more, and nothing sent for it. */
  #empty(channel: OpenedChannel): void {
    channel.inflow?.clear()
    channel.lane?.kill()
  }

  #end(channel: OpenedChannel, outcome: Outcome): void {
    this.#channels.delete(channel.id)
    this.#line.leave(channel)
    channel.lane?.kill()
    move(channel, "end")
    this.#settle(channel, outcome)
  }

  #fail(channel: OpenedChannel, failure: Failure): void {
    this.#settle(channel, { ok: false, failure })
  }

  #settle(channel: OpenedChannel, outcome: Outcome): void {
    if (!this.live.remove(channel)) return
    this.#context.emit({ type: "settled", channel, outcome: inDoubt(channel, outcome) })
  }
}

function isUnnumbered(late: Late): boolean {
  return late instanceof OutgoingEvent || (late instanceof OpenedChannel && late.id === 0)
}

/** What no frame may say is never sent: the other side would end the session. */
function misuseOf({ path, from }: OpenRequest): ReservedCode | undefined {
  if (path.length > pathUnits) return "NOT_FOUND"
  return from === undefined || isCursor(from) ? undefined : "VALIDATION"
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

function failureOf([, , code, executed, message, data]: ErrorFrame): Failure {
  return { code, executed, message: message ?? undefined, data }
}

/**
 * `no` speaks of the last attempt; with an earlier one in doubt nobody knows. What was last refused for
 * lack of room says nothing of that one at all.
 */
function inDoubt(channel: OpenedChannel, outcome: Outcome): Outcome {
  if (outcome.ok || !channel.doubt || outcome.failure.executed !== "no") return outcome
  const { failure } = outcome
  const code = licensesRetry(failure) ? "OUTCOME_UNKNOWN" : failure.code
  return { ok: false, failure: { ...failure, code, executed: "unknown" } }
}
