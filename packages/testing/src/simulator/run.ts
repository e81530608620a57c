import { RpcError } from "@trunkline/contract"
import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as limits from "@trunkline/protocol/limits"
import type { Server } from "@trunkline/server"
import { msgpack } from "@trunkline/transport"
import { BoundsCheck } from "./bounds.js"
import { ClientProcess } from "./client-process.js"
import { Clock, runUntil } from "./clock.js"
import { Counters } from "./counters.js"
import { Faults, type Stage } from "./faults.js"
import { checkLedger } from "./invariants.js"
import { checkKeyed } from "./keys/keyed-invariants.js"
import { SimulatedKeys } from "./keys/simulated-keys.js"
import { Ledger } from "./ledger.js"
import { type Direction, type Farewell, type Link, Network } from "./network.js"
import { spoil } from "./poison.js"
import { Process } from "./process.js"
import { Random } from "./random.js"
import { RollWatch } from "./rolls/roll-watch.js"
import { longestSpell, type Scenario } from "./scenario.js"
import { startService } from "./service.js"
import { preferenceOf, textOf } from "./speech.js"
import { Talk } from "./talk/talk.js"
import { Topics } from "./topics/topics.js"
import { must } from "./violation.js"
import { WireObserver } from "./wire-observer.js"

/** What came of a run. */
export interface Report {
  readonly scenario: Scenario
  /** The first thing that should have held and did not, or an error that nobody should have made. */
  readonly failure: Error | undefined
  readonly counters: Counters
  /** Equal for equal runs (D1). */
  readonly hash: number
  readonly messages: number
  /** Virtual milliseconds. */
  readonly duration: number
  readonly trace: readonly string[]
}

export interface RunOptions {
  /** Keep a line for each thing that happened. */
  readonly trace?: boolean | undefined
  /** Called for each message just before it is sent, counted from 0: a place to break the line at. */
  readonly onMessage?: ((link: Link, index: number, direction: Direction) => void) | undefined
}

/** L1: twice the longest backoff and the longest time to notice a dead line, and the work itself. */
const settleWithin = 2 * (30_000 + 45_000) + 90_000
/** L2: half-open lines are found within this. */
const noticeWithin = 46_000
/** L4: backoff lets a few attempts come in a row, and then about so many milliseconds pass between two. */
const attemptsAtOnce = 40
const attemptEvery = 500
/** D1: of a long message its length and its beginning go into the hash. */
const hashedUnits = 400
/** L1: so much cannot have happened at once. */
const busiestMoment = 50_000
/** S6: looking at what every session holds costs more than the messages in between. */
const boundsEvery = 4
const slice = 5_000

/** Runs a scenario to its end, and checks on the way and at the end what must hold. */
export function run(scenario: Scenario, options: RunOptions = {}): Promise<Report> {
  return new World(scenario, options).run()
}

/** Processes, the network between them, and what they have done so far. */
export class World implements Stage {
  readonly scenario: Scenario
  readonly clock: Clock = new Clock()
  readonly random: Random
  readonly network: Network
  readonly counters: Counters = new Counters()
  readonly clients: ClientProcess[] = []
  server: Server | undefined
  readonly keys: SimulatedKeys | undefined
  readonly processes: Set<Process> = new Set()
  readonly authentication = { refusedUntil: 0, slowUntil: 0, slowBy: 0 }
  readonly #talk: Talk | undefined
  readonly #options: RunOptions
  readonly #ledger = new Ledger()
  readonly #topics: Topics | undefined
  readonly #observer: WireObserver
  readonly #rollWatch: RollWatch
  readonly #boundsCheck: BoundsCheck
  readonly #trace: string[] = []
  #failure: Error | undefined
  #generation = 0
  #messages = 0
  /** Messages when the bounds were looked at. */
  #checkedAt = Number.NEGATIVE_INFINITY
  #hash = 0x811c9dc5

