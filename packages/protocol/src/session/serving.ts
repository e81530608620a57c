import { TOO_MANY } from "../close-code.js"
import type { Encoded } from "../codec/codec.js"
import * as durations from "../durations.js"
import type { Failure } from "../error-code.js"
import { LossyBacklog } from "../flow/backlog.js"
import { heaviestOf, Inflow } from "../flow/inflow.js"
import { Lane, type Policy } from "../flow/lane.js"
import { LazySet } from "../flow/lazy-set.js"
import type { Limits, Open, SequencedFrame } from "../frame.js"
import * as Kind from "../kind.js"
import { messageUnits, waitingAnswers, waitingAnswerUnits } from "../limits.js"
import { Violation } from "../violation.js"
import {
  AcceptedChannel,
  type Kind as ChannelKind,
  type ChannelServer,
  type Leaving,
  move,
} from "./channel.js"
import type { Context } from "./context.js"
import { Directory } from "./directory.js"
import { grant } from "./grant.js"
import type { Half } from "./half.js"
import { Replies } from "./replies.js"
import { Roster } from "./roster.js"

const resultLost: Failure = { code: "RESULT_LOST", executed: "yes" }

/**
 * The half of a session that serves the channels of the other side. What a path means and who may call
 * it is the dispatcher's business; here stands what the wire demands of the answers.
 *
 * Must hold (S4): one terminal frame per id and nothing after it; no terminal frame overtakes an item.
 */
export class Serving implements Half, ChannelServer {
  /** GOAWAY was sent: whatever is opened from now on is refused. */
  refusing = false
  /** Channels open, by kind. */
  calls = 0
  streams = 0
  /** Channels whose callers may begin them anew elsewhere. */
  #renewable = 0
  readonly #timed = new Roster<AcceptedChannel>()
  readonly #context: Context
  readonly #limits: Limits
  readonly #channels = new Directory<AcceptedChannel>()
  /** The highest id that the other side has taken. */
  #highest = 0
  /** Ids of OPENs of which not all parts have arrived. */
  readonly #partial = new LazySet<number>()
  readonly #replies: Replies

  constructor(context: Context, limits: Limits) {
    this.#context = context
    this.#limits = limits
    this.#replies = new Replies(context)
  }

  /** Units of all answers that wait for their number. */
  get waiting(): number {
    return this.#replies.units
  }

  get size(): number {
    return this.#channels.size
  }

  get binding(): number {
    return this.#channels.size - this.#renewable
  }

  get soonest(): number {
    return this.#timed.soonest
  }

  get channels(): Iterable<AcceptedChannel> {
    return this.#channels
  }

