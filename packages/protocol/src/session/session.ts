import {
  GOING_AWAY,
  NORMAL,
  PROTOCOL,
  SUSPENDING,
  TOO_BIG,
  TOO_MANY,
  UNAUTHORIZED,
} from "../close-code.js"
import type { Codec, Decoded, Encoded } from "../codec/codec.js"
import * as durations from "../durations.js"
import type { ReservedCode } from "../error-code.js"
import { Outbox } from "../flow/outbox.js"
import { OutgoingEvent } from "../flow/outgoing-event.js"
import type { KeyTerms, Limits } from "../frame.js"
import { readControl } from "../frames/read-control.js"
import { readSequenced } from "../frames/read-sequenced.js"
import * as Kind from "../kind.js"
import {
  ackFrames,
  messageBytesOnWire,
  messageFramesAccepted,
  rates,
  windowCeiling,
} from "../limits.js"
import { isInt } from "../shape.js"
import { Violation } from "../violation.js"
import { Bucket } from "./bucket.js"
import { Calling } from "./calling.js"
import type { OpenedChannel } from "./channel.js"
import type { Context } from "./context.js"
import { Controls } from "./controls.js"
import type { Effect, SessionEnd } from "./effect.js"
import type { Half } from "./half.js"
import type { Role } from "./heartbeat.js"
import { Inbox } from "./inbox.js"
import { Incoming } from "./incoming.js"
import { Liveness } from "./liveness.js"
import { fateOf, type Loss } from "./loss.js"
import type { QueueBounds } from "./open-line.js"
import { Outgoing } from "./outgoing.js"

export interface SessionOptions {
  readonly role: Role
  /** What its two halves share. */
  readonly context: Context
  /** The half that serves the other side's channels. */
  readonly callee: Half
  /** What this side accepts. */
  readonly limits: Limits
  /** What may wait here to be sent while the other side cannot be reached. */
  readonly queue: QueueBounds
  /** The id of the first channel opened here: a client's go on across its sessions. */
  readonly firstId: number
}

/** What the handshake settled about the socket that a session goes on with. */
export interface Attachment {
  /** Highest number that the other side has applied; one that `covers` has been asked about. */
  readonly rx: number
  /** What the other side accepts. */
  readonly limits: Limits
  /** Milliseconds of silence after which the server pings. */
  readonly heartbeat: number
  /** How far the other side's idempotency keys can be relied upon. */
  readonly keys?: KeyTerms | undefined
  /** Milliseconds that the client's token has left; left out where it does not run out, and at a client. */
  readonly exp?: number | undefined
}

/** How a session has been going: for logs, panels and tests. */
export interface SessionCounters {
  readonly messagesIn: number
  readonly messagesOut: number
  readonly unitsIn: number
  readonly unitsOut: number
  /** Numbered frames applied, and sent. */
  readonly framesIn: number
  readonly framesOut: number
  /** Units sent and not acknowledged: what a lost socket would have us send again. */
  readonly retained: number
  /** Frames sent again after a resume. */
  readonly replayed: number
  /** Frames that arrived again, and were dropped. */
  readonly duplicates: number
}

/**
 * The logical life of a connection over many sockets (docs/protocol.md, "Sessions"): both sides run
 * this same machine, and the role decides only the parity of ids and who pings.
 *
 * It does no I/O and knows no clock: each step takes the time and gives effects, and `deadline` says
 * when the next step is due without any input.
 *
 * Must hold (G1): while the session lives, each number is applied by the other side exactly once and in
 * order, however many sockets come and go.
 */
