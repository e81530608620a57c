import type { Encoded } from "@trunkline/protocol"
import * as Kind from "@trunkline/protocol/frame-kinds"
import * as limits from "@trunkline/protocol/limits"
import type { Counters } from "./counters.js"
import { Ferry } from "./ferry/ferry.js"
import type { Ledger } from "./ledger.js"
import type { Direction, Link } from "./network.js"
import { WireItems } from "./sending/wire-items.js"
import { codecOf, frameText, messageIn } from "./speech.js"
import type { TopicAttempt } from "./topics/topic-wire.js"
import type { Topics } from "./topics/topics.js"
import { must } from "./violation.js"

type Frame = readonly unknown[]

/** A numbered frame on its way. */
interface Sight {
  readonly direction: Direction
  readonly number: number
  readonly frame: Frame
  readonly now: number
}

/** One direction of a session, as everything that was put on the wire shows it. */
class Flow {
  /** Each numbered frame as it was first sent, by its number. */
  readonly frames: Frame[] = [[]]
  /** The highest acknowledgement that the other direction carried, and what it was before this moment. */
  acknowledged = 0
  #before = 0
  #raisedAt = Number.NEGATIVE_INFINITY

  get sent(): number {
    return this.frames.length - 1
  }

  acknowledgedBefore(now: number): number {
    return now === this.#raisedAt ? this.#before : this.acknowledged
  }

  acknowledge(upTo: number, now: number): void {
    if (upTo <= this.acknowledged) return
    this.#before = this.acknowledgedBefore(now)
    this.#raisedAt = now
    this.acknowledged = upTo
  }
}

/** A stream as the wire shows it. */
interface Stream {
  begun: boolean
  allowed: number
  items: number
}

class ObservedSession {
  readonly up = new Flow()
  readonly down = new Flow()
  /** Numbers of the terminal frame of each id. */
  readonly terminals = new Map<number, number>()
  readonly streams = new Map<number, Stream>()
  readonly topics = new Map<number, TopicAttempt>()
  /** Which operation an id stands for, where its OPEN came in one piece. */
  readonly operations = new Map<number, number>()
  readonly items: WireItems
  readonly parting = { up: new Map<number, number>(), down: new Map<number, number>() }
  readonly ferry: Ferry

  constructor(counters: Counters, ledger: Ledger) {
    this.items = new WireItems(counters)
    this.ferry = new Ferry(counters, ledger)
  }
}

/**
 * Reads along and checks what the wire alone can show: the session's invariants, without believing a
 * word of what either side thinks of itself.
 */
export class WireObserver {
  readonly #sessions = new Map<string, ObservedSession>()
  readonly #sidOf = new Map<Link, string>()
  /** What each socket's HELLO says of its user. */
  readonly #tokenOf = new Map<Link, string>()
  /** What each client spoke last. */
  readonly #speaks = new Map<object, string>()
  readonly #counters: Counters
  readonly #ledger: Ledger
  readonly #topics: Topics | undefined
  /** The session of each attempt to read a topic. */
  readonly #sessionOf = new Map<TopicAttempt, ObservedSession>()

  constructor(counters: Counters, ledger: Ledger, topics: Topics | undefined) {
    this.#counters = counters
    this.#ledger = ledger
    this.#topics = topics
  }

  observe(link: Link, direction: Direction, wire: Encoded): void {
    const [first, ack, ...frames] = messageIn(wire)
    if (first === 0) this.#control(link, direction, frames, wire)
    const session = this.#sessions.get(this.#sidOf.get(link) ?? "")
    if (!session) return
    const now = link.client.now()
    const opposite = session[direction === "up" ? "down" : "up"]
    this.#acknowledge(opposite, ack, now)
    if (first === 0) return
    this.#checkSize(wire, frames)
    for (const [index, frame] of frames.entries()) {
      this.#numbered(session, { direction, number: first + index, frame, now })
    }
  }

