import { RpcError } from "@trunkline/contract"
import {
  type Caller,
  callUser,
  checkedNumber,
  checkObserver,
  defaultTimeout,
  type Line,
  type Observer,
  type Service,
  type ServiceCounts,
  SessionLine,
} from "@trunkline/endpoint"
import {
  type BackoffOptions,
  type Codec,
  Context,
  defaultBackoff,
  type HelloBody,
  jsonCodec,
  type Limits,
  NothingServed,
  type OpenedChannel,
  type OutgoingEvent,
  ownLimits,
  type QueueBounds,
  Session,
  type SessionCounters,
  withinRange,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as bounds from "@trunkline/protocol/limits"
import { Driver, type DriverUser, type Host, systemHost, uniform } from "@trunkline/transport"
import { EventEmitter } from "eventemitter3"
import { urlAlphabet } from "nanoid"
import { type ConnectionEvent, type ConnectionState, connectionMoves } from "./connection-state.js"
import { Dial } from "./dial.js"
import type { ConnectOptions } from "./options.js"
import { Reconnect } from "./reconnect.js"
import {
  type KeeperUser,
  SessionKeeper,
  type SessionName,
  type Welcomed,
  wakeSpread,
} from "./session-keeper.js"
import { watchPage } from "./wake.js"
import { webSocketClass } from "./web-socket-class.js"

/** A connection's way from one state to the next. */
export interface StateChange {
  readonly from: ConnectionState
  readonly to: ConnectionState
  /** The close code that led here, if one did. */
  readonly code?: number | undefined
  /** Why, in the words of the server or of `ws`; empty where nobody said, as in browsers. */
  readonly reason?: string | undefined
}

export interface ConnectionEvents {
  state(change: StateChange): void
  /**
   * An error that nobody else took: of a subscription without an `error` listener, of `token()`, of a
   * handler of `serve` (`INTERNAL`, with what it threw as its `cause`).
   */
  error(error: RpcError): void
  /** What a lost session, or the end of the connection, took with it. */
  lost(lost: LostEvents): void
}

/** One-way events that may not have arrived. */
export interface LostEvents {
  readonly events: number
}

/** What a panel or a log may want to know of a connection. */
export interface ConnectionInfo extends SessionCounters {
  /** The id of the session; it names the session in the server's logs too. */
  readonly session: string | undefined
  readonly subprotocol: string
  /** Events of the server that reached no handler, since the connection began. */
  readonly eventsDropped: number
}

/** What is said of us in HELLO, for the server's logs. */
const clientName = "trunkline"

/** Sessions that may be finished beside the current one; a server that leaves then has to wait. */
const mostLeft = 3

/**
 * One line to a server, for as long as it is wanted: it outlives sockets and sessions. Any number of
 * clients may share it. Made by `connect`.
 */
export class Connection implements Caller {
  /** What `createClient` calls through. */
  readonly "~line": Line
  readonly #url: string
  readonly #options: ConnectOptions
  readonly #host: Host
  readonly #queue: QueueBounds
  readonly #handlers: number
  readonly #events: EventEmitter<ConnectionEvents> = new EventEmitter()
  readonly #keeping: KeeperUser
  readonly #instance: string
  /** Of a server that closed us for good: code and reason. */
  #farewell: string | undefined
  /** How the last attempt, or the last line, ended; none while there is a line. */
  #trouble: string | undefined
  readonly #counts: ServiceCounts = { eventsDropped: 0, refused: () => {} }
  /** What we speak, best first. */
  readonly #codecs: readonly [Codec, ...Codec[]]
  readonly #unwatch: () => void
  /** Of the session in which whatever is begun goes out. */
  #current: SessionKeeper
  /** Of the one that is to take over from it, as its server is about to leave. */
  #next: SessionKeeper | undefined
  /** Of sessions from which another took over: what was begun there is finished there. */
  readonly #left = new Set<SessionKeeper>()
  #state: ConnectionState = "connecting"
  #observer: Observer | undefined
  /** The program itself closes it: that its streams end by that is no error. */
  #wanted = false
  /** What `drain` gave, once it was asked for, and what resolves it. */
  #draining: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(url: string, options: ConnectOptions) {
    const host = options.host ?? systemHost
    const { base = defaultBackoff.base, cap = defaultBackoff.cap } = options.reconnect ?? {}
    const { calls = bounds.waitingOpens, units = bounds.waitingOpenUnits } = options.queue ?? {}
    const { contract = "" } = options
    checkOptions(options)
    if (typeof contract !== "string" || contract.length > bounds.fingerprintUnits) {
      throw new TypeError(`contract is a text of at most ${bounds.fingerprintUnits} units`)
    }
    this.#url = url
    this.#codecs = codecsOf(options)
    this.#options = options
    this.#host = host
    // Of the 64 letters each byte names one.
    this.#instance = Array.from(host.random(21), (byte) => urlAlphabet[byte & 63]).join("")
    this.#queue = {
      calls: checkedNumber("queue.calls", calls, 0),
      units: checkedNumber("queue.units", units, 0),
    }
    this.#handlers = checkedNumber(
      "limits.handlers",
      options.limits?.handlers ?? bounds.handlers,
      1,
    )
    this.#keeping = this.#keeperUser({
      base: checkedNumber("reconnect.base", base, 0, Number.MAX_VALUE),
      cap: checkedNumber("reconnect.cap", cap, Number.MIN_VALUE, Number.MAX_VALUE),
    })
    this["~line"] = this.#makeLine(checkedNumber("timeout", options.timeout ?? defaultTimeout))
    this.#current = new SessionKeeper(this.#keeping)
    this.#unwatch = watchPage((reason) => {
      for (const keeper of this.#keepers) reason === "woke" ? keeper.woke() : keeper.suspend()
    })
    this.#current.dial()
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The last round trip in milliseconds; undefined until there was one. */
  get latency(): number | undefined {
    return this.#current.session.roundTrip
  }

  /** Of the session in which calls go out now. */
  get info(): ConnectionInfo {
    const { session, id } = this.#current
    const { subprotocol } = session.codec
    return {
      session: id,
      subprotocol,
      eventsDropped: this.#counts.eventsDropped,
      ...session.counters,
    }
  }

  /** Listens to the connection itself; data never comes this way. The result stops it. */
  on<Name extends keyof ConnectionEvents>(
    name: Name,
    listener: EventEmitter.EventListener<ConnectionEvents, Name>,
  ): () => void {
    this.#events.on(name, listener)
    return () => void this.#events.off(name, listener)
  }

  /**
   * Has calls and streams observed from now on, by one observer at a time: `traceConnection` of
   * `@trunkline/client/opentelemetry` is one.
   *
   * @returns takes it back
   * @throws TypeError for what is no observer
   */
  observe(observer: Observer): () => void {
    checkObserver(observer)
    this.#observer = observer
    return () => {
      if (this.#observer === observer) this.#observer = undefined
    }
  }

  /**
   * Asks `token` again and shows the server what it gives, on the line that is open: when a user's rights
   * have changed. Tokens that run out are shown anew without being asked for. What is open is authorised
   * again; with another user's token the session ends, and what was open in it with it.
   *
   * @returns settled when the server believes the token, after a reconnect if need be
   * @throws RpcError `UNAVAILABLE` when `token` throws or no attempt to connect can be made, `CLOSED` when the connection is closed first
   */
  refreshToken(): Promise<void> {
    if (this.#state === "closed") return Promise.reject(new RpcError("CLOSED", { executed: "no" }))
    return this.#current.tokens.refresh()
  }

  /**
   * Lets the calls that were made finish and the events that were sent arrive, ends the streams, takes
   * nothing new, and closes. Without a line the calls wait for it as before.
   */
  drain(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve()
    if (this.#draining) return this.#draining
    this.#wanted = true
    this.#draining = new Promise((resolve) => {
      this.#drained = resolve
    })
    this.#move("drain")
    for (const keeper of this.#keepers) {
      for (const channel of [...keeper.session.calling.live]) {
        if (channel.isStream) this["~line"].cancel(channel, "CLOSED")
      }
    }
    this.#settled()
    return this.#draining
  }

  /**
   * Tells the server that we are done and closes. What is still open fails, with `executed` set: calls
   * that were never sent with `CLOSED`, others with `OUTCOME_UNKNOWN`, streams with `CLOSED`.
   */
  async close(): Promise<void> {
    if (this.#state === "closed") return
    const keepers = this.#keepers
    this.#wanted = true
    this.#draining ??= Promise.resolve()
    for (const { driver } of keepers) driver.step((session) => session.bye("closed"))
    this.#finish(keepers)
  }

  /** Drops the line without a word; what is open fails as with `close`. */
  async abort(): Promise<void> {
    this.#wanted = true
    this.#finish(this.#keepers)
  }

  get #keepers(): readonly SessionKeeper[] {
    const next = this.#next ? [this.#next] : []
    return [...this.#left, this.#current, ...next]
  }

  /** Of the session that a channel is in. */
  #keeperOf(channel: OpenedChannel): SessionKeeper {
    for (const keeper of this.#left) if (keeper.session.calling.live.has(channel)) return keeper
    return this.#current
  }

  #makeLine(timeout: number): Line {
    const connection = this
    const owner = {
      get driver() {
        return connection.#current.driver
      },
      get observer() {
        return connection.#observer
      },
      get farewell() {
        return connection.#farewell
      },
      get trouble() {
        return connection.#trouble
      },
      get refusing() {
        return connection.#draining !== undefined
      },
      ownerOf: (channel: OpenedChannel) => connection.#keeperOf(channel),
      report: (error: RpcError) => {
        if (error.code !== "CLOSED" || !connection.#wanted) connection.#report(error)
      },
    }
    return new SessionLine(owner, this.#host, timeout)
  }

  #eventsLost(events: number): void {
    callUser(() => this.#events.emit("lost", { events }))
    this.#settled()
  }

  #keeperUser(backoff: BackoffOptions): KeeperUser {
    const { token, WebSocket } = this.#options
    const host = this.#host
    return {
      host,
      longestWait: backoff.cap,
      reconnect: () => new Reconnect(backoff, () => uniform(host)),
      codecs: this.#codecs,
      create: (user, firstId, codec, name) => this.#create(user, firstId, codec, name),
      dial: (codecs, hello, done) =>
        new Dial(
          {
            url: this.#url,
            host,
            codecs,
            WebSocket: webSocketClass(WebSocket),
            token: () => token?.(),
            hello,
          },
          done,
        ),
      hello: (auth) => this.#hello(auth),
      dialling: (keeper) => void (keeper === this.#current && this.#move("dial")),
      token,
      failed: (cause) => this.#report(new RpcError("UNAVAILABLE", { cause, executed: "no" })),
      resumed: (keeper) => void (keeper === this.#current && this.#up()),
      welcomed: (keeper, welcomed) => this.#welcomed(keeper, welcomed),
      lost: (keeper, code, reason) => this.#lost(keeper, code, reason),
      gone: (keeper, code, reason) => this.#gone(keeper, code, reason),
      left: (keeper) => void (this.#left.has(keeper) && this.#forget(keeper)),
      goAway: (keeper) => void (keeper === this.#current && this.#sentAway()),
      settled: () => this.#settled(),
      eventsLost: (events) => this.#eventsLost(events),
      displaced: (keeper, entry) => this.#displaced(keeper, entry),
    }
  }

  #create(
    user: DriverUser,
    firstId: number,
    codec: Codec = this.#codecs[0],
    name?: SessionName,
  ): Driver {
    const host = this.#host
    const [random, wall] = [() => uniform(host), () => host.wall()]
    const context = new Context(codec, random, undefined, wall)
    const limits = ownLimits(this.#options.limits)
    const service = name && this.#serve(context, limits)
    const callee = service?.half ?? new NothingServed(context)
    const queue = this.#queue
    const session = new Session({ role: "client", context, callee, limits, queue, firstId })
    const driver = new Driver(session, host, service?.hears(user) ?? user)
    if (name) service?.begin(driver, name.sid, name.subject)
    return driver
  }

  #serve(context: Context, limits: Limits): Service | undefined {
    const { serve } = this.#options
    return serve?.["~service"](context, {
      host: this.#host,
      limits,
      handlers: this.#handlers,
      line: this["~line"],
      remote: this.#url,
      counts: this.#counts,
      report: (error) => this.#report(error),
    })
  }

  #hello(auth: string | undefined): HelloBody {
    return {
      ...(auth !== undefined && { auth }),
      caps: [],
      client: clientName,
      instance: this.#instance,
      ...(this.#options.contract !== undefined && { contract: this.#options.contract }),
      limits: ownLimits(this.#options.limits),
    }
  }

  /** A new session: the first, one in place of a lost one, or one that takes over from another. */
  #welcomed(keeper: SessionKeeper, welcomed: Welcomed): void {
    if (this.#left.has(keeper)) return this.#bury(keeper, welcomed)
    const before = this.#current
    const moves = keeper !== before && !before.ended
    keeper.begin(welcomed, before, !moves)
    if (keeper !== this.#next) this.#next?.stop()
    this.#next = undefined
    this.#current = keeper
    if (moves) {
      this.#left.add(before)
      before.driver.step((session) => session.leave("moved"))
    } else if (keeper !== before) before.stop()
    this.#up()
  }

  #up(): void {
    this.#move("dial")
    this.#move("welcome")
    this.#trouble = undefined
    if (this.#draining || this.#current.sentAway || this.#left.size > 0) this.#move("drain")
  }

  /** The server takes nothing new: whatever comes waits for a session elsewhere. */
  #sentAway(): void {
    this.#move("drain")
    this.#goElsewhere()
  }

  #goElsewhere(): void {
    const { sentAway } = this.#current
    if (!sentAway || this.#next || this.#left.size >= mostLeft || this.#state === "closed") return
    const range = sentAway.retryAfterMs ?? [0, wakeSpread]
    this.#next = new SessionKeeper(this.#keeping)
    this.#next.wait(withinRange(range, uniform(this.#host)))
  }

  /** A session that was left goes on in the one that took over, as the loss table says. */
  #bury(keeper: SessionKeeper, welcomed?: Welcomed): void {
    welcomed?.transport.close(closeCodes.NORMAL, "not needed")
    keeper.end()
    this.#current.inherit(keeper.driver, keeper.loss(this.#current.subject, welcomed?.welcome))
    this.#forget(keeper)
  }

  #forget(keeper: SessionKeeper): void {
    this.#left.delete(keeper)
    keeper.stop()
    this.#goElsewhere()
    if (this.#left.size === 0 && !this.#draining && !this.#current.sentAway) this.#move("settle")
  }

  #displaced(keeper: SessionKeeper, entry: OpenedChannel | OutgoingEvent): void {
    const { session } = keeper
    const loss = keeper.loss(this.#current.subject)
    this.#current.driver.step((next) => next.adopt(entry, session, loss))
    keeper.driver.step(lookAgain)
  }

  #lost(keeper: SessionKeeper, code: number, reason: string): void {
    if (this.#left.has(keeper)) {
      if (keeper.ended && !keeper.asks) this.#bury(keeper)
    } else if (keeper === this.#current) {
      this.#trouble = `${code} ${reason}`.trim()
      this.#move("lose", code, reason)
      this.#chooseHeir()
    }
  }

  /** Of two that dial for a new session one is enough: whoever can also ask for what had arrived. */
  #chooseHeir(): void {
    if (!this.#next || !this.#current.ended) return
    if (!this.#current.asks) return this.#current.rest()
    this.#next.stop()
    this.#next = undefined
  }

  #gone(keeper: SessionKeeper, code: number, reason: string): void {
    if (this.#left.has(keeper)) return this.#bury(keeper)
    if (keeper === this.#next && !this.#current.ended) this.#next = undefined
    else this.#finish(this.#keepers, code, reason)
  }

  #settled(): void {
    if (!this.#draining) return
    const pending = (keeper: SessionKeeper) =>
      keeper.session.calling.live.size + keeper.session.events
    if (this.#keepers.every((keeper) => pending(keeper) === 0)) void this.close()
  }

  /** For good: whatever is open is settled, and nothing is left that could wake us. */
  #finish(keepers: readonly SessionKeeper[], code?: number, reason?: string): void {
    if (this.#state === "closed") return
    for (const keeper of keepers) keeper.stop()
    this.#unwatch()
    if (code) this.#farewell = `${code} ${reason}`
    this.#move("close", code, reason)
    for (const { driver } of keepers) {
      driver.step((session) => session.close())
      driver.stop()
    }
    this.#drained?.()
  }

  /** `false`: not from this state. */
  #move(event: ConnectionEvent, code?: number, reason?: string): boolean {
    const from = this.#state
    const to = connectionMoves[from][event]
    if (to === undefined) return false
    this.#state = to
    callUser(() => this.#events.emit("state", { from, to, code, reason }))
    return true
  }

  /** An error that nobody listens to surfaces, as a rejected promise would. */
  #report(error: RpcError): void {
    callUser(() => {
      if (!this.#events.emit("error", error)) throw error
    })
  }
}

const lookAgain = (): void => {}

/** What would be in vain at every attempt is refused where it is given. */
function checkOptions({ token, serve, codecs = [] }: ConnectOptions): void {
  if (token && typeof token !== "function") throw new TypeError("token is no function")
  if (serve && !("~service" in Object(serve))) {
    throw new TypeError("serve is no router, which `implement` makes")
  }
  const areCodecs = Array.isArray(codecs) && codecs.every((codec) => codec?.subprotocol)
  if (!areCodecs) throw new TypeError("codecs is no list of codecs, such as [msgpack]")
}

/** JSON is always there: whoever can do nothing else still has somebody to talk to. */
function codecsOf({ codecs = [] }: ConnectOptions): [Codec, ...Codec[]] {
  const [best = jsonCodec, ...others] = codecs.filter((codec) => codec !== jsonCodec)
  return best === jsonCodec ? [jsonCodec] : [best, ...others, jsonCodec]
}
