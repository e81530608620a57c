import { backoff, defaultBackoff } from "../backoff.js"
import type { Codec, Encoded } from "../codec/codec.js"
import { transcode } from "../codec/transcode.js"
import { type Failure, licensesRetry, type ReservedCode } from "../error-code.js"
import { heaviestOf } from "../flow/inflow.js"
import type { Lane } from "../flow/lane.js"
import { type Numbered, Opening } from "../flow/outbox.js"
import { OutgoingEvent } from "../flow/outgoing-event.js"
import type { Late } from "../flow/sender.js"
import type { SequencedFrame } from "../frame.js"
import * as Kind from "../kind.js"
import { envelopeUnits, reissues } from "../limits.js"
import { Unencodable, Violation } from "../violation.js"
import { Answers, type AnswerUser } from "./answers.js"
import { move, OpenedChannel, type OpenWriter, type Outcome } from "./channel.js"
import type { Context } from "./context.js"
import { Directory } from "./directory.js"
import { Doubt } from "./doubt.js"
import { grant } from "./grant.js"
import type { Half } from "./half.js"
import type { Fate } from "./loss.js"
import { cancelFrame, misuseOf, OpenFrames } from "./open-frame.js"
import { OpenLine, type QueueBounds } from "./open-line.js"
import { OutgoingEvents } from "./outgoing-events.js"
import { Roster } from "./roster.js"
import { layWayUp } from "./way-up.js"

/**
 * The half of a session that opens channels and sends events: their queue, their ids, what comes back
 * (docs/protocol.md, "Channels").
 *
 * Must hold (S4): every channel is settled exactly once, and nothing is delivered to it afterwards.
 */
export class Calling implements Half, OpenWriter, AnswerUser {
  /** The id of the next OPEN: odd at a client, even at a server. */
  nextId: number
  /** Every channel that is not settled, by when its caller stops waiting or it is issued again. */
  readonly live: Roster<OpenedChannel> = new Roster()
  /** Those that have no number yet. */
  readonly events: OutgoingEvents
  readonly #context: Context
  readonly #line: OpenLine
  readonly #frames: OpenFrames
  readonly #answers: Answers
  /** By id: numbered, and the terminal frame is still to come. */
  readonly #channels = new Directory<OpenedChannel>()
  #closed = false
  /** Another session has taken over: what is to be sent is sent there. */
  #left = false

  constructor(context: Context, firstId: number, bounds: QueueBounds) {
    this.#context = context
    this.#line = new OpenLine(context, bounds)
    this.#frames = new OpenFrames(context)
    this.#answers = new Answers(context, this.#line, this)
    this.events = new OutgoingEvents(context, this.#line, this.#frames)
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
    channel.order = this.#line.order()
    this.live.set(channel, channel.request.deadline)
    if (this.#closed) return this.#close(channel, "CLOSED")
    const misuse = misuseOf(channel.request)
    if (misuse) return this.giveUp(channel, misuse)
    if (channel.request.deadline <= this.#context.now) return this.giveUp(channel, "TIMEOUT")
    if (channel.sendsItems) layWayUp(this.#context, channel)
    if (this.#line.isFull(channel)) return this.giveUp(channel, "OFFLINE_QUEUE_FULL")
    this.#enqueue(channel)
  }

  /** Sends an event, in line with what is opened; gives the code of why it never will be sent. */
  send(path: string, input: Encoded | undefined): ReservedCode | undefined {
    return this.#closed ? "CLOSED" : this.events.send(path, input)
  }

  /** Settles a channel that nobody will ever send. */
  refuse(channel: OpenedChannel, code: ReservedCode): void {
    this.live.set(channel, channel.request.deadline)
    this.giveUp(channel, code)
  }

  /** Takes a channel over from a session that was lost and spoke so, as the loss table says. */
  adopt(channel: OpenedChannel, fate: Fate, spoken: Codec): void {
    channel.order = this.#line.order()
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
    if (fate === "anew" || fate === "doubt") channel.reissues++
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

  /** The consumer has taken items: the sender may go on. */
  consumed(channel: OpenedChannel): void {
    grant(this.#context, channel)
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
    return heaviestOf(this.live)?.inflow?.units ?? 0
  }

  relieve(): void {
    const heaviest = heaviestOf(this.live)
    if (heaviest) this.giveUp(heaviest, "SLOW_CONSUMER")
  }

  regrant(): void {
    for (const channel of this.live) grant(this.#context, channel)
  }

  /**
   * An OPEN that is about to be sent again may tell a key whose record is gone by now: the machines slept with
   * it on its way. Nobody is to enter for it.
   *
   * @param acknowledged the highest number that the callee has applied
   */
  dropStale(acknowledged: number): void {
    const { moment, keys } = this.#context
    for (const channel of [...this.live]) {
      const { id, number, doubt, countsAsCall } = channel
      const resent = id > 0 && (number === 0 || number > acknowledged)
      if (!resent || !countsAsCall || !doubt?.goesStale(moment, keys)) continue
      this.giveUp(channel, "OUTCOME_UNKNOWN")
    }
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
    if (channel.state === "closed") this.ended(channel, { ok: true, value: undefined })
  }

  apply(frame: SequencedFrame, charge: number): void {
    const [kind, id] = frame
    if (kind === Kind.OPEN || kind === Kind.CANCEL) throw new Violation("a caller's frame")
    const channel = this.#find(Number(id))
    if (channel) this.#answers.apply(channel, frame, charge)
  }

  failed(channel: OpenedChannel, failure: Failure): void {
    if (this.#mayRetry(channel, failure)) this.#retry(channel, failure)
    else this.ended(channel, { ok: false, failure })
  }

  begun(channel: OpenedChannel): void {
    if (this.#left && this.#canMove(channel)) return this.#displace(channel)
    grant(this.#context, channel)
    this.#context.emit({ type: "readable", channel })
  }

  ended(channel: OpenedChannel, outcome: Outcome): void {
    this.#channels.delete(channel.id)
    this.#line.leave(channel)
    channel.lane?.kill()
    move(channel, "end")
    this.#settle(channel, outcome)
  }

  wantsParts(id: number): boolean {
    return this.#find(id) !== undefined
  }

  /** A stream's reader is slow; of a call only the outcome comes in parts, and nothing after it. */
  refuseParts(id: number): void {
    const channel = this.#channels.get(id)
    if (!channel) return
    if (channel.inflow) return this.giveUp(channel, "SLOW_CONSUMER")
    this.ended(channel, { ok: false, failure: { code: "RESULT_LOST", executed: "yes" } })
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

  /** Nothing had left by the old way, but END perhaps. */
  #layAgain(channel: OpenedChannel, old: Lane): void {
    const { closing } = old
    old.kill()
    const lane = layWayUp(this.#context, channel)
    if (closing) lane.close()
  }

  /** Nothing is delivered to it any more, and nothing sent for it. */
  #empty(channel: OpenedChannel): void {
    channel.inflow?.clear()
    channel.lane?.kill()
  }

  #fail(channel: OpenedChannel, failure: Failure): void {
    this.#settle(channel, { ok: false, failure })
  }

  #settle(channel: OpenedChannel, outcome: Outcome): void {
    if (!this.live.remove(channel)) return
    const { doubt } = channel
    const told: Outcome =
      doubt && !outcome.ok ? { ok: false, failure: doubt.told(outcome.failure) } : outcome
    this.#context.emit({ type: "settled", channel, outcome: told })
  }
}

function isUnnumbered(late: Late): boolean {
  return late instanceof OutgoingEvent || (late instanceof OpenedChannel && late.id === 0)
}
