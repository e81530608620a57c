import { callUser, type DispatchCounts, type DispatchOptions, type Log } from "@trunkline/endpoint"
import {
  type Codec,
  jsonCodec,
  ownLimits,
  type RejectBody,
  rejectMessage,
  rejectSubprotocol,
  type Why,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as durations from "@trunkline/protocol/durations"
import { type Host, systemHost, type Transport, uniform } from "@trunkline/transport"
import { checkDrain } from "./check.js"
import { Handshake, type HandshakeContext } from "./handshake.js"
import {
  type Credentials,
  type DrainOptions,
  defaultDrain,
  defaultHandlers,
  defaultValidation,
  longestGrace,
  type ServeOptions,
} from "./options.js"
import type { ServerSession } from "./server-session.js"
import { Sessions } from "./sessions.js"

/** What a client asks for before it has a socket. */
export interface UpgradeOffer {
  /** The subprotocols that it speaks. */
  readonly protocols: readonly string[]
  /** The `Origin` header, where a browser sent one. */
  readonly origin: string | undefined
  /** The `Host` header. */
  readonly host: string | undefined
}

/** What an adapter does about it. */
export interface UpgradeAnswer {
  /** To be chosen in the handshake. */
  readonly subprotocol: string
  /** Why not: to be given to `refuse` with the socket, so that a browser learns it. */
  readonly reject?: RejectBody
}

/** How a server is doing. */
export interface ServerStats {
  /** Sessions alive, with a socket and without. */
  readonly sessions: number
  readonly attached: number
  readonly detached: number
  /** Calls and streams being served. */
  readonly channels: number
  /** Units kept to be sent again, all sessions together. */
  readonly retained: number
  /** Sockets that have not said yet who they are. */
  readonly handshakes: number
  /** Ended sessions that are remembered. */
  readonly tombstones: number
  /** Events that reached no handler, since the server began. */
  readonly eventsDropped: number
}

/** How often a draining server looks for sessions that have nothing left to do, in milliseconds. */
const drainStep = 50

/**
 * A router on its way to clients: sessions, handshakes, and the way out. It knows no runtime; an adapter
 * brings the sockets. Made by `serve`.
 */
export class Server {
  readonly #options: ServeOptions<unknown>
  readonly #host: Host
  readonly #log: Log
  readonly #codecs: readonly Codec[] = [jsonCodec]
  readonly #sessions: Sessions
  readonly #handshakes = new Set<Handshake>()
  readonly #context: HandshakeContext
  readonly #counts: DispatchCounts = { eventsDropped: 0 }
  #closed = false
  #drainDeadline: number | undefined

  constructor(dispatch: DispatchOptions["entries"], options: ServeOptions<unknown>) {
    const { host = systemHost, session = {} } = options
    const log: Log = (entry) => callUser(() => options.log?.(entry))
    const { output = defaultValidation.output, items = defaultValidation.items } =
      options.validation ?? {}
    const { handlers = defaultHandlers } = options.limits ?? {}
    const limits = ownLimits(options.limits)
    const grace = Math.min(session.grace ?? durations.grace, longestGrace)
    this.#options = options
    this.#host = host
    this.#log = log
    this.#sessions = new Sessions({
      host,
      limits,
      rates: options.limits?.rates ?? {},
      grace,
      dispatch: {
        entries: dispatch,
        validateOutput: output,
        validateItems: items,
        handlers,
        log,
        counts: this.#counts,
      },
      ended: (over, why, reason) => this.#ended(over, why, reason),
    })
    this.#context = {
      host,
      log,
      contract: options.contract,
      terms: { limits, hb: session.heartbeat ?? durations.heartbeat, grace, caps: [] },
      authenticate: async (credentials) => {
        const { authenticate } = options
        return authenticate ? authenticate(credentials) : { context: {} }
      },
      admit: (newcomer) => this.#sessions.admit(newcomer),
      done: (handshake) => void this.#handshakes.delete(handshake),
    }
  }

  /** How the server is doing now. It looks at every session: ask it every few seconds, not for every message. */
  stats(): ServerStats {
    let attached = 0
    let channels = 0
    let retained = 0
    for (const { driver, serving } of this.#sessions.live) {
      if (driver.session.attached) attached++
      channels += serving.size
      retained += driver.session.retained
    }
    const { size: sessions, remembered: tombstones } = this.#sessions
    const detached = sessions - attached
    const handshakes = this.#handshakes.size
    const { eventsDropped } = this.#counts
    const open = { sessions, attached, detached, channels, retained }
    return { ...open, handshakes, tombstones, eventsDropped }
  }

  /** For adapters: what to answer to an upgrade. `undefined`: nothing that this client understands. */
  negotiate({ protocols, origin, host }: UpgradeOffer): UpgradeAnswer | undefined {
    const codec = this.#codecs.find(({ subprotocol }) => protocols.includes(subprotocol))
    const reject = this.#rejection(codec, origin, host)
    if (codec && !reject) return { subprotocol: codec.subprotocol }
    if (!reject || !protocols.includes(rejectSubprotocol)) return undefined
    return { subprotocol: rejectSubprotocol, reject }
  }

  /** For adapters: a socket with the subprotocol that was negotiated. */
  accept(transport: Transport, subprotocol: string, credentials: Omit<Credentials, "token">): void {
    const codec = this.#codecs.find((known) => known.subprotocol === subprotocol)
    if (this.#closed || !codec)
      return transport.close(closeCodes.GOING_AWAY, "the server is closed")
    this.#handshakes.add(new Handshake({ transport, codec, credentials }, this.#context))
  }

  /** For adapters: a socket that was opened only to say why it is refused. */
  refuse(transport: Transport, reject: RejectBody): void {
    transport.send(rejectMessage(jsonCodec, reject))
    transport.close(closeCodes.rejectCloseCodes[reject.code], reject.message)
  }

  /**
   * Lets what was begun finish: no new session and no new call is taken, every client is told to leave,
   * and one that has nothing left to wait for is let go. At the deadline the rest is.
   *
   * @throws TypeError for what is no number of milliseconds; nothing has begun then
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkDrain(options)
    const { within = defaultDrain, spread = (within * 2) / 3 } = options
    this.#sessions.draining = true
    this.#drainDeadline = this.#host.now() + within
    const farewells = [...this.#sessions.live].map((session) => {
      const at = this.#host.now() + uniform(this.#host) * spread
      return this.#host.wakeAt(at, () => this.#sendAway(session))
    })
    while (this.#sessions.size > 0 && this.#host.now() < this.#drainDeadline) {
      await new Promise<void>((resolve) => this.#host.wakeAt(this.#host.now() + drainStep, resolve))
      this.#release()
    }
    for (const takeBack of farewells) takeBack()
    await this.close()
  }

  /** Ends every session at once. Clients learn how far their calls came, and come back elsewhere. */
  async close(): Promise<void> {
    this.#closed = true
    this.#sessions.draining = true
    for (const handshake of [...this.#handshakes]) {
      handshake.abandon(closeCodes.GOING_AWAY, "the server is closing")
    }
    for (const session of [...this.#sessions.live]) session.bye("the server is closing")
  }

  #rejection(
    codec: Codec | undefined,
    origin: string | undefined,
    host: string | undefined,
  ): RejectBody | undefined {
    if (!this.#isAllowed(origin, host)) {
      return { code: "origin", message: "this origin may not connect" }
    }
    if (codec) return undefined
    const supported = this.#codecs.map(({ subprotocol }) => subprotocol)
    return { code: "version", message: "no subprotocol in common", supported }
  }

  /** A client that is no browser sends no origin, and needs no protection from other pages. */
  #isAllowed(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) return true
    const { origins } = this.#options
    if (origins) return origins.includes(origin)
    return URL.canParse(origin) && new URL(origin).host === host
  }

  #sendAway(session: ServerSession): void {
    const left = (this.#drainDeadline ?? 0) - this.#host.now()
    session.goAway({ reason: "draining", deadlineMs: Math.max(0, Math.round(left)) })
  }

  #release(): void {
    for (const session of [...this.#sessions.live]) session.release("drained")
  }

  #ended(session: ServerSession, why: Why | "bye", reason: string): void {
    const { sid } = session.identity
    const level = why === "protocol" ? "warn" : "info"
    this.#log({ level, message: "session ended", session: sid, why, reason })
  }
}
