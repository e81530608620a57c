import type { Encoded } from "@trunkline/protocol"
import type { Server } from "@trunkline/server"
import { msgpack } from "@trunkline/transport"
import { Clock, runUntil } from "../pair/clock.js"
import { Authentication } from "./authentication.js"
import { BoundsCheck } from "./bounds.js"
import { ClientProcess } from "./client-process.js"
import { Counters } from "./counters.js"
import { longestSpell } from "./fault.js"
import { Faults, type Stage } from "./faults.js"
import { Fingerprint } from "./fingerprint.js"
import { checkLedger } from "./invariants.js"
import { checkKeyed } from "./keys/keyed-invariants.js"
import { SimulatedKeys } from "./keys/simulated-keys.js"
import { Ledger } from "./ledger.js"
import {
  checkAttempts,
  checkBreaches,
  checkNoticed,
  checkTakeovers,
  countEndings,
  noticeWithin,
} from "./link-invariants.js"
import { type Direction, type Link, type Listener, Network } from "./network.js"
import { spoil } from "./poison.js"
import { Process } from "./process.js"
import { Random } from "./random.js"
import { RollWatch } from "./rolls/roll-watch.js"
import type { Scenario } from "./scenario.js"
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
  readonly authentication: Authentication
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
  /** All that ever listened. */
  readonly #listeners: Listener[] = []
  #messages = 0
  /** Messages when the bounds were looked at. */
  #checkedAt = Number.NEGATIVE_INFINITY
  readonly #fingerprint = new Fingerprint()

  constructor(scenario: Scenario, options: RunOptions) {
    this.scenario = scenario
    this.#options = options
    this.random = new Random(scenario.seed ^ 0x5bd1e995)
    this.network = new Network(this.random.fork())
    this.authentication = new Authentication(this.clock, this.counters, this.#ledger.revoked)
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
      hash: this.#fingerprint.hash,
      messages: this.#messages,
      duration: this.clock.now,
      trace: this.#trace,
    }
  }

  startServer(): void {
    const process = new Process(`server ${++this.#generation}`, this.clock, this.random.fork())
    this.processes.add(process)
    const { window, calls, handlers, grace, bounds, tokenLife } = this.scenario
    const authenticate = (token: string | undefined) => this.authentication.of(token, process)
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
    this.#listeners.push(this.network.listener)
    this.note(`${process.name} is up`)
  }

  revoke(user: string): void {
    this.#ledger.revoked.set(user, this.clock.now)
    // At every node, those included that nobody reaches any more.
    const nodes = this.#listeners.filter(
      ({ process, server }) => !process.dead || server === this.server,
    )
    const ended = nodes.reduce((sum, { server }) => sum + server.revoke(user), 0)
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
    this.#checkSettled()
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

  /** L1: once the faults are over, everything comes to an end in time. */
  async #settle(): Promise<void> {
    const until = this.scenario.healedAt + settleWithin
    while (!this.#isSettled && this.clock.now < until) {
      this.#topics?.close()
      await this.#runUntil(this.clock.now + slice)
    }
    // Whose outcome has just come may have a source that still has to hear of it.
    await this.#runUntil(this.clock.now + slice)
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

  #checkSettled(): void {
    checkNoticed(this.network.links, this.scenario, this.counters)
    checkTakeovers(this.network.links)
    checkLedger(this.#ledger)
    this.#rollWatch.check(this.#ledger)
    this.#boundsCheck.settled(this.#ledger)
    checkKeyed(this.#ledger, this.scenario)
    this.#countOutcomes()
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
    const { links } = this.network
    checkBreaches(links, this.scenario, this.#generation)
    if (this.server) this.#boundsCheck.rest(this.server.stats(), links, this.counters)
    for (const { connection } of this.clients) {
      if (connection.info.duplicates > 0) this.counters.add("duplicates dropped")
    }
    countEndings(links, this.counters)
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
      checkAttempts(this.network.links, this.clients.length, this.clock.now)
      must(this.clock.stepsNow < busiestMoment, "L1", () => "time stands still")
    })
  }

  #checkBounds(): void {
    // Where memory is short time decides too; else nothing changes but by messages.
    if (this.#messages < this.#checkedAt + boundsEvery && !this.scenario.bounds) return
    this.#checkedAt = this.#messages
    this.#boundsCheck.clients(this.clients, this.counters)
    const frozen = this.network.listener?.process.frozen === true
    if (this.server) this.#boundsCheck.server(this.server.stats(), frozen)
  }

  #tap(link: Link, direction: Direction, wire: Encoded): Encoded {
    const sent = direction === "up" ? spoil(wire) : wire
    this.#options.onMessage?.(link, this.#messages, direction)
    this.#messages++
    this.#fingerprint.add(`${this.clock.now} ${direction}`, sent)
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

  bug(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
  }
}
