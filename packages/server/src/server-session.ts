import type { RpcError } from "@trunkline/contract"
import {
  type Callee,
  Dispatcher,
  type DispatchOptions,
  defaultTimeout,
  type LineOwner,
  SessionHandle,
  SessionLine,
} from "@trunkline/endpoint"
import {
  type AcceptedChannel,
  type Attachment,
  type Codec,
  Context,
  type GoAwayBody,
  type Limits,
  type Rate,
  type RateLimits,
  Rates,
  Serving,
  Session,
  type SessionEnd,
  type Why,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as bounds from "@trunkline/protocol/limits"
import { Driver, type DriverUser, type Host, type Transport, uniform } from "@trunkline/transport"

import {
  type Authentication,
  isAnonymous,
  type Known,
  nameOf,
  principalOf,
} from "./authentication.js"
import type { Credentials } from "./options.js"

/** Whose session it is, and how its client proves that it is its own. */
export interface SessionIdentity {
  readonly sid: string
  readonly secretHash: string
  readonly principal: string
  /** The principal as the client sees it. */
  readonly subject: string
  /** Its client's own, the same in all its sessions. */
  readonly instance: string
  /** The epoch of the key store when it began: what a client that names a key relies upon. */
  readonly keyEpoch: string | undefined
}

export interface ServerSessionOptions {
  readonly host: Host
  readonly codec: Codec
  readonly limits: Limits
  readonly rates: RateLimits
  readonly dispatch: DispatchOptions
  readonly authentication: Authentication
  /** Milliseconds that it is kept without a socket. */
  readonly grace: number
  readonly owner: SessionOwner
}

/** Who keeps a session. */
export interface SessionOwner {
  /** It has a socket. */
  attached(session: ServerSession): void
  /** It has none any more. */
  detached(session: ServerSession): void
  /** It holds so many units more than before, or less. */
  moved(units: number): void
  /** Told once, when it is over; its owner forgets it. */
  ended(session: ServerSession, why: Why | "bye", reason: string): void
}

/**
 * One client's session at the server: attached to a socket, or detached and waiting for its client to
 * come back (docs/protocol.md, "Sessions").
 */
export class ServerSession implements DriverUser, Callee, LineOwner {
  readonly identity: SessionIdentity
  readonly driver: Driver
  readonly serving: Serving
  readonly host: Host
  readonly info: SessionHandle
  /** Calls to the client are refused by its session, once that is over. */
  readonly refusing = false
  /** What `authenticate` said last. */
  context: unknown
  /** The highest resume attempt seen: a lower one is a late message of an abandoned socket. */
  attempt = 0
  /** Of the current socket. */
  #credentials: Omit<Credentials, "token"> | undefined
  /** Raised with each socket: what was asked for an earlier one is nothing to this. */
  #socket = 0
  readonly #options: ServerSessionOptions
  readonly #context: Context
  readonly #rates: Rates
  #held = 0
  readonly #dispatcher: Dispatcher
  #cancelGrace: (() => void) | undefined
  #cancelRetirement: (() => void) | undefined

  constructor(identity: SessionIdentity, options: ServerSessionOptions) {
    const { host, codec, limits, rates, dispatch } = options
    this.#rates = new Rates(rates)
    const context = new Context(codec, () => uniform(host), this.#rates)
    const queue = { calls: bounds.waitingOpens, units: bounds.waitingOpenUnits }
    this.serving = new Serving(context, limits)
    const callee = this.serving
    const session = new Session({ role: "server", context, callee, limits, queue, firstId: 2 })
    this.identity = identity
    this.host = host
    this.driver = new Driver(session, host, this)
    const line = new SessionLine(this, host, defaultTimeout)
    const principal = principalOf(identity.principal)
    const remote = () => this.#credentials?.remote
    this.info = new SessionHandle(identity.sid, principal, line, remote)
    this.#options = options
    this.#context = context
    this.#dispatcher = new Dispatcher(this, dispatch)
  }

  /** Units that are kept for its client, or that came from it and were not taken. */
  get held(): number {
    return this.#held
  }

  /** What its client did too much of in a second. */
  get exceeded(): Rate | undefined {
    return this.#rates.exceeded
  }

  /** Handlers that have not come to their end. */
  get running(): number {
    return this.#dispatcher.running
  }

  get id(): string {
    return this.identity.sid
  }

  get instance(): string {
    return this.identity.instance
  }

  get keyEpoch(): string | undefined {
    return this.identity.keyEpoch
  }

  get codec(): Codec {
    return this.driver.session.codec
  }

  /**
   * Goes on with this socket; another that it still has is closed.
   *
   * @param context what is known of its client now: what it has open is asked about again
   */
  attach(
    transport: Transport,
    attachment: Attachment,
    context: unknown,
    credentials: Omit<Credentials, "token">,
  ): void {
    this.#cancelGrace?.()
    this.#socket++
    this.#credentials = credentials
    this.context = context
    this.driver.detach()?.close(closeCodes.SUPERSEDED, "another socket took over")
    this.#options.owner.attached(this)
    this.driver.attach(transport, attachment)
    this.#dispatcher.reauthorise()
  }

  /** Ends the session at once: what it served is for nobody any more. */
  end(why: Why, reason: string, code: number): void {
    this.driver.detach()?.close(code, reason)
    this.driver.step((session) => session.end({ why, rx: undefined, reason }))
  }

  /** Takes leave of the client, which learns how far we came. */
  bye(reason: string): void {
    this.driver.step((session) => session.bye(reason))
  }

  /**
   * Takes nothing new, and tells the client to go elsewhere, again after a resume. Where nothing is left
   * to do the server takes its leave, but lets the client find another server first.
   *
   * @param patience milliseconds for that
   */
  sendAway(body: GoAwayBody, patience: number): void {
    this.#cancelRetirement ??= this.host.wakeAt(this.host.now() + patience, () =>
      this.driver.step((session) => session.retire("drained")),
    )
    this.driver.step((session) => {
      this.serving.refusing = true
      session.controls.goAway(body)
    })
  }

  accept(channel: AcceptedChannel): void {
    this.#dispatcher.accept(channel)
  }

  event(path: string, input: unknown): void {
    this.#dispatcher.event(path, input)
  }

  /** Its client shows another token (docs/protocol.md, "AUTH"). */
  auth(token: string): void {
    void this.#identify(token, this.#socket)
  }

  authOk(): void {}

  /** A session that never applied a frame has nothing to come back for. */
  lost(): void {
    const { grace, owner } = this.#options
    owner.detached(this)
    const { applied } = this.driver.session
    if (grace === 0 || applied === 0) return this.#expire()
    this.#cancelGrace = this.host.wakeAt(this.host.now() + grace, () => this.#expire())
  }

  over({ why, reason }: SessionEnd): void {
    this.#cancelGrace?.()
    this.#dispatcher.abandon()
    this.#cancelRetirement?.()
    this.info.end()
    this.driver.stop()
    this.#options.owner.ended(this, why, reason)
  }

  /** No client sends its server away. */
  goAway(): void {}

  settled(): void {}

  ownerOf(): this {
    return this
  }

  /** Of a stream from the client that is read without an `error` listener. */
  report(error: RpcError): void {
    const { log } = this.#options.dispatch
    const session = this.identity.sid
    log({ level: "error", message: "an error that nobody took", error, session })
  }

  eventsLost(events: number): void {
    const { log } = this.#options.dispatch
    log({ level: "warn", message: "events lost", session: this.identity.sid, events })
  }

  /** What a server opened goes into no other session. */
  displaced(): void {}

  stepped(): void {
    const { session } = this.driver
    if (session.over) return
    const { pullBudget, pushBudget, budget } = this.#context
    const waiting = this.serving.waiting + pullBudget.used + pushBudget.used
    // A value is charged a part of its message: in whole numbers nothing is left of a sum.
    const held = session.retained + waiting + Math.ceil(budget.used)
    if (held === this.#held) return
    this.#options.owner.moved(held - this.#held)
    this.#held = held
  }

  /** Somebody has to make room. */
  evict(): void {
    this.end("overflow", "no room for it", closeCodes.TOO_MANY)
  }

  async #identify(token: string, socket: number): Promise<void> {
    const { authentication } = this.#options
    const credentials = this.#credentials
    if (!credentials) return
    try {
      const known = await authentication.identify({ ...credentials, token: token || undefined })
      if (socket === this.#socket) this.#known(known)
    } catch (error) {
      const { code, message } = authentication.refusal(error)
      const { LATE, rejectCloseCodes } = closeCodes
      this.#leave(socket, code === "late" ? LATE : rejectCloseCodes[code], message)
    }
  }

  /** A session is one principal's to its end. */
  #known({ principal, context, exp }: Known): void {
    const { principal: owner } = this.identity
    const same = principal === undefined ? isAnonymous(owner) : nameOf(principal) === owner
    if (!same) return this.end("principal", "another user", closeCodes.SUPERSEDED)
    this.context = context
    this.driver.step(({ controls }) => controls.authOk(exp))
    this.#dispatcher.reauthorise()
  }

  /** Gives a socket up that is still the current one; the session waits for another. */
  #leave(socket: number, code: number, reason: string): void {
    if (socket !== this.#socket) return
    const transport = this.driver.detach()
    if (!transport) return
    transport.close(code, reason)
    this.lost()
  }

  #expire(): void {
    this.end("expired", "its client did not come back", closeCodes.NORMAL)
  }
}