  constructor(scenario: Scenario, options: RunOptions) {
    this.scenario = scenario
    this.#options = options
    this.random = new Random(scenario.seed ^ 0x5bd1e995)
    this.network = new Network(this.random.fork())
    this.#boundsCheck = new BoundsCheck(scenario, this.clock)
    const { topics, talk, keys } = scenario
    this.#topics = topics && new Topics(topics, this.clock, this.counters)
    this.#observer = new WireObserver(this.counters, this.#ledger, this.#topics)
    const { latency, jitter, refusal, handshake, closeLoss, sticky } = scenario
    const weather = { latency, jitter, refusal, handshake, closeLoss, sticky }
    Object.assign(this.network.weather, weather)
    this.#rollWatch = new RollWatch(scenario, this.network, this.counters)
    this.#talk = talk && new Talk(talk, this.clock, this.counters, (error) => this.bug(error))
    if (keys?.store === "shared") {
      const random = Random.of(scenario.seed, "store")
      this.keys = new SimulatedKeys(keys, this.clock, random, this.counters)
    }
    this.network.tap = (link, direction, wire) => this.#tap(link, direction, wire)
  }

  async run(): Promise<Report> {
    try {
      await this.#live()
    } catch (error) {
      this.bug(error)
    }
    return {
      scenario: this.scenario,
      failure: this.#failure,
      counters: this.counters,
      hash: this.#hash >>> 0,
      messages: this.#messages,
      duration: this.clock.now,
      trace: this.#trace,
    }
  }