  apply(frame: SequencedFrame, charge: number): void {
    const [kind, id] = frame
    switch (kind) {
      case Kind.OPEN:
        return this.#open(frame)
      case Kind.CANCEL:
        return this.#cancel(Number(id))
      case Kind.CREDIT:
        return this.#credit(Number(id), frame[2])
      case Kind.ITEM:
        return this.#items(
          Number(id),
          [frame[2]],
          frame[3] == null ? undefined : [frame[3]],
          charge,
        )
      case Kind.ITEMS:
        return this.#items(Number(id), frame[2], frame[3] ?? undefined, charge)
      case Kind.END:
        return this.#ended(Number(id))
      default:
        throw new Violation("a callee's frame for a channel that it opened")
    }
  }

  /**
   * The first part of an OPEN takes its id; parts of an id that was given up are skipped. No more OPENs
   * are in parts than channels may be open: each that would be too much is looked for among all of them.
   */
  wantsParts(id: number): boolean {
    if (id <= this.#highest) return this.#partial.has(id) || this.#channels.has(id)
    this.#take(id)
    const { calls, streams } = this.#limits
    if (this.#partial.size < calls + streams) this.#partial.add(id)
    else this.#answer(id, { code: "BUSY", executed: "no" })
    return this.#partial.has(id)
  }

  /** Of an OPEN, or of an item that is too much for its handler. */
  refuseParts(id: number): void {
    const channel = this.#channels.get(id)
    if (channel) return this.#overwhelmed(channel)
    // The id is closed, by which its other parts are known.
    this.#context.assembly.discard(id)
    if (this.#partial.delete(id)) this.#answer(id, { code: "BUSY", executed: "no" })
  }

  get heaviest(): number {
    return heaviestOf(this.#channels)?.inflow?.units ?? 0
  }

  relieve(): void {
    const heaviest = heaviestOf(this.#channels)
    if (heaviest) this.#overwhelmed(heaviest)
  }

  regrant(): void {
    for (const channel of this.#channels) this.grant(channel)
  }

  /**
   * The path's kind is known. `false`: so many of it are open, or so much has been answered that the
   * other side does not take, that one more is refused.
   *
   * @param renewable should the session end, its caller may begin it anew and nothing is lost by that
   */
  admit(channel: AcceptedChannel, kind: ChannelKind, renewable: boolean = false): boolean {
    const full =
      kind === "call" ? this.calls >= this.#limits.calls : this.streams >= this.#limits.streams
    if (full || this.#replies.units > waitingAnswerUnits) return false
    channel.kind = kind
    channel.renewable = renewable
    if (renewable) this.#renewable++
    if (kind === "call") this.calls++
    else this.streams++
    return true
  }

  /**
   * Begins a subscription, or the way down of a duplex: its window is told before its first item.
   *
   * @param waits its source can wait, as that of a lossless stream does unless it cannot
   * @param cursor where it starts in its log; left out where a note says so right behind
   */
  begin(
    channel: AcceptedChannel,
    policy: Policy,
    window: number,
    waits: boolean = policy === "every",
    cursor?: string,
  ): void {
    const { codec, pullBudget, pushBudget } = this.#context
    const budget = waits ? pullBudget : pushBudget
    const { credit } = channel
    const revived = () => this.#context.emit({ type: "writable", channel })
    const lossy = policy === "every" ? undefined : new LossyBacklog()
    channel.lane = new Lane(channel, { codec, lossy, window, credit, budget, revived })
    this.note(channel, "at", this.#context.codec.encode({ window, cursor }))
  }

  /** Nothing of the log stands between what waits and this cursor. */
  place(channel: AcceptedChannel, cursor: string): void {
    this.note(channel, "at", this.#context.codec.encode({ cursor }))
  }

  /**
   * Lets the caller of an upload or a duplex send items, as many at a time. That of a duplex is told so
   * behind `at`, so that a caller without the contract knows one kind from the other.
   */
  receive(channel: AcceptedChannel, window: number): void {
    if (channel.state === "closed") return
    const inflow = new Inflow(this.#context.budget)
    inflow.begin(window, 0)
    inflow.ended = channel.state === "heard"
    channel.inflow = inflow
    this.grant(channel)
  }

  /** The handler has taken items: the caller may go on, once it knows by `at` what it has. */
  grant(channel: AcceptedChannel): void {
    if (channel.lane?.begun !== false) grant(this.#context, channel)
  }

  result(channel: AcceptedChannel, value: Encoded | undefined): void {
    if (channel.state === "closed") return
    const { id } = channel
    const fields = value === undefined ? [Kind.RESULT, id] : [Kind.RESULT, id, value]
    this.#reply(channel, this.#context.codec.array(fields), resultLost)
  }

  /** A handler's own ERROR: of a stream, behind the items that wait. */
  fail(channel: AcceptedChannel, failure: Failure): void {
    if (channel.state === "closed") return
    const { lane } = channel
    if (!lane) return this.kill(channel, failure)
    if (lane.closing) return
    channel.failure = failure
    lane.close(this.#replies.errorFrame(channel.id, failure))
    this.#context.scheduler.wake(lane)
  }

  /**
   * An ERROR of the runtime: at once, ahead of whatever waits. Where it cuts another frame's parts off it
   * has to do without its data if it would need parts too: they would be taken for the other's.
   */
  kill(channel: AcceptedChannel, failure: Failure): void {
    if (channel.state === "closed") return
    const { code, executed, message } = failure
    const remnant = { code, executed, message }
    const frame = this.#replies.errorFrame(channel.id, failure)
    const mustFit = channel.lane?.inParts === true && frame.length > messageUnits
    channel.lane?.kill()
    this.#reply(channel, mustFit ? this.#replies.errorFrame(channel.id, remnant) : frame, remnant)
  }

  /** `false`: the delivery policy has no room for the value. */
  item(channel: AcceptedChannel, value: Encoded, key?: unknown, cursor?: string): boolean {
    const { lane } = channel
    if (!lane || channel.state === "closed" || lane.closing) return true
    if (!lane.item(value, key, cursor)) return false
    this.#context.scheduler.wake(lane)
    const soon = this.#context.now + durations.droppedNote
    if (lane.dropped > 0 && !(this.#timed.has(channel) && channel.at <= soon)) {
      this.#timed.set(channel, Math.min(channel.deadline, soon))
    }
    return true
  }

  note(channel: AcceptedChannel, what: string, data?: Encoded): void {
    const { codec, scheduler } = this.#context
    const { lane } = channel
    if (!lane || channel.state === "closed" || lane.closing) return
    const fields = [Kind.NOTE, channel.id, codec.encode(what)]
    lane.note(codec.array(data === undefined ? fields : [...fields, data]))
    scheduler.wake(lane)
  }

  /** END, behind the items that wait. */
  end(channel: AcceptedChannel): void {
    const { lane } = channel
    if (!lane || channel.state === "closed" || lane.closing) return
    lane.close(this.#context.codec.array([Kind.END, channel.id]))
    this.#context.scheduler.wake(lane)
  }

  detached(): void {
    this.#replies.detached()
  }

  attached(): void {
    this.#replies.attached()
  }

  ring(): void {
    const { now } = this.#context
    for (let channel = this.#timed.due(now); channel; channel = this.#timed.due(now)) {
      const over = now >= channel.deadline
      this.#timed.set(channel, over ? Number.POSITIVE_INFINITY : channel.deadline)
      if (over) this.#giveUp(channel, "TIMEOUT")
      else this.#tellDropped(channel)
    }
  }

  #tellDropped({ lane }: AcceptedChannel): void {
    if (!lane) return
    lane.tellDropped()
    this.#context.scheduler.wake(lane)
  }

  /** Nobody waits for these any more. */
  abandon(): void {
    for (const channel of [...this.#channels]) {
      this.#close(channel)
      this.#cancelled(channel, "CLOSED")
    }
  }

  /** A handler that had failed before its caller left has spoken: that stays the outcome. */
  #giveUp(channel: AcceptedChannel, code: Leaving): void {
    if (channel.failure === undefined) this.#cancelled(channel, code)
    else this.kill(channel, channel.failure)
  }

  /** The handler does not keep up; what it would not get to is dropped in this very step. */
  #overwhelmed(channel: AcceptedChannel): void {
    channel.inflow?.clear()
    this.#giveUp(channel, "SLOW_CONSUMER")
  }

  #cancelled(channel: AcceptedChannel, code: Leaving): void {
    this.#context.emit({ type: "cancelled", channel, code })
  }

  #answer(id: number, failure: Failure): void {
    this.#context.scheduler.push(this.#replies.errorFrame(id, failure))
  }

  /** An id is taken by its first OPEN, PART or CANCEL, which must lie above all that were. */
  #take(id: number): void {
    if (id <= this.#highest) throw new Violation("an id taken twice")
    if (this.#context.scheduler.length > waitingAnswers) {
      throw new Violation("it asks and does not take the answers", TOO_MANY)
    }
    this.#highest = id
  }

  #open([, id, path, input, credit, meta]: Open): void {
    const { now, rates } = this.#context
    rates?.open(now)
    if (!this.#partial.delete(id)) this.#take(id)
    if (this.refusing) return this.#answer(id, { code: "REFUSED", executed: "no" })
    const open = { id, path, input, credit: credit ?? undefined, meta: meta ?? undefined }
    const channel = new AcceptedChannel(open, now, this)
    this.#channels.set(id, channel)
    if (typeof meta?.d === "number") {
      channel.deadline = now + meta.d
      this.#timed.set(channel, channel.deadline)
    }
    this.#context.emit({ type: "accept", channel })
  }

  /** Answered at once by the dispatcher, unless the outcome stands already. */
  #cancel(id: number): void {
    const { now, rates } = this.#context
    const taken = id <= this.#highest
    const channel = this.#channels.get(id)
    rates?.cancel(now, channel?.openedAt ?? Number.NEGATIVE_INFINITY)
    if (!taken) this.#take(id)
    if (!taken || this.#partial.delete(id)) {
      return this.#answer(id, { code: "CANCELLED", executed: "no" })
    }
    if (channel) this.#giveUp(channel, "CANCELLED")
  }

  #credit(id: number, upTo: number): void {
    const lane = this.#find(id)?.lane
    if (!lane) return
    lane.credit(upTo)
    this.#context.scheduler.wake(lane)
  }

  /** Without an inflow nobody gave credit for any. */
  #items(
    id: number,
    values: readonly unknown[],
    cursors: readonly string[] | undefined,
    charge: number,
  ): void {
    const channel = this.#find(id)
    if (!channel) return
    if (!channel.inflow) throw new Violation("an item beyond its credit")
    channel.inflow.push(values, cursors, charge, this.#context.received)
    this.#context.emit({ type: "readable", channel })
  }

  /** It may come before anything is known of its path; what takes no items does not mind. */
  #ended(id: number): void {
    const channel = this.#find(id)
    if (!channel) return
    if (!move(channel, "hear")) throw new Violation("a second END")
    if (channel.inflow) {
      channel.inflow.ended = true
      this.#context.emit({ type: "readable", channel })
    }
    if (channel.state === "closed") this.forget(channel)
  }

  /** A frame for a channel of theirs; `undefined`: closed, or skipped. */
  #find(id: number): AcceptedChannel | undefined {
    if (id > this.#highest) throw new Violation("a frame for a channel that was not opened")
    return this.#channels.get(id)
  }

  #reply(channel: AcceptedChannel, frame: Encoded, remnant: Failure): void {
    this.#close(channel)
    this.#replies.send(channel.id, frame, remnant)
  }

  #close(channel: AcceptedChannel): void {
    move(channel, "end")
    this.forget(channel)
  }

  /** It is closed: what was sent up and not taken is for nobody. */
  forget(channel: AcceptedChannel): void {
    if (!this.#channels.delete(channel.id)) return
    this.#timed.remove(channel)
    channel.inflow?.clear()
    this.#context.assembly.discard(channel.id)
    if (channel.renewable) this.#renewable--
    if (channel.kind === "call") this.calls--
    else if (channel.kind !== undefined) this.streams--
  }
}
