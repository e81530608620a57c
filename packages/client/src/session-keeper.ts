import type {
  Codec,
  GoAwayBody,
  HelloBody,
  Loss,
  OpenedChannel,
  OutgoingEvent,
  RejectBody,
  Resume,
  Session,
  SessionEnd,
  WelcomeBody,
  Why,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import { type Driver, type DriverUser, type Host, uniform } from "@trunkline/transport"
import type { Dial, DialResult } from "./dial.js"
import type { Reconnect, Verdict } from "./reconnect.js"
import { TokenRefresh } from "./token-refresh.js"

/** What a server said that welcomed us, and how it can be reached. */
export type Welcomed = Extract<DialResult, { type: "welcome" }>

/** What a connection does for those who keep its sessions, and hears from them. */
export interface KeeperUser {
  readonly host: Host
  /** Milliseconds: the longest wait between attempts. */
  readonly longestWait: number
  /** What we speak, best first. */
  readonly codecs: readonly Codec[]
  reconnect(): Reconnect
  /** A session without a socket, whose ids begin with this one; without a name nothing is served in it. */
  create(user: DriverUser, firstId: number, codec?: Codec, name?: SessionName): Driver
  dial(
    codecs: readonly Codec[],
    hello: (auth: string | undefined) => HelloBody,
    done: (result: DialResult) => void,
  ): Dial
  /** What every HELLO says. */
  hello(auth: string | undefined): HelloBody
  /** An attempt begins. */
  dialling(keeper: SessionKeeper): void
  /** Gives the token of now; undefined where there are none. */
  readonly token: (() => unknown) | undefined
  /** An attempt could not be made, or a token not be had. */
  failed(cause: unknown): void
  /** Its session goes on. */
  resumed(keeper: SessionKeeper): void
  /** A server gives it a new session. */
  welcomed(keeper: SessionKeeper, welcomed: Welcomed): void
  /** There is no socket for now. */
  lost(keeper: SessionKeeper, code: number, reason: string): void
  /** Nothing more will be tried. */
  gone(keeper: SessionKeeper, code: number, reason: string): void
  /** We took our leave. */
  left(keeper: SessionKeeper): void
  /** The server is about to leave. */
  goAway(keeper: SessionKeeper): void
  settled(): void
  eventsLost(events: number): void
  /** It goes into the session that took over. */
  displaced(keeper: SessionKeeper, entry: OpenedChannel | OutgoingEvent): void
}

/** What both sides call a session, and whose it is. */
export interface SessionName {
  readonly sid: string
  readonly subject: string
}

/** By what the server knows the session. */
interface Identity extends SessionName {
  readonly secret: string
  /** Resumes tried. */
  attempts: number
}

/** What is known of a session that is over, until another takes its channels. */
interface Ended {
  readonly rx: number | undefined
  readonly why: Why | undefined
  /** The server may tell more: how much it had applied. */
  readonly ask: boolean
}

/** Nothing is known of how far it came, and nothing will be told. */
const unproven: Ended = { rx: undefined, why: undefined, ask: false }

/** Attempts to come soon after the network did are spread over this, in milliseconds. */
export const wakeSpread = 1_000

/**
 * Keeps one session up: dials, resumes it for as long as that is possible, and asks for a new one when it
 * is over (docs/protocol.md, "Sessions").
 */
export class SessionKeeper implements DriverUser {
  /** Of the session; of one that is over, until another takes its channels. */
  driver: Driver
  /** What the server said when it was about to leave: it takes nothing new in this session. */
  sentAway: GoAwayBody | undefined
  readonly tokens: TokenRefresh
  readonly #user: KeeperUser
  readonly #reconnect: Reconnect
  #identity: Identity | undefined
  #ended: Ended | undefined
  #dial: Dial | undefined
  #cancelWait: (() => void) | undefined

  constructor(user: KeeperUser) {
    this.#user = user
    this.#reconnect = user.reconnect()
    this.driver = user.create(this, 1)
    this.tokens = new TokenRefresh({
      host: user.host,
      token: user.token,
      show: (token) => this.driver.step(({ controls }) => controls.auth(token)),
      failed: (cause) => user.failed(cause),
    })
  }

  /** The id of the session, once it has one. */
  get id(): string | undefined {
    return this.#identity?.sid
  }

  get session(): Session {
    return this.driver.session
  }

  /** As the server shows whose session it is. */
  get subject(): string | undefined {
    return this.#identity?.subject
  }

  /** The session is over. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** It is over, and a server may still tell what had arrived. */
  get asks(): boolean {
    return this.#ended?.ask === true
  }

  dial(): void {
    this.#cancelWait = undefined
    this.#dial = this.#user.dial(
      this.#resuming ? [this.session.codec] : this.#user.codecs,
      (auth) => this.#hello(auth),
      (result) => this.#dialled(result),
    )
    this.#user.dialling(this)
  }

  /** Dials after so many milliseconds. */
  wait(milliseconds: number): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#user.host.wakeAt(this.#now + milliseconds, () => this.dial())
  }

  /** Dials no more. */
  rest(): void {
    this.#dial?.abandon()
    this.#cancelWait?.()
    this.#dial = undefined
    this.#cancelWait = undefined
  }

  /** Goes on in a new session. What `before` leaves open, as its session is over, comes into it first. */
  begin(welcomed: Welcomed, before: SessionKeeper, inherits: boolean): void {
    const { welcome, codec } = welcomed
    const { sid, secret, subject } = welcome
    const { driver } = before
    const loss = before.loss(subject, welcome)
    if (inherits) before.end()
    this.driver = this.#user.create(this, driver.session.calling.nextId, codec, welcome)
    this.#identity = { sid, secret: secret ?? "", subject, attempts: 0 }
    this.#ended = undefined
    this.sentAway = undefined
    if (inherits) this.inherit(driver, loss)
    this.tokens.inherit(before.tokens)
    this.#attach(welcomed)
  }

  /** The channels of a session that is over. */
  inherit(lost: Driver, loss: Loss): void {
    lost.stop()
    this.driver.step((session) => session.inherit(lost.session, loss))
  }

  /** The session is over; its channels wait for another one. */
  end(ended: Ended = unproven): void {
    if (!this.#resuming) return
    this.#ended = ended
    this.driver.step((session) =>
      session.end({ why: "ended", rx: ended.rx, reason: "the session is over" }),
    )
  }

  /** How the session is lost to its channels when the next one is of this subject. */
  loss(subject: string | undefined, welcome?: WelcomeBody): Loss {
    const own = this.subject
    return {
      rx: this.#ended?.rx ?? welcome?.prior?.rx ?? undefined,
      subjectChanged: own !== undefined && own !== subject,
      why: this.#ended?.why ?? welcome?.why ?? undefined,
    }
  }

  /** The page or the network is back: a line is not believed, and not waited for. */
  woke(): void {
    if (this.#cancelWait) this.wait(uniform(this.#user.host) * wakeSpread)
    else this.driver.step((session) => session.probe())
  }

  /** The session stays in grace; whoever wakes us continues it. */
  suspend(): void {
    if (!this.#drop("suspended")) return
    this.wait(this.#user.longestWait)
    this.#user.lost(this, closeCodes.SUSPENDING, "suspended")
  }

  /** Nothing is tried and nothing heard any more. */
  stop(): void {
    this.rest()
    this.tokens.close()
    // Where we took leave the socket closes behind our last words.
    if (!this.session.over) this.#drop("aborted")
    this.driver.stop()
  }

  accept(): void {}
  event(): void {}
  auth(): void {}

  authOk(exp: number | undefined): void {
    this.tokens.confirmed(exp)
  }

  goAway(body: GoAwayBody): void {
    this.sentAway = body
    this.driver.step((session) => session.hold())
    this.#user.goAway(this)
  }

  /** The socket is gone. */
  lost(code: number, reason: string): void {
    this.#follow(this.#reconnect.closed(code, this.#now), code, reason)
  }

  /** The session ended itself: the server took its leave, or did what no server may. Or we did. */
  over({ why, rx, reason }: SessionEnd): void {
    if (why !== "ended") {
      const byServer = why === "bye"
      this.end({ rx, why: undefined, ask: !byServer })
      if (byServer) this.lost(closeCodes.NORMAL, reason)
      else this.#follow(this.#reconnect.breached(this.#now), closeCodes.PROTOCOL, reason)
    } else if (!this.#ended) this.#user.left(this)
  }

  settled(): void {
    this.#user.settled()
  }

  eventsLost(events: number): void {
    this.#user.eventsLost(events)
  }

  displaced(entry: OpenedChannel | OutgoingEvent): void {
    this.#user.displaced(this, entry)
  }

  get #now(): number {
    return this.#user.host.now()
  }

  /** A resume must speak what its session speaks. */
  get #resuming(): boolean {
    return this.#identity !== undefined && !this.#ended
  }

  #hello(auth: string | undefined): HelloBody {
    const resume = this.#resume()
    return { ...this.#user.hello(auth), ...(resume && { resume }) }
  }

  /** What HELLO says of the session; each one counts as an attempt. */
  #resume(): Resume | undefined {
    const identity = this.#identity
    if (!identity || this.#ended?.ask === false) return undefined
    const { sid, secret } = identity
    const { applied: rx, sent: tx } = this.session
    const resume = { sid, secret, attempt: ++identity.attempts, rx, tx }
    return this.#ended ? { ...resume, end: true } : resume
  }

  #dialled(result: DialResult): void {
    this.#dial = undefined
    switch (result.type) {
      case "welcome":
        return this.#welcomed(result)
      case "reject":
        this.#told(result.reject)
        return this.#follow(
          this.#reconnect.rejected(result.reject, this.#resuming, this.#now),
          closeCodes.rejectCloseCodes[result.reject.code],
          result.reject.message,
        )
      case "closed":
        return this.lost(result.code, result.reason)
      case "failed":
        this.#user.failed(result.cause)
        this.tokens.unavailable(result.cause)
        return this.lost(closeCodes.ABNORMAL, "no attempt could be made")
    }
  }

  /** A server that takes no new session may still know that ours is over, and how far it came. */
  #told({ why, prior }: RejectBody): void {
    if (!prior) return
    const ended = { rx: prior.rx, why: this.#ended?.why ?? why ?? undefined, ask: false }
    if (this.#ended) this.#ended = ended
    else this.end(ended)
  }

  #welcomed(welcomed: Welcomed): void {
    const { welcome, transport } = welcomed
    if (!(welcome.resumed ? this.#canResume(welcome) : welcome.secret)) {
      transport.close(closeCodes.PROTOCOL, "an impossible WELCOME")
      return this.lost(closeCodes.PROTOCOL, "an impossible WELCOME")
    }
    this.#reconnect.opened(this.#now)
    if (!welcome.resumed) return this.#user.welcomed(this, welcomed)
    this.#attach(welcomed)
    this.#user.resumed(this)
  }

  #canResume({ sid, rx }: WelcomeBody): boolean {
    return this.#resuming && sid === this.id && this.session.covers(rx)
  }

  #attach({ welcome, transport }: Welcomed): void {
    const { limits, hb: heartbeat, resumed, exp } = welcome
    const rx = resumed ? welcome.rx : 0
    this.tokens.opened(exp ?? undefined)
    this.driver.attach(transport, { rx, limits, heartbeat, keys: welcome.keys ?? undefined })
  }

  /** What is to be done about a line that was lost. */
  #follow({ session, breach, wait }: Verdict, code: number, reason: string): void {
    this.tokens.lost()
    if (session !== "lives") {
      this.end({ rx: undefined, why: breach ? "protocol" : undefined, ask: session === "over" })
    }
    if (wait === undefined) return this.#user.gone(this, code, reason)
    this.wait(isOffline() ? this.#user.longestWait : wait)
    this.#user.lost(this, code, reason)
  }

  /** `false`: there was no socket. */
  #drop(reason: string): boolean {
    const transport = this.driver.detach()
    transport?.close(closeCodes.SUSPENDING, reason)
    this.tokens.lost()
    return transport !== undefined
  }
}

function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}
