import {
  type Codec,
  Context,
  type Limits,
  type Loss,
  NothingServed,
  type QueueBounds,
  type Resume,
  Session,
  type WelcomeBody,
} from "@trunkline/protocol"
import { Driver, type DriverUser, type Host, type Transport, uniform } from "@trunkline/transport"

export interface SessionsOptions {
  readonly host: Host
  readonly limits: Limits
  readonly queue: QueueBounds
  /** What is spoken until the server has chosen. */
  readonly codec: Codec
  /** Who hears what the current session asks for. */
  readonly user: DriverUser
}

/** By what the server knows the session. */
interface Identity {
  readonly sid: string
  readonly secret: string
  /** Resumes tried. */
  attempts: number
}

/** What is known of a session that is over, until the next one takes its channels. */
interface Ended {
  readonly rx: number | undefined
  readonly breach: boolean
  /** The server may tell more: how much it had applied. */
  readonly ask: boolean
}

/**
 * The sessions of one connection, one after another: each lives as long as it can be resumed, and hands
 * its open channels to the next (docs/protocol.md, "Session lost").
 */
export class Sessions {
  /** Of the current session. */
  driver: Driver
  readonly #options: SessionsOptions
  #identity: Identity | undefined
  #subject: string | undefined
  #ended: Ended | undefined

  constructor(options: SessionsOptions) {
    this.#options = options
    this.driver = this.#create(options.codec, 1)
  }

  /** The id of the current session, once it has one. */
  get id(): string | undefined {
    return this.#identity?.sid
  }

  /** A resume must speak what its session speaks. */
  get resuming(): boolean {
    return this.#identity !== undefined && this.#ended === undefined
  }

  /** What the next HELLO says of the session; each one counts as an attempt. */
  resume(): Resume | undefined {
    const identity = this.#identity
    if (!identity || this.#ended?.ask === false) return undefined
    const { sid, secret } = identity
    const { applied: rx, sent: tx } = this.driver.session
    const resume = { sid, secret, attempt: ++identity.attempts, rx, tx }
    return this.#ended ? { ...resume, end: true } : resume
  }

  /** The session is over; its channels wait for the next one. */
  end(ended: Ended): void {
    if (!this.#identity || this.#ended) return
    this.#ended = ended
    this.driver.step((session) =>
      session.end({ why: "ended", rx: ended.rx, reason: "the session is over" }),
    )
  }

  /** Goes on as the WELCOME says. `false`: it cannot be true, and the socket has to be closed. */
  welcome(welcome: WelcomeBody, transport: Transport, codec: Codec): boolean {
    const usable = welcome.resumed ? this.#canResume(welcome) : this.#begin(welcome, codec)
    if (!usable) return false
    const { limits, hb: heartbeat } = welcome
    const rx = welcome.resumed ? welcome.rx : 0
    this.driver.attach(transport, { rx, limits, heartbeat })
    return true
  }

  #canResume(welcome: WelcomeBody): boolean {
    const { session } = this.driver
    return this.resuming && welcome.sid === this.#identity?.sid && session.covers(welcome.rx)
  }

  /** A new session: the first, or one that takes over from a lost one. */
  #begin(welcome: WelcomeBody, codec: Codec): boolean {
    const { sid, secret, subject } = welcome
    if (!secret) return false
    if (this.#identity || codec !== this.driver.session.codec) this.#succeed(welcome, codec)
    this.#identity = { sid, secret, attempts: 0 }
    this.#subject = subject
    this.#ended = undefined
    return true
  }

  #succeed(welcome: WelcomeBody, codec: Codec): void {
    const loss: Loss = {
      rx: this.#ended?.rx ?? welcome.prior?.rx ?? undefined,
      subjectChanged: this.#subject !== undefined && this.#subject !== welcome.subject,
      breach: this.#ended?.breach === true || welcome.why === "protocol",
    }
    this.end({ rx: undefined, breach: false, ask: false })
    const { session: lost } = this.driver
    this.driver.stop()
    this.driver = this.#create(codec, lost.calling.nextId)
    this.driver.step((session) => session.inherit(lost, loss))
  }

  #create(codec: Codec, firstId: number): Driver {
    const { host, limits, queue, user } = this.#options
    const context = new Context(codec, () => uniform(host))
    const callee = new NothingServed(context)
    const session = new Session({ role: "client", context, callee, limits, queue, firstId })
    return new Driver(session, host, user)
  }
}