  startServer(): void {
    const process = new Process(`server ${++this.#generation}`, this.clock, this.random.fork())
    this.processes.add(process)
    const { window, calls, handlers, grace, bounds, tokenLife } = this.scenario
    const authenticate = (token: string | undefined) => this.#authenticate(process, token)
    const limits = { window, calls, handlers, ...bounds }
    const topics = this.#topics
    const talk = this.#talk?.serve(process)
    const codecs = preferenceOf(this.scenario.speech, this.#generation, this.scenario.calm)
    const keyed = this.scenario.keys && { keys: this.keys?.connect(process) }
    const options = {
      process,
      ledger: this.#ledger,
      limits,
      grace,
      tokenLife,
      codecs,
      authenticate,
      talk,
      topics,
      keyed,
    }
    this.server = startService(options)
    this.network.listener = { process, server: this.server }
    this.note(`${process.name} is up`)
  }

  revoke(user: string): void {
    this.#ledger.revoked.set(user, this.clock.now)
    const servers = [...this.network.leaving].map(({ server }) => server)
    if (this.server) servers.push(this.server)
    const ended = servers.reduce((sum, server) => sum + server.revoke(user), 0)
    this.counters.add(ended > 0 ? "revoked with a session" : "revoked without a session")
    const alone = this.clients.length === 1 && this.clients[0]?.hasOneUser
    const { sessions = 0 } = this.server?.stats() ?? {}
    must(!alone || sessions === 0, "S10", () => `${sessions} sessions outlived their rights`)
  }

  note(text: string): void {
    if (this.#options.trace) this.#trace.push(`${this.clock.now.toFixed(1).padStart(10)}  ${text}`)
  }

  async #live(): Promise<void> {
    const { scenario, clock } = this
    this.startServer()
    for (let index = 0; index < scenario.clients; index++) this.#startClient(index)
    for (const operation of scenario.operations) {
      const client = this.clients[operation.client]
      client?.process.run(operation.at, () => {
        this.note(`${client.process.name} begins ${JSON.stringify(operation)}`)
        if (client.connection.state === "draining") this.counters.add("begun while draining")
        client.perform(operation)
      })
    }
    this.#talk?.schedule()
    this.#topics?.begin(this.clients, (error) => this.bug(error))
    const faults = new Faults(this)
    for (const fault of scenario.faults) clock.at(fault.at, () => faults.strike(fault))
    await this.#runUntil(scenario.healedAt)
    faults.heal()
    this.#topics?.heal()
    await this.#settle()
    this.#checkLinks()
    this.#checkTakeovers()
    checkLedger(this.#ledger)
    this.#rollWatch.check(this.#ledger)
    this.#boundsCheck.settled(this.#ledger)
    checkKeyed(this.#ledger, this.scenario)
    this.#countOutcomes()
    await this.#rest()
    await this.#leave()
    this.#talk?.check(scenario)
  }

  #startClient(index: number): void {
    const process = new Process(`client ${index}`, this.clock, this.random.fork())
    this.processes.add(process)
    const bug = (error: unknown) => this.bug(error)
    const viewer = this.#talk?.viewer(process)
    const codecs = this.scenario.speech ? [msgpack] : []
    const client = new ClientProcess(process, this.network, this.#ledger, bug, viewer, codecs)
    client.connection.on("state", ({ from, to, code, reason }) => {
      this.note(`${process.name} ${from} → ${to} ${code ?? ""} ${reason ?? ""}`)
      this.counters.add(`client ${to}`)
    })
    this.clients.push(client)
    this.#talk?.join(client)
  }

  async #authenticate(process: Process, token: string | undefined): Promise<string> {
    const { refusedUntil, slowUntil, slowBy } = this.authentication
    // Looked up before what is slow: rights may be taken away in between.
    if (this.#ledger.revoked.has(token ?? "")) throw new RpcError("FORBIDDEN")
    if (this.clock.now < slowUntil) {
      this.counters.add("slow authentication")
      await new Promise<void>((resolve) => process.run(this.clock.now + slowBy, resolve))
    }
    if (token === undefined || this.clock.now < refusedUntil) throw new RpcError("UNAUTHORIZED")
    return token
  }

  /** L1: once the faults are over, everything comes to an end in time. */
  async #settle(): Promise<void> {
    const until = this.scenario.healedAt + settleWithin
    // Once at least: whose outcome has just come may have a source that still has to hear of it.
    do {
      this.#topics?.close()
      await this.#runUntil(this.clock.now + slice)
    } while (!this.#isSettled && this.clock.now < until)
    this.#topics?.checkSettled()
    const [unsettled] = this.#ledger.unsettled
    must(
      unsettled === undefined,
      "L1",
      () => `${JSON.stringify(unsettled?.operation)} never settled`,
    )
  }

  /** A frozen page begins what it has to when it thaws. */
  get #isSettled(): boolean {
    const { accounts, unsettled } = this.#ledger
    if (this.#topics?.settled === false) return false
    if (accounts.size < this.scenario.operations.length || unsettled.length > 0) return false
    return this.#talk?.settled ?? true
  }

  /** L2: a dead line is noticed in time, and a live one is never given up. */
  #checkLinks(): void {
    const frozen = this.scenario.faults.some(({ type }) => type === "freeze")
    for (const { swallowedAt, closedByClient, closedByServer, faulty } of this.network.links) {
      const silent = closedByClient?.reason === "silent" || closedByServer?.reason === "silent"
      must(!silent || faulty || frozen, "L2", () => "a live line was given up")
      if (silent) this.counters.add("silence noticed")
      if (swallowedAt === undefined || closedByClient === undefined || frozen) continue
      const after = closedByClient.at - swallowedAt
      must(after <= noticeWithin, "L2", () => `a dead line was noticed after ${after} ms`)
    }
  }

  /**
   * S17: whatever is refused as a breach was spoilt on purpose, and ends one session; one more with each
   * server that died, since only its memory tells which frame it was. One that remembers few sessions
   * is as one that died.
   */
  #checkBreaches(): void {
    if (this.scenario.bounds?.memory.tombstones !== undefined) return
    const farewells = this.network.links.flatMap((link) => [
      link.closedByClient,
      link.closedByServer,
    ])
    const breaches = farewells.filter((farewell) => farewell?.code === closeCodes.PROTOCOL)
    const { operations } = this.scenario
    const poisons = operations.filter((operation) => operation.type === "call" && operation.poison)
    const most = poisons.length === 0 ? 0 : poisons.length + this.#generation - 1
    must(breaches.length <= most, "S17", () => {
      const { reason } = breaches.at(-1) ?? {}
      return `${breaches.length} breaches, ${poisons.length} spoilt calls: ${reason}`
    })
  }

  /** S9: of two sockets that come for one session the later has it, whichever is heard first. */
  #checkTakeovers(): void {
    const { links } = this.network
    for (const [index, { client, closedByServer }] of links.entries()) {
      if (closedByServer?.code !== closeCodes.SUPERSEDED) continue
      if (closedByServer.reason === "another user") continue
      const later = links
        .slice(index + 1)
        .some((link) => link.client === client && link.createdAt <= closedByServer.at)
      must(later, "S9", () => "a session was taken from its newest socket")
    }
  }