export class Session {
  readonly calling: Calling
  readonly controls: Controls
  readonly codec: Codec
  readonly role: Role
  readonly #callee: Half
  readonly #context: Context
  readonly #inbox: Inbox
  readonly #outbox = new Outbox()
  readonly #incoming: Incoming
  readonly #outgoing: Outgoing
  readonly #liveness: Liveness
  /** Of a client that sends events. */
  #eventRate: Bucket | undefined
  #over = false
  /** Takes its leave with these words as soon as nothing is left to do here. */
  #leaving: string | undefined
  /** Until then a client that lost its socket may send again what was lost, though nothing is left to do. */
  #awaitedUntil = Number.NEGATIVE_INFINITY
  #messagesIn = 0
  #replayed = 0
  #duplicates = 0

  constructor(options: SessionOptions) {
    const { role, context, callee, limits, firstId, queue } = options
    const parity = role === "client" ? 1 : 0
    this.role = role
    this.codec = context.codec
    this.calling = new Calling(context, firstId, queue)
    this.#callee = callee
    this.#context = context
    this.#inbox = new Inbox(ackFrames[role], Math.min(limits.window, windowCeiling) / 4)
    this.#incoming = new Incoming(context, this.calling, callee, parity, limits.messageBytes)
    this.#outgoing = new Outgoing(context, this.#inbox, this.#outbox)
    this.#liveness = new Liveness(role, context, this.#outbox)
    this.controls = new Controls(role, context, this.#liveness)
  }

  /** Highest number applied from the other side. */
  get applied(): number {
    return this.#inbox.applied
  }

  /** Highest number given to a frame here. */
  get sent(): number {
    return this.#outbox.sent
  }

  /** Units sent and not acknowledged. */
  get retained(): number {
    return this.#outbox.units
  }

  /** Units that may be sent and not acknowledged, as the other side has it. */
  get window(): number {
    return this.#context.peer.window
  }

  get attached(): boolean {
    return this.#context.attached
  }

  get over(): boolean {
    return this.#over
  }

  /** Whether nothing is open here, and everything that was said has been acknowledged. */
  get idle(): boolean {
    if (this.calling.binding + this.#callee.size > 0 || this.events > 0) return false
    return this.#outbox.idle && this.#context.scheduler.idle
  }

  /** Events sent from here that are not proven to have arrived. */
  get events(): number {
    return this.calling.events.size + this.#outbox.events
  }

  /** The last round trip in milliseconds; undefined until there was one. */
  get roundTrip(): number | undefined {
    return this.#liveness.roundTrip
  }

  /** Whether the other side may have applied just this much. */
  covers(rx: number): boolean {
    return this.#outbox.covers(rx)
  }

  /** Whether a flush would send anything. */
  get pending(): boolean {
    if (!this.#context.attached) return false
    if (this.controls.pending || this.#inbox.isDue(this.#context.now)) return true
    return !this.#context.scheduler.idle && this.#outbox.units < this.#context.peer.window
  }

  /** When to step without any input; Infinity for never. */
  get deadline(): number {
    const alarms = Math.min(this.calling.soonest, this.#callee.soonest)
    const soonest = Math.min(alarms, this.#releaseAt)
    if (!this.#context.attached) return soonest
    return Math.min(soonest, this.#inbox.dueAt, this.#liveness.deadline, this.controls.token.endsAt)
  }

  get counters(): SessionCounters {
    return {
      messagesIn: this.#messagesIn,
      messagesOut: this.#outgoing.messages,
      unitsIn: this.#context.received,
      unitsOut: this.#outgoing.units,
      framesIn: this.#inbox.applied,
      framesOut: this.#outbox.sent,
      retained: this.#outbox.units,
      replayed: this.#replayed,
      duplicates: this.#duplicates,
    }
  }

  /**
   * The one way in: does `input` at the time `now` and gives what it asks of the driver, in order. A
   * violation by the other side ends the session; a step always runs to completion. `argument` is handed
   * through, so that what runs for every message needs no closure for each.
   */
  step(now: number, input: (session: Session) => void): readonly Effect[]
  step<A>(
    now: number,
    input: (session: Session, argument: A) => void,
    argument: A,
  ): readonly Effect[]
  step<A>(
    now: number,
    input: (session: Session, argument?: A) => void,
    argument?: A,
  ): readonly Effect[] {
    this.#context.now = now
    try {
      input(this, argument)
      if (this.#context.budget.relieved) this.#regrant()
      if (this.#leaving !== undefined) this.#release(this.#leaving)
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      // A browser may close with none of the lower codes, and a server does the same with all of ours.
      this.#disconnect(this.role === "client" ? PROTOCOL : error.code, error.message)
      const why = error.code === TOO_MANY ? "overflow" : "protocol"
      this.end({ why, rx: undefined, reason: error.message })
    }
    return this.#context.take()
  }

  /** Goes on with a new socket: first of all with what the other side has not applied. */
  attach({ rx, limits, heartbeat, keys, exp }: Attachment): void {
    this.#context.peer = { ...limits, window: Math.min(limits.window, windowCeiling) }
    this.#context.keys = keys
    this.#context.attached = true
    this.#proven(rx)
    this.#inbox.delay = this.role === "server" ? durations.serverAck : heartbeat / 2
    this.#liveness.begin(heartbeat)
    this.controls.token.begin(this.#context.now, exp)
    this.calling.dropStale(this.#outbox.acknowledged)
    this.#replayed += this.#outgoing.retransmit()
    this.#callee.attached()
    this.calling.attached()
    if (this.role === "client") this.controls.ping()
  }

  /** The socket is gone. Nothing is numbered until there is another. */
  detach(): void {
    if (!this.#context.attached) return
    this.#context.attached = false
    this.#awaitedUntil = this.#context.now + durations.drainAway
    this.controls.take()
    this.#callee.detached()
  }

  /** A message of the current socket. */
  receive(wire: Encoded): void {
    if (this.#over || !this.#context.attached) return
    if (this.#context.now >= this.controls.token.endsAt) return this.#tokenRanOut()
    this.#messagesIn++
    this.#context.received += wire.length
    this.#liveness.heard()
    if (wire.length > messageBytesOnWire) throw new Violation("a message over any size", TOO_BIG)
    this.#context.rates?.bytes(this.#context.now, wire.length)
    const { value, revive } = this.#context.codec.decode(wire)
    if (!Array.isArray(value)) throw new Violation("a message that is no array")
    const [first, ack] = value
    if (!isInt(first) || !isInt(ack)) throw new Violation("a message without its numbers")
    if (value.length - 2 > messageFramesAccepted) throw new Violation("too many frames", TOO_MANY)
    this.#acknowledged(ack)
    if (first > 0) return this.#receiveNumbered(value, revive, first, wire.length)
    // What a client has to send again comes ahead of its first control message.
    this.#awaitedUntil = Number.NEGATIVE_INFINITY
    this.#receiveControls(value, revive, ack)
  }

  /** Sends what the turn produced. */
  flush(): void {
    if (!this.#context.attached) return
    if (this.controls.pending) this.#outgoing.control(this.controls.take())
    this.#outgoing.flush()
    this.#liveness.sent()
    if (this.#inbox.isDue(this.#context.now)) this.#outgoing.control([])
    if (this.#liveness.measureDue) this.controls.ping()
  }

  /** Time has passed. */
  tick(): void {
    this.calling.ring()
    this.#callee.ring()
    if (!this.#context.attached) return
    if (this.#context.now >= this.controls.token.endsAt) return this.#tokenRanOut()
    const { verdict } = this.#liveness
    if (verdict === "probe") this.controls.ping()
    if (verdict === "dead") this.#disconnect(this.#leavingCode, "silent")
  }

  /** Asks at once whether the other side still answers: the page has been away, or the network. */
  probe(): void {
    if (!this.#context.attached) return
    this.#liveness.probed()
    this.controls.ping()
  }

  /**
   * Sends a one-way event; gives the code of why it never will be sent. A client keeps to what a server
   * takes by default: no more in a second, and no more under way, which a line that was held up would bring
   * at once. Together they stay within twice the rate, wherever they pile up.
   */
  send(path: string, input: Encoded | undefined): ReservedCode | undefined {
    if (this.role === "client") {
      this.#eventRate ??= new Bucket(rates.events)
      if (this.events >= rates.events) return "OFFLINE_QUEUE_FULL"
      if (!this.#eventRate.take(this.#context.now, 1, rates.events)) return "BUSY"
    }
    return this.calling.send(path, input)
  }

  /** Writes a payload for the other side. Throws Unencodable. */
  encode(value: unknown): Encoded {
    return this.#context.encode(value)
  }

  /** Whether the other side accepts a payload of this size. */
  accepts(encoded: Encoded): boolean {
    return this.#context.accepts(encoded)
  }

  /** A payload that was written for many. Throws Unencodable when the other side would not accept it. */
  accepted(encoded: Encoded): Encoded {
    return this.#context.accepted(encoded)
  }

  /** Opens nothing more: what is to be opened waits for a session elsewhere. */
  hold(): void {
    this.calling.hold()
  }

  /** Another session has taken over from this one, which ends when what stays here is finished. */
  leave(reason: string): void {
    this.calling.leave()
    this.retire(reason)
  }

  /** Takes leave as soon as nothing is left that has to be finished here. */
  retire(reason: string): void {
    this.#leaving = reason
  }

  /** Ends the session now; its acknowledgement is final. */
  bye(reason: string): void {
    if (this.#over) return
    if (this.#context.attached) {
      const { codec } = this.#context
      this.#outgoing.control([codec.array([Kind.BYE, codec.encode({ reason })])])
      this.#disconnect(NORMAL, reason)
    }
    this.end({ why: "ended", rx: undefined, reason })
  }

  /** The session is over here: its callees' work is for nobody, its callers' goes to the next one. */
  end(end: SessionEnd): void {
    if (this.#over) return
    this.#over = true
    this.detach()
    this.#callee.abandon()
    // A client takes what it opened along; to a server nobody comes back.
    if (this.role === "server") this.#settleAll("STREAM_LOST")
    this.#context.emit({ type: "over", end })
  }

  /** Takes over what was opened and sent in a session that was lost. */
  inherit(lost: Session, loss: Loss): void {
    let events = lost.#outbox.eventsAfter(loss.rx)
    for (const entry of lost.calling.inOrder) events += this.#adopt(entry, lost, loss)
    this.#eventsLost(events)
  }

  /** Takes one over. Its caller may have stopped waiting meanwhile. */
  adopt(entry: OpenedChannel | OutgoingEvent, from: Session, loss: Loss): void {
    this.#eventsLost(this.#adopt(entry, from, loss))
  }

  /** There will be no other session: every channel is settled. */
  close(): void {
    this.end({ why: "ended", rx: undefined, reason: "closed" })
    this.#settleAll("CLOSED")
  }

  /** Gives how many events were lost by that. */
  #adopt(entry: OpenedChannel | OutgoingEvent, from: Session, loss: Loss): number {
    if (entry instanceof OutgoingEvent) {
      if (!from.calling.events.release(entry)) return 0
      if (loss.subjectChanged) return 1
      if (!this.calling.events.adopt(entry, from.codec)) return 1
    } else if (from.calling.live.has(entry)) {
      const fate = fateOf(entry, loss, from.#outbox)
      from.calling.release(entry)
      this.calling.adopt(entry, fate, from.codec)
    }
    return 0
  }

  #settleAll(lost: "CLOSED" | "STREAM_LOST"): void {
    const { events } = this
    this.calling.closeAll(lost)
    this.#eventsLost(events)
  }

  #eventsLost(count: number): void {
    if (count > 0) this.#context.emit({ type: "eventsLost", count })
  }

  /**
   * What may begin anew elsewhere is not waited for. Where only acknowledgements are missing the other
   * side is asked for them: it has no reason to hurry with those of the last results.
   */
  #release(reason: string): void {
    if (this.#over || this.#callee.binding + this.calling.binding > 0) return
    if (this.#isAwaited) return
    this.#callee.abandon()
    if (this.idle) this.bye(reason)
    else if (!this.#liveness.asking) this.probe()
  }

  /** Its client may be on its way back with what the line lost: nobody else could tell what became of that. */
  get #isAwaited(): boolean {
    return this.role === "server" && !this.#over && this.#context.now < this.#awaitedUntil
  }

  get #releaseAt(): number {
    const due = this.#leaving !== undefined && this.#isAwaited
    return due ? this.#awaitedUntil : Number.POSITIVE_INFINITY
  }

  /** Of a socket that is given up while the session stays. */
  get #leavingCode(): number {
    return this.role === "client" ? SUSPENDING : GOING_AWAY
  }

  #acknowledged(ack: number): void {
    if (ack > this.#outbox.sent) throw new Violation("an acknowledgement of the future")
    if (ack <= this.#outbox.acknowledged) return
    this.#proven(ack)
    this.#liveness.acknowledged()
  }

  /** The other side has applied everything up to this number. */
  #proven(number: number): void {
    const { events } = this
    this.#outbox.acknowledge(number)
    if (events > 0 && this.events === 0) this.#context.emit({ type: "eventsSettled" })
  }

  #receiveControls(message: readonly unknown[], revive: Decoded["revive"], ack: number): void {
    this.#context.rates?.frames(this.#context.now, message.length - 2)
    for (let index = 2; index < message.length && !this.#over; index++) {
      const frame = readControl(message[index], revive)
      if (frame?.[0] === Kind.BYE) this.#farewell(frame[1].reason, ack)
      else if (frame) this.controls.apply(frame)
    }
  }

  /** The other side is done; what it has applied is final. */
  #farewell(reason: string, ack: number): void {
    this.#disconnect(NORMAL, "bye")
    this.end({ why: "bye", rx: ack, reason })
  }

  /** Nothing is applied any more (S10); with another token the session goes on. */
  #tokenRanOut(): void {
    this.#disconnect(UNAUTHORIZED, "the token has run out")
  }

  #receiveNumbered(
    message: readonly unknown[],
    revive: Decoded["revive"],
    first: number,
    units: number,
  ): void {
    const inbox = this.#inbox
    const count = message.length - 2
    if (count < 1) throw new Violation("a numbered message without frames")
    if (first > inbox.applied + 1) throw new Violation("a gap in the numbers")
    const known = Math.min(count, inbox.applied + 1 - first)
    const charge = chargeOf(message, units)
    this.#duplicates += known
    this.#context.rates?.frames(this.#context.now, count - known)
    inbox.received(count, units, this.#context.now)
    for (let index = known; index < count; index++) {
      const frame = readSequenced(message[index + 2], revive)
      if (frame) this.#incoming.apply(frame, charge)
      inbox.applied = first + index
    }
  }

  /** Streams were denied credit because of others, and these hold less now. */
  #regrant(): void {
    this.#context.budget.withheld = false
    this.calling.regrant()
    this.#callee.regrant()
  }

  #disconnect(code: number, reason: string): void {
    this.#context.emit({ type: "disconnect", code, reason })
    this.detach()
  }
}

/** Each value of a message accounts for the same part of it; an ITEMS counts as its values. */
function chargeOf(message: readonly unknown[], units: number): number {
  let values = 0
  for (let index = 2; index < message.length; index++) {
    const frame = message[index]
    const run = Array.isArray(frame) && frame[0] === Kind.ITEMS ? frame[2] : undefined
    values += Array.isArray(run) ? run.length : 1
  }
  return units / Math.max(1, values)
}
