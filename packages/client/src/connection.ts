import { RpcError } from "@trunkline/contract"
import { type Caller, callUser, checkedNumber, type Line, SessionLine } from "@trunkline/endpoint"
import {
  defaultBackoff,
  type HelloBody,
  jsonCodec,
  ownLimits,
  type SessionCounters,
  type SessionEnd,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as bounds from "@trunkline/protocol/limits"
import { type DriverUser, type Host, systemHost, uniform } from "@trunkline/transport"
import { EventEmitter } from "eventemitter3"
import { urlAlphabet } from "nanoid"
import { type ConnectionEvent, type ConnectionState, connectionMoves } from "./connection-state.js"
import { Dial, type DialResult } from "./dial.js"
import { type ConnectOptions, defaultTimeout } from "./options.js"
import { Reconnect, type Verdict } from "./reconnect.js"
import { Sessions } from "./sessions.js"
import { watchPage } from "./wake.js"
import { webSocketClass } from "./web-socket-class.js"

/** A connection's way from one state to the next. */
export interface StateChange {
  readonly from: ConnectionState
  readonly to: ConnectionState
  /** The close code that led here, if one did. */
  readonly code?: number | undefined
  readonly reason?: string | undefined
}

export interface ConnectionEvents {
  state(change: StateChange): void
  /** An error that nobody else took: of a subscription without an `error` listener, of `token()`. */
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
}

/** What is said of us in HELLO, for the server's logs. */
const clientName = "trunkline"

/** Attempts to come soon after the network did are spread over this, in milliseconds. */
const wakeSpread = 1_000

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
  readonly #events: EventEmitter<ConnectionEvents> = new EventEmitter()
  readonly #sessions: Sessions
  readonly #reconnect: Reconnect
  readonly #instance: string
  readonly #unwatch: () => void
  #state: ConnectionState = "connecting"
  #dial: Dial | undefined
  #cancelWait: (() => void) | undefined
  /** What `drain` gave, once it was asked for, and what resolves it. */
  #draining: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(url: string, options: ConnectOptions) {
    const host = options.host ?? systemHost
    const { base = defaultBackoff.base, cap = defaultBackoff.cap } = options.reconnect ?? {}
    const { calls = bounds.waitingOpens, units = bounds.waitingOpenUnits } = options.queue ?? {}
    const { contract = "" } = options
    if (typeof contract !== "string" || contract.length > bounds.fingerprintUnits) {
      throw new TypeError(`contract is a text of at most ${bounds.fingerprintUnits} units`)
    }
    this.#url = url
    this.#options = options
    this.#host = host
    // Of the 64 letters each byte names one.
    this.#instance = Array.from(host.random(21), (byte) => urlAlphabet[byte & 63]).join("")
    this.#reconnect = new Reconnect(
      {
        base: checkedNumber("reconnect.base", base, 0, Number.MAX_VALUE),
        cap: checkedNumber("reconnect.cap", cap, Number.MIN_VALUE, Number.MAX_VALUE),
      },
      () => uniform(host),
    )
    this.#sessions = new Sessions({
      host,
      codec: jsonCodec,
      limits: ownLimits(options.limits),
      queue: {
        calls: checkedNumber("queue.calls", calls, 0),
        units: checkedNumber("queue.units", units, 0),
      },
      user: this.#driverUser(),
    })
    this["~line"] = this.#makeLine(checkedNumber("timeout", options.timeout ?? defaultTimeout))
    this.#unwatch = watchPage((reason) => (reason === "woke" ? this.#woke() : this.#suspend()))
    this.#connect()
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The last round trip in milliseconds; undefined until there was one. */
  get latency(): number | undefined {
    return this.#sessions.driver.session.roundTrip
  }

  get info(): ConnectionInfo {
    const { session } = this.#sessions.driver
    const { subprotocol } = session.codec
    return { session: this.#sessions.id, subprotocol, ...session.counters }
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
   * Lets the calls that were made finish and the events that were sent arrive, ends the streams, takes
   * nothing new, and closes. Without a line the calls wait for it as before.
   */
  drain(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve()
    if (this.#draining) return this.#draining
    this.#draining = new Promise((resolve) => {
      this.#drained = resolve
    })
    this.#move("drain")
    for (const channel of [...this.#sessions.driver.session.calling.live]) {
      if (!channel.countsAsCall) this["~line"].cancel(channel, "CLOSED")
    }
    this.#settled()
    return this.#draining
  }

  /**
   * Tells the server that we are done and closes. What is still open fails, with `executed` set: calls
   * that were never sent with `CLOSED`, others with `OUTCOME_UNKNOWN`, streams with `CLOSED`.
   */
  async close(): Promise<void> {
    this.#sessions.driver.step((session) => session.bye("closed"))
    this.#finish()
  }

  /** Drops the line without a word; what is open fails as with `close`. */
  async abort(): Promise<void> {
    this.#finish()
  }

  #makeLine(timeout: number): Line {
    const connection = this
    const owner = {
      get driver() {
        return connection.#sessions.driver
      },
      get id() {
        return connection.#sessions.id
      },
      get refusing() {
        return connection.#draining !== undefined
      },
      report: (error: RpcError) => connection.#report(error),
    }
    return new SessionLine(owner, this.#host, timeout)
  }

  #driverUser(): DriverUser {
    return {
      accept: () => {},
      event: () => {},
      goAway: () => {},
      lost: (code, reason) => this.#lost(code, reason),
      over: (end) => this.#over(end),
      settled: () => this.#settled(),
      eventsLost: (events) => this.#eventsLost(events),
    }
  }

  #eventsLost(events: number): void {
    callUser(() => this.#events.emit("lost", { events }))
    this.#settled()
  }

  #connect(): void {
    this.#cancelWait = undefined
    this.#move("dial")
    const codecs = [this.#sessions.driver.session.codec]
    const { token } = this.#options
    this.#dial = new Dial(
      {
        url: this.#url,
        host: this.#host,
        codecs,
        WebSocket: webSocketClass(this.#options.WebSocket),
        token: () => token?.(),
        hello: (auth) => this.#hello(auth),
      },
      (result) => this.#dialled(result),
    )
  }

  #hello(auth: string | undefined): HelloBody {
    const resume = this.#sessions.resume()
    return {
      ...(auth !== undefined && { auth }),
      caps: [],
      client: clientName,
      instance: this.#instance,
      ...(this.#options.contract !== undefined && { contract: this.#options.contract }),
      limits: ownLimits(this.#options.limits),
      ...(resume && { resume }),
    }
  }

  #dialled(result: DialResult): void {
    const now = this.#host.now()
    this.#dial = undefined
    switch (result.type) {
      case "welcome":
        return this.#welcomed(result)
      case "reject":
        return this.#follow(
          this.#reconnect.rejected(result.reject, this.#sessions.resuming, now),
          closeCodes.rejectCloseCodes[result.reject.code],
          result.reject.message,
        )
      case "closed":
        return this.#lost(result.code, result.reason)
      case "failed":
        this.#report(new RpcError("UNAVAILABLE", { cause: result.cause, executed: "no" }))
        return this.#lost(closeCodes.ABNORMAL, "no attempt could be made")
    }
  }

  #welcomed({ welcome, transport, codec }: Extract<DialResult, { type: "welcome" }>): void {
    if (!this.#sessions.welcome(welcome, transport, codec)) {
      transport.close(closeCodes.PROTOCOL, "an impossible WELCOME")
      return this.#lost(closeCodes.PROTOCOL, "an impossible WELCOME")
    }
    this.#reconnect.opened(this.#host.now())
    this.#move("welcome")
    if (this.#draining) this.#move("drain")
  }

  /** The socket is gone. */
  #lost(code: number, reason: string): void {
    this.#follow(this.#reconnect.closed(code, this.#host.now()), code, reason)
  }

  /** The session ended itself: the server took its leave, or did what no server may. */
  #over({ why, rx, reason }: SessionEnd): void {
    if (why === "ended") return
    const byServer = why === "bye"
    this.#sessions.end({ rx, breach: false, ask: !byServer })
    if (byServer) this.#lost(closeCodes.NORMAL, reason)
    else this.#follow(this.#reconnect.breached(this.#host.now()), closeCodes.PROTOCOL, reason)
  }

  #follow(verdict: Verdict, code: number, reason: string): void {
    const { session, breach, wait } = verdict
    if (session !== "lives") {
      this.#sessions.end({ rx: undefined, breach, ask: session === "over" })
    }
    if (wait === undefined) return this.#finish(code, reason)
    this.#move("lose", code, reason)
    this.#wait(isOffline() ? this.#longestWait : wait)
  }

  get #longestWait(): number {
    return this.#options.reconnect?.cap ?? defaultBackoff.cap
  }

  #wait(milliseconds: number): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#host.wakeAt(this.#host.now() + milliseconds, () => this.#connect())
  }

  /** The page or the network is back: a line is not believed, and not waited for. */
  #woke(): void {
    if (this.#state === "waiting") this.#wait(uniform(this.#host) * wakeSpread)
    else this.#sessions.driver.step((session) => session.probe())
  }

  /** The session stays in grace; whoever wakes us continues it. */
  #suspend(): void {
    const transport = this.#sessions.driver.detach()
    if (!transport) return
    transport.close(closeCodes.SUSPENDING, "suspended")
    this.#move("lose", closeCodes.SUSPENDING, "suspended")
    this.#wait(this.#longestWait)
  }

  #settled(): void {
    const { session } = this.#sessions.driver
    const pending = session.calling.live.size + session.events
    if (this.#draining && pending === 0) void this.close()
  }

  /** For good: whatever is open is settled, and nothing is left that could wake us. */
  #finish(code?: number, reason?: string): void {
    if (this.#state === "closed") return
    this.#dial?.abandon()
    this.#cancelWait?.()
    this.#unwatch()
    const { driver } = this.#sessions
    driver.detach()?.close(closeCodes.SUSPENDING, "aborted")
    this.#move("close", code, reason)
    driver.step((session) => session.close())
    driver.stop()
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

function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}