  #countOutcomes(): void {
    for (const { settlements, operation, entries } of this.#ledger.accounts.values()) {
      for (const { ok, code, executed } of settlements) {
        this.counters.add(`${operation.type} ${ok ? "ok" : `${code} ${executed}`}`)
      }
      if (entries.length > 1) this.counters.add("entered again, as allowed")
    }
  }

  /** S12, S15: when nobody waits for anything, nothing is open, whatever handlers still do. */
  async #rest(): Promise<void> {
    await this.#runUntil(this.clock.now + this.scenario.grace + noticeWithin)
    const { channels = 0 } = this.server?.stats() ?? {}
    must(channels === 0, "S12", () => `${channels} channels are open and nobody waits for them`)
    this.#checkBreaches()
    const { links } = this.network
    if (this.server) this.#boundsCheck.rest(this.server.stats(), links, this.counters)
    for (const { connection } of this.clients) {
      if (connection.info.duplicates > 0) this.counters.add("duplicates dropped")
    }
    for (const { closedByServer, closedByClient } of this.network.links) {
      if (closedByServer) this.counters.add(`closed by the server ${describe(closedByServer)}`)
      if (closedByClient) this.counters.add(`closed by the client ${closedByClient.code}`)
      if (closedByClient?.reason === "not needed") this.counters.add("third session not needed")
    }
  }

  /** S15: afterwards nothing is left: no session, no timer. */
  async #leave(): Promise<void> {
    for (const { connection } of this.clients) void connection.close()
    await this.#runUntil(this.clock.now + noticeWithin + this.scenario.grace + longestSpell)
    const stats = this.server?.stats()
    must(stats?.sessions === 0, "S15", () => `${stats?.sessions} sessions are left`)
    must(stats?.held === 0, "S15", () => `${stats?.held} units are held for nobody`)
    void this.server?.close()
    await this.#runUntil(this.clock.now + slice)
    const processes = [
      ...this.clients.map(({ process }) => process),
      this.network.listener?.process,
    ]
    for (const process of processes) {
      const timers = process?.timers ?? 0
      must(timers === 0, "S15", () => `${process?.name} has ${timers} timers left`)
    }
  }

  #runUntil(time: number): Promise<void> {
    return runUntil(this.clock, time, () => {
      if (this.#failure) throw this.#failure
      this.#checkBounds()
      this.#checkAttempts()
      must(this.clock.stepsNow < busiestMoment, "L1", () => "time stands still")
    })
  }

  /** S6, S8: what is kept for sending again stays within the window and one message. */
  #checkBounds(): void {
    // Where memory is short time decides too; else nothing changes but by messages.
    if (this.#messages < this.#checkedAt + boundsEvery && !this.scenario.bounds) return
    this.#checkedAt = this.#messages
    const message = limits.messageUnits + limits.envelopeUnits
    for (const { connection } of this.clients) {
      const { retained } = connection.info
      if (retained >= this.scenario.window) this.counters.add(`window full, ${connection.state}`)
      const most = this.scenario.window + message
      must(retained <= most, "S6", () => `a client retains ${retained} units`)
    }
    const { server } = this
    if (!server) return
    const stats = server.stats()
    const { sessions, retained } = stats
    this.#boundsCheck.step(stats, this.network.listener?.process.frozen === true)
    const most = sessions * (limits.defaultLimits.window + message)
    must(retained <= most, "S6", () => `the server retains ${retained} units`)
  }

  /** L4: nobody hammers at a server that is not there, and no two sockets take a session from another. */
  #checkAttempts(): void {
    const { links } = this.network
    const most = attemptsAtOnce * this.clients.length + this.clock.now / attemptEvery
    must(links.length <= most, "L4", () => `${links.length} attempts to connect`)
  }

  #tap(link: Link, direction: Direction, wire: Encoded): Encoded {
    const sent = direction === "up" ? spoil(wire) : wire
    this.#options.onMessage?.(link, this.#messages, direction)
    this.#messages++
    this.#fold(direction, sent)
    const at = this.network.links.indexOf(link)
    if (this.#options.trace) {
      this.note(`${direction === "up" ? "→" : "←"} ${at}  ${textOf(wire).slice(0, 300)}`)
    }
    try {
      // As its sender wrote it: what is spoilt on the way nobody can read.
      this.#observer.observe(link, direction, wire)
      this.#rollWatch.observe(link, direction, wire)
    } catch (error) {
      this.bug(error)
    }
    return sent
  }

  #fold(direction: Direction, wire: Encoded): void {
    const text = `${this.clock.now} ${direction} ${wire.length} ${String(wire.slice(0, hashedUnits))}`
    for (let index = 0; index < text.length; index++) {
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(index), 0x01000193)
    }
  }

  bug(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
  }
}

/** Whoever takes a session from another is told apart from who comes too late for it. */
function describe({ code, reason }: Farewell): string {
  return code === closeCodes.SUPERSEDED ? `${code}, ${reason}` : String(code)
}