  #numbered(session: ObservedSession, sight: Sight): void {
    const { direction, number, frame } = sight
    const flow = session[direction]
    const known = flow.frames[number]
    if (known !== undefined) return this.#again(known, frame)
    must(number === flow.sent + 1, "S6", () => `number ${number} after ${flow.sent}`)
    flow.frames.push(frame)
    this.#first(session, sight)
  }

  #control(link: Link, direction: Direction, frames: readonly Frame[], wire: Encoded): void {
    const { ferry } = this.#sessions.get(this.#sidOf.get(link) ?? "") ?? {}
    for (const [kind, body] of frames) {
      if (kind === Kind.HELLO) this.#hello(link, Object(body))
      if (kind === Kind.WELCOME) this.#welcome(link, Object(body), wire)
      if (kind === Kind.REJECT) this.#counters.add(`reject ${Object(body).code}`)
      if (kind === Kind.BYE) this.#counters.add(`bye ${direction}`)
      if (kind === Kind.GOAWAY) this.#counters.add("goaway")
      if (kind === Kind.AUTH) this.#counters.add("auth")
      if (kind === Kind.AUTH_OK) this.#counters.add("auth_ok")
      if (kind === Kind.PING) this.#counters.add(`ping ${direction}`)
      if (kind === Kind.PING && direction === "up") ferry?.pinged(Number(body))
      if (kind === Kind.PONG && direction === "down") ferry?.ponged(Number(body))
    }
    if (frames.length === 0) this.#counters.add(`pure ack ${direction}`)
  }

  #hello(link: Link, { auth, resume }: { auth: string; resume?: unknown }): void {
    this.#counters.add(resume ? "hello resume" : "hello")
    this.#tokenOf.set(link, auth)
  }

  #welcome(
    link: Link,
    body: { sid: string; resumed: boolean; why?: string; prior?: unknown },
    wire: Encoded,
  ): void {
    const { sid, resumed, why, prior } = body
    this.#counters.add(resumed ? "resumed" : `new session${why ? `, ${why}` : ""}`)
    if (prior) this.#counters.add("prior told")
    this.#sidOf.set(link, sid)
    if (resumed) {
      must(this.#sessions.has(sid), "S9", () => `${sid} resumed before it was begun`)
      this.#sessions.get(sid)?.ferry.broken()
    } else {
      this.#sessions.set(sid, new ObservedSession(this.#counters, this.#ledger))
      this.#ledger.begin(sid, this.#tokenOf.get(link) ?? "")
      this.#spoken(link, codecOf(wire).subprotocol)
    }
  }

  #spoken(link: Link, subprotocol: string): void {
    const before = this.#speaks.get(link.client)
    this.#speaks.set(link.client, subprotocol)
    this.#counters.add(`new session on ${subprotocol}`)
    if (before !== undefined && before !== subprotocol)
      this.#counters.add("another codec than before")
  }

  #acknowledge(flow: Flow, ack: number, now: number): void {
    must(ack <= flow.sent, "S6", () => `${ack} acknowledged, ${flow.sent} sent`)
    flow.acknowledge(ack, now)
  }

  #checkSize(wire: Encoded, frames: readonly Frame[]): void {
    const alone = frames.length === 1
    must(alone || wire.length <= limits.messageUnits + 2_000, "S16", () => `${wire.length} units`)
    must(wire.length <= limits.messageBytesOnWire, "S16", () => `${wire.length} units alone`)
    must(frames.length <= limits.messageFrames, "S16", () => `${frames.length} frames`)
  }

  /** S7: as it was, or a CANCEL in the place of an OPEN whose caller has gone. */
  #again(known: Frame, frame: Frame): void {
    this.#counters.add("retransmitted")
    const [before, now] = [known, frame].map(frameText)
    if (before === now) return this.#checkWanted(frame)
    const opens = known[0] === Kind.OPEN || known[0] === Kind.PART
    const replaced = opens && frame[0] === Kind.CANCEL && frame[1] === known[1]
    must(replaced, "S7", () => `${before?.slice(0, 80)} became ${now?.slice(0, 80)}`)
    this.#counters.add("cancel in place of an open")
  }

  /** S7: nothing begins for a caller who has gone. */
  #checkWanted([kind, id, , input]: Frame): void {
    const operation = kind === Kind.OPEN ? Number(Object(input).id) : Number.NaN
    must(!this.#ledger.hasLeft(operation), "S7", () => `${id} sent again, and nobody waits for it`)
  }

  #first(session: ObservedSession, { direction, number, frame, now }: Sight): void {
    const [kind, id] = frame
    if (typeof id !== "number") return
    this.#checkParts(session, direction, frame)
    const isCallers = (direction === "up") === (id % 2 === 1)
    if (isCallers) {
      session.items.fromCaller(frame)
      this.#fromCaller(session, frame, now)
    } else {
      session.items.fromCallee(frame)
      this.#fromCallee(session, number, frame)
    }
    this.#counters.add(`frame ${Number(kind)} ${direction}`)
  }

  #fromCaller(session: ObservedSession, frame: Frame, now: number): void {
    const [kind, id, upTo, input, credit, meta] = frame
    if (kind === Kind.OPEN) {
      session.operations.set(Number(id), Number(Object(input).id))
      session.ferry.called(Number(id), Number(Object(input).id))
      session.streams.set(Number(id), { begun: false, allowed: Number(credit ?? 0), items: 0 })
      this.#openTopic(session, frame)
      const { u, a, f, k } = Object(meta)
      if (u) this.#counters.add("opened in doubt")
      if (k) this.#counters.add("opened by its key")
      if (a) this.#counters.add("re-issued")
      must((a ?? 0) <= limits.reissues, "L4", () => `re-issued ${a} times`)
      if (f) this.#counters.add("opened after a cursor")
    }
    if (kind === Kind.CANCEL) {
      const { down } = session
      session.topics.get(Number(id))?.leave(down.acknowledged, down.acknowledgedBefore(now))
    }
    if (kind === Kind.CREDIT) {
      const stream = session.streams.get(Number(id))
      if (stream) stream.allowed = Math.max(stream.allowed, Number(upTo))
      this.#counters.add("credit granted")
    }
  }

  #openTopic(session: ObservedSession, [, id, path, input, credit, meta]: Frame): void {
    const [group, procedure] = String(path).split(".")
    if (group !== "topics" || !procedure || !this.#topics) return
    const allowed = typeof credit === "number" ? credit : undefined
    const attempt = this.#topics.opened(
      procedure,
      Object(input),
      Object(meta),
      allowed,
      (before) => {
        return this.#sessionOf.get(before)?.down.acknowledged ?? 0
      },
    )
    this.#sessionOf.set(attempt, session)
    session.topics.set(Number(id), attempt)
  }

  /** S4: one terminal frame an id, and nothing after it. S8: no item without credit. */
  #fromCallee(session: ObservedSession, number: number, frame: Frame): void {
    const [kind, id, body, data] = frame
    const channel = Number(id)
    session.ferry.sent(kind, channel)
    const ended = session.terminals.get(channel)
    must(ended === undefined, "S4", () => `frame ${Number(kind)} of ${channel} after its end`)
    const terminal = kind === Kind.END && !this.#isDuplex(session, channel)
    if (kind === Kind.RESULT || kind === Kind.ERROR || terminal) {
      session.terminals.set(channel, number)
      if (kind === Kind.ERROR) this.#error(session, channel, String(body), String(data))
    }
    session.topics.get(channel)?.observe(number, frame)
    const stream = session.streams.get(channel)
    if (!stream) return
    const told = kind === Kind.NOTE || kind === Kind.ITEM || kind === Kind.ITEMS
    const begins = kind === Kind.NOTE && body === "at"
    must(stream.begun || begins || !told, "S2", () => `${channel} begins without its "at"`)
    if (begins) {
      stream.begun = true
      stream.allowed ||= Number(Object(data).window)
    } else if (kind === Kind.NOTE) this.#counters.add(`note ${String(body)}`)
    if (kind === Kind.ITEM) stream.items++
    if (kind === Kind.ITEMS) stream.items += Array.isArray(body) ? body.length : 0
    must(
      stream.items <= stream.allowed,
      "S8",
      () => `${stream.items} items, ${stream.allowed} allowed`,
    )
    if (stream.items === stream.allowed) this.#counters.add("credit used up")
  }

  /** Whose callee's END is not all: credit for the caller follows, and an ERROR may. */
  #isDuplex(session: ObservedSession, channel: number): boolean {
    const operation = this.#ledger.accounts.get(session.operations.get(channel) ?? 0)?.operation
    return operation?.procedure === "duplex"
  }

  /** S5: "yes" only of a handler that has come to its end. */
  #error(session: ObservedSession, channel: number, code: string, executed: string): void {
    this.#counters.add(`error ${code} ${executed}`)
    const operation = session.operations.get(channel)
    const entries = operation === undefined ? [] : this.#ledger.entriesOf(operation)
    const ended = entries.length === 0 || entries.some((entry) => entry.ended)
    must(executed !== "yes" || ended, "S5", () => `${channel} failed ${code} "yes" while it ran`)
  }

  /** S16: between the parts of one frame only credit, cancel and a killing error of its id. */
  #checkParts(session: ObservedSession, direction: Direction, frame: Frame): void {
    const [kind, id, more] = frame
    const parting = session.parting[direction]
    const channel = Number(id)
    if (kind === Kind.PART) {
      this.#counters.add(`part ${direction}`)
      if (more) parting.set(channel, 1)
      else parting.delete(channel)
      return
    }
    if (!parting.has(channel)) return
    const allowed = kind === Kind.CREDIT || kind === Kind.CANCEL || kind === Kind.ERROR
    must(allowed, "S16", () => `frame ${Number(kind)} between the parts of ${channel}`)
    if (kind !== Kind.CREDIT) parting.delete(channel)
  }
}
