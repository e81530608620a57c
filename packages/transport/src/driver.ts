import type {
  AcceptedChannel,
  Attachment,
  Effect,
  Encoded,
  GoAwayBody,
  OpenedChannel,
  Outcome,
  OutgoingEvent,
  Session,
  SessionEnd,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as limits from "@trunkline/protocol/limits"
import { callUser, surface } from "./call-user.js"
import type { Host } from "./host.js"
import type { Transport } from "./transport.js"
import { doWorks, endsAlone } from "./turn-end.js"

/** Who hears what a session asks for beyond its socket. */
export interface DriverUser {
  /** The other side opened a channel. */
  accept(channel: AcceptedChannel): void
  /** The other side sent a one-way event. */
  event(path: string, input: unknown): void
  /** The server is about to leave. */
  goAway(body: GoAwayBody): void
  /** The client has another token; answered with `session.authOk`, or by closing. */
  auth(token: string): void
  /** The server believed our token, for so many milliseconds unless it does not run out. */
  authOk(exp: number | undefined): void
  /** The socket is gone and the session lives. */
  lost(code: number, reason: string): void
  /** The session is over. */
  over(end: SessionEnd): void
  /** A channel that was opened here has been settled, or the last of the events sent. */
  settled(): void
  /** So many events sent from here may not have arrived. */
  eventsLost(count: number): void
  /** Steps were made, and everything that they led to: once a turn, or at once where nothing is to be sent. */
  stepped?(): void
  /** What was opened or sent here goes into the session that took over. */
  displaced(entry: OpenedChannel | OutgoingEvent): void
}

/**
 * The only pump: feeds one session from its socket, its clock and its users, and carries out what each
 * step asks for. Both sides use it.
 *
 * Must hold: effects are carried out in the order of their steps, also when carrying one out leads to
 * another step; and of all sockets that the session ever had, only the current one is heard (S9). What a
 * user throws is nothing to the effects behind it, nor to the socket: one of `ws` would be stuck.
 */
export class Driver {
  readonly session: Session
  readonly #host: Host
  readonly #user: DriverUser
  #transport: Transport | undefined
  #now = 0
  /** Of the steps that carrying out another led to. */
  #effects: Effect[] = []
  #pumping = false
  #flushScheduled = false
  #wakeTime: number = Number.POSITIVE_INFINITY
  #cancelWake: (() => void) | undefined

  constructor(session: Session, host: Host, user: DriverUser) {
    this.session = session
    this.#host = host
    this.#user = user
  }

  /** Goes on with this socket; one before it is dropped, not closed. */
  attach(transport: Transport, attachment: Attachment): void {
    this.#transport = transport
    transport.listen({
      message: (wire) => this.#message(transport, wire),
      closed: (code, reason) => this.#closed(transport, code, reason),
    })
    this.step((session) => session.attach(attachment))
  }

  /** Lets go of the current socket, which its owner closes: another takes its place. */
  detach(): Transport | undefined {
    const transport = this.#transport
    this.#transport = undefined
    this.step((session) => session.detach())
    return transport
  }

  /** Does one thing to the session, and whatever follows from it. `argument` is handed through. */
  step(input: (session: Session) => void): void
  step<A>(input: (session: Session, argument: A) => void, argument: A): void
  step<A>(input: (session: Session, argument?: A) => void, argument?: A): void {
    // A turn takes no time, and looking at the clock takes some.
    if (!this.#flushScheduled) this.#now = this.#host.now()
    const effects = this.session.step(this.#now, input, argument)
    if (this.#pumping) {
      for (const effect of effects) this.#effects.push(effect)
      return
    }
    if (effects.length > 0) this.#pump(effects)
    this.#scheduleFlush()
    // Within a turn no timer rings and nobody looks at what is held: the flush at its end is a step too.
    if (this.#flushScheduled) return
    this.#scheduleWake()
    this.#user.stepped?.()
  }

  /**
   * For whoever works at the end of a turn and takes each session up once: does `work`, and what it does to
   * this one leaves at once. A session that has something to send already, or that somebody else may give more
   * at the same end, sends all of it together later.
   */
  turn<A>(work: (argument: A) => void, argument: A): void {
    if (this.#flushScheduled || this.#pumping || !endsAlone(this.#host)) return work(argument)
    this.#now = this.#host.now()
    // So that the steps of `work` are those of one turn, which ends here.
    this.#flushScheduled = true
    try {
      work(argument)
    } finally {
      this.#flush()
    }
  }

  /** Forgets the clock: the session is over, and nothing is left to wait for. */
  stop(): void {
    this.#cancelWake?.()
    this.#cancelWake = undefined
    this.#wakeTime = Number.POSITIVE_INFINITY
  }

  #message(transport: Transport, wire: Encoded): void {
    if (transport === this.#transport) this.step(receive, wire)
  }

  #closed(transport: Transport, code: number, reason: string): void {
    if (transport !== this.#transport) return
    this.detach()
    this.#user.lost(code, reason)
  }

  /** Carries out a step's effects, and behind them those of the steps that this led to. */
  #pump(effects: readonly Effect[]): void {
    this.#pumping = true
    for (const effect of effects) this.#try(effect)
    for (let index = 0; index < this.#effects.length; index++) {
      const effect = this.#effects[index]
      if (effect) this.#try(effect)
    }
    if (this.#effects.length > 0) this.#effects = []
    this.#pumping = false
  }

  #try(effect: Effect): void {
    try {
      this.#carryOut(effect)
    } catch (error) {
      surface(error)
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "transmit":
        return this.#transmit(effect.wire)
      case "disconnect":
        return this.#disconnect(effect.code, effect.reason)
      case "accept":
        return this.#user.accept(effect.channel)
      case "settled":
        if (effect.channel.observation) tellObserver(effect.channel, effect.outcome)
        effect.channel.user.settled(effect.outcome)
        return this.#user.settled()
      case "displaced":
        return this.#user.displaced(effect.entry)
      case "readable":
        return effect.channel.user?.readable?.()
      case "writable":
        return effect.channel.user?.writable?.()
      case "cancelled":
        return effect.channel.user?.cancelled(effect.code)
      case "event":
        return this.#user.event(effect.path, effect.input)
      case "eventsSettled":
        return this.#user.settled()
      case "eventsLost":
        return this.#user.eventsLost(effect.count)
      case "goaway":
        return this.#user.goAway(effect.body)
      case "auth":
        return this.#user.auth(effect.token)
      case "authOk":
        return this.#user.authOk(effect.exp)
      case "over":
        return this.#user.over(effect.end)
    }
  }

  /**
   * The window bounds what waits in a socket, a unit being three bytes at most. Beyond it only answers to
   * control messages pile up, for somebody who asks and does not read.
   */
  #transmit(wire: Encoded): void {
    const transport = this.#transport
    if (!transport) return
    transport.send(wire)
    const { buffered = 0 } = transport
    if (buffered <= 3 * this.session.window + 4 * limits.messageBytesOnWire) return
    this.detach()?.close(closeCodes.BUSY, "nothing is read")
    this.#user.lost(closeCodes.BUSY, "nothing is read")
  }

  #disconnect(code: number, reason: string): void {
    const transport = this.#transport
    this.#transport = undefined
    transport?.close(code, reason)
    if (!this.session.over) this.#user.lost(code, reason)
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || !this.session.pending) return
    this.#flushScheduled = true
    this.#host.endOfTurn(this.#flushAtEnd)
  }

  readonly #flushAtEnd = (): void => {
    doWorks(this.#host)
    this.#flush()
  }

  #flush(): void {
    this.#flushScheduled = false
    this.step(flush)
  }

  /** A timer that rings too early is cheaper than one set anew for every message. */
  #scheduleWake(): void {
    const { deadline } = this.session
    if (deadline >= this.#wakeTime) return
    this.#cancelWake?.()
    this.#wakeTime = deadline
    this.#cancelWake = this.#host.wakeAt(deadline, this.#wake)
  }

  readonly #wake = (): void => {
    this.#wakeTime = Number.POSITIVE_INFINITY
    this.#cancelWake = undefined
    this.step((session) => session.tick())
  }
}

/** What an observer throws is nothing to whoever waits. */
function tellObserver({ observation }: OpenedChannel, outcome: Outcome): void {
  callUser(() => observation?.ended(outcome.ok ? undefined : outcome.failure))
}

// Made once: they run for every message.
const receive = (session: Session, wire: Encoded): void => session.receive(wire)
const flush = (session: Session): void => session.flush()
