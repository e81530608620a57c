import {
  callUser,
  checkObserver,
  type DispatchCounts,
  type DispatchOptions,
  KeyedCalls,
  type Log,
  type Observer,
} from "@trunkline/endpoint"
import {
  type Codec,
  jsonCodec,
  ownLimits,
  type RejectBody,
  rejectMessage,
  type Why,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as durations from "@trunkline/protocol/durations"
import * as bounds from "@trunkline/protocol/limits"
import { type Host, msgpack, systemHost, type Transport, uniform } from "@trunkline/transport"
import { Authentication, nameOf } from "./authentication.js"
import { checkDrain } from "./check.js"
import { CountedTransport } from "./counted-transport.js"
import { Entrance } from "./entrance.js"
import { failuresToConsole } from "./failures-to-console.js"
import { Handshake, type HandshakeContext } from "./handshake.js"
import { memoryKeys } from "./memory-keys.js"
import {
  type CodecName,
  type Credentials,
  type DrainOptions,
  defaultCodecs,
  defaultDrain,
  defaultEntrance,
  defaultValidation,
  longestGrace,
  type ServeOptions,
} from "./options.js"
import type { ServerSession } from "./server-session.js"
import { Sessions } from "./sessions.js"
import type { Refusal, ServerStats } from "./stats.js"
import { Tally } from "./tally.js"
import { answerTo, type UpgradeAnswer, type UpgradeOffer, type UpgradeRefusal } from "./upgrade.js"

/** Clients that are told to leave look for another server within this, in milliseconds. */
const moveWithin = 1_000

const codecs: Readonly<Record<CodecName, Codec>> = { json: jsonCodec, msgpack }

/**
 * A router on its way to clients: sessions, handshakes, and the way out. It knows no runtime; an adapter
 * brings the sockets. Made by `serve`.
 */
export class Server {
  readonly #host: Host
  readonly #log: Log
  /** What it speaks, best first. */
  readonly #codecs: readonly Codec[]
  readonly #origins: readonly string[] | undefined
  readonly #sessions: Sessions
  readonly #entrance: Entrance
  readonly #keys: KeyedCalls | undefined
  /** Each with its place, to be given back. */
  readonly #handshakes = new Map<Handshake, () => void>()
  /** Of whatever was refused, for which reason; of sockets that ended, by which code. */
  readonly #refused = new Tally<Refusal>()
  readonly #closes = new Tally<string>()
  readonly #context: HandshakeContext
  readonly #observers = new Set<Observer>()
  readonly #counts: DispatchCounts = {
    eventsDropped: 0,
    refused: (reason) => this.#refused.add(reason),
  }
  #closed = false
  #drainDeadline = 0
  #drained: Promise<void> | undefined
  /** Told when the last session has ended. */
  #emptied: () => void = () => {}

  constructor(dispatch: DispatchOptions["entries"], options: ServeOptions<unknown>) {
    const { host = systemHost, session = {} } = options
    const { log: hear = failuresToConsole } = options
    const log: Log = (entry) => callUser(() => hear(entry))
    const { output = defaultValidation.output, items = defaultValidation.items } =
      options.validation ?? {}
    const { handlers = bounds.handlers } = options.limits ?? {}
    const limits = ownLimits(options.limits)
    const grace = Math.min(session.grace ?? durations.grace, longestGrace)
    const { entrance, memory } = options.limits ?? {}
    this.#origins = options.origins
    this.#codecs = (options.codecs ?? defaultCodecs).map((name) => codecs[name])
    this.#entrance = new Entrance(entrance)
    this.#host = host
    this.#log = log
    this.#keys = keysOf(dispatch, options, host, log)
    const authentication = new Authentication(options, host, log)
    this.#sessions = new Sessions({
      host,
      limits,
      rates: options.limits?.rates ?? {},
      grace,
      bounds: { connections: entrance?.connections ?? defaultEntrance.connections, memory },
      authentication,
      dispatch: {
        entries: dispatch,
        validateOutput: output,
        validateItems: items,
        handlers,
        keys: this.#keys,
        log,
        observers: this.#observers,
        counts: this.#counts,
      },
      ended: (over, why, reason) => this.#ended(over, why, reason),
    })
    this.#context = {
      host,
      log,
      contract: options.contract,
      terms: { limits, hb: session.heartbeat ?? durations.heartbeat, grace, caps: [] },
      authentication,
      admit: (newcomer) => this.#sessions.admit(newcomer),
      keys: () => this.#keys?.terms,
      hello: (resume, address) =>
        this.#entrance.hello(this.#sessions.has(resume?.sid), host.now(), address),
      refused: (reason) => this.#refused.add(reason),
      done: (handshake, refused) => this.#leave(handshake, refused),
      attached: (session) => this.#attached(session),
    }
  }

  /** How the server is doing now. It looks at every session: ask it every few seconds, not for every message. */
  stats(): ServerStats {
    const { live, memory, remembered: tombstones, size: sessions, past } = this.#sessions
    const now = { channels: 0, calls: 0, streams: 0, handlers: 0, retained: 0 }
    const traffic = past.traffic.copy()
    for (const { driver, serving, running } of live) {
      now.channels += serving.size
      now.calls += serving.calls
      now.streams += serving.streams
      now.handlers += running
      now.retained += driver.session.retained
      traffic.add(driver.session.counters)
    }
    const { attached, used: held, evictions } = memory
    return {
      ...{ sessions, attached, detached: sessions - attached, ...now, held },
      ...{ handshakes: this.#handshakes.size, tombstones, evictions },
      ...{ begun: past.begun, resumed: past.resumed },
      ...{ received: traffic.received, sent: traffic.sent },
      ended: past.ended.counts,
      refused: this.#refused.counts,
      closes: this.#closes.counts,
      eventsDropped: this.#counts.eventsDropped,
    }
  }

  /**
   * Has calls, streams and events observed from now on: for metrics and traces. `measureServer` of
   * `@trunkline/server/prometheus` and `traceServer` of `@trunkline/server/opentelemetry` do.
   *
   * @returns takes it back
   * @throws TypeError for what is no observer
   */
  observe(observer: Observer): () => void {
    checkObserver(observer)
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  /** For adapters: what to answer to an upgrade. */
  negotiate(offer: UpgradeOffer): UpgradeAnswer | UpgradeRefusal {
    const full = this.#entrance.refusal(offer.address)
    if (full) return this.#turnAway(full, 503)
    const answer = answerTo(offer, this.#codecs, this.#origins)
    if (!answer) return this.#turnAway("version", 400)
    if (answer.reject) this.#logRejected(offer, answer.reject)
    return answer
  }

  #logRejected({ origin, host, address }: UpgradeOffer, reject: RejectBody): void {
    const message = "handshake refused"
    const code = closeCodes.rejectCloseCodes[reject.code]
    this.#log({
      level: "warn",
      message,
      code,
      reason: reject.message,
      remote: address,
      origin,
      host,
    })
  }

  /** For adapters: what an option that is a function threw. */
  report(message: string, error: unknown): void {
    this.#log({ level: "error", message, error })
  }

  /** For adapters: a socket with the subprotocol that was negotiated. */
  accept(transport: Transport, subprotocol: string, credentials: Omit<Credentials, "token">): void {
    const codec = this.#codecs.find((known) => known.subprotocol === subprotocol)
    const leave = this.#entrance.enter(credentials.remote)
    if (this.#closed || !codec) {
      whenGone(transport, leave)
      return transport.close(closeCodes.GOING_AWAY, "the server is closed")
    }
    const counted = new CountedTransport(transport, this.#countClose)
    const kept = this.#context.authentication.kept(credentials)
    const socket = { transport: counted, codec, credentials: kept }
    this.#handshakes.set(new Handshake(socket, this.#context), leave)
  }

  /** For adapters: a socket that was opened only to say why it is refused, and where it came from. */
  refuse(transport: Transport, reject: RejectBody, address: string | undefined): void {
    if (reject.code !== "busy") this.#refused.add(reject.code)
    whenGone(transport, this.#entrance.enter(address))
    transport.send(rejectMessage(jsonCodec, reject))
    const counted = new CountedTransport(transport, this.#countClose)
    counted.close(closeCodes.rejectCloseCodes[reject.code], reject.message)
  }

  /** It takes no new session: `drain` or `close` was called. What a health check has to know. */
  get draining(): boolean {
    return this.#sessions.draining
  }

  /**
   * Lets what was begun finish: no new session and no new call is taken, every client is told to leave
   * and finds another server meanwhile, and one that has nothing left to wait for is let go. At the
   * deadline the rest is. Called again it gives the same promise.
   *
   * @throws TypeError for what is no number of milliseconds; nothing has begun then
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkDrain(options)
    this.#drained ??= this.#drain(options)
    return this.#drained
  }

  async #drain(options: DrainOptions): Promise<void> {
    const { within = defaultDrain, spread = (within * 2) / 3 } = options
    this.#sessions.draining = true
    this.#drainDeadline = this.#host.now() + within
    const farewells = [...this.#sessions.live].map((session) => {
      const at = this.#host.now() + uniform(this.#host) * spread
      return this.#host.wakeAt(at, () => this.#sendAway(session))
    })
    await this.#empty(this.#drainDeadline)
    for (const takeBack of farewells) takeBack()
    await this.close()
  }

  /**
   * Takes a principal's rights away: its sockets are closed with 4403, for good, and its sessions end,
   * those included that wait for their client, and so do attempts to connect that are underway. Whether it
   * may come back is for `authenticate` to say, on every node: this server tells no other.
   *
   * @param principal as `authenticate` names it
   * @returns how many sessions ended
   */
  revoke(principal: string): number {
    const name = nameOf(principal)
    for (const handshake of this.#handshakes.keys()) handshake.revoke(name)
    return this.#sessions.revoke(name)
  }

  /** Ends every session at once. Clients learn how far their calls came, and come back elsewhere. */
  async close(): Promise<void> {
    this.#closed = true
    this.#sessions.draining = true
    for (const handshake of [...this.#handshakes.keys()]) {
      handshake.abandon(closeCodes.GOING_AWAY, "the server is closing")
    }
    for (const session of [...this.#sessions.live]) session.bye("the server is closing")
  }

  #turnAway(reason: Refusal, status: UpgradeRefusal["status"]): UpgradeRefusal {
    this.#refused.add(reason)
    return { status }
  }

  /** The socket of one that was refused keeps its place until it is gone. */
  #leave(handshake: Handshake, refused: Transport | undefined): void {
    const leave = this.#handshakes.get(handshake)
    this.#handshakes.delete(handshake)
    if (refused && leave) whenGone(refused, leave)
    else leave?.()
  }

  readonly #countClose = (code: string): void => this.#closes.add(code)

  /** No session is left, or it is too late. */
  #empty(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#sessions.size === 0) return resolve()
      const takeBack = this.#host.wakeAt(deadline, resolve)
      this.#emptied = () => {
        takeBack()
        resolve()
      }
    })
  }

  #sendAway(session: ServerSession): void {
    const deadlineMs = Math.max(0, Math.round(this.#drainDeadline - this.#host.now()))
    const retryAfterMs = [0, Math.min(moveWithin, deadlineMs)] as const
    session.sendAway({ reason: "draining", deadlineMs, retryAfterMs }, durations.drainPatience)
  }

  /** Whoever comes back is told again. */
  #attached(session: ServerSession): void {
    if (session.serving.refusing) this.#sendAway(session)
  }

  #ended(session: ServerSession, why: Why | "bye", reason: string): void {
    const { sid } = session.identity
    const level = why === "protocol" || why === "overflow" ? "warn" : "info"
    if (session.exceeded) this.#refused.add(session.exceeded)
    this.#log({ level, message: "session ended", session: sid, why, reason })
    if (this.#sessions.size === 0) this.#emptied()
  }
}

/** At once where the runtime does not tell. */
function whenGone(transport: Transport, run: () => void): void {
  if (transport.gone) transport.gone(run)
  else run()
}

/** A contract without keyed calls needs none, and its clients remember nothing. */
function keysOf(
  entries: DispatchOptions["entries"],
  options: ServeOptions<unknown>,
  host: Host,
  log: Log,
): KeyedCalls | undefined {
  const keyed = [...entries.values()].some(
    ({ procedure }) => procedure.kind === "call" && procedure.idempotency === "key",
  )
  if (!keyed) return undefined
  if (!options.keys) {
    const reason = "no store was given: they are lost with this process, and no other has them"
    log({ level: "info", message: "idempotency keys are kept in memory", reason })
  }
  return new KeyedCalls(options.keys ?? memoryKeys({ host }), host, log)
}
