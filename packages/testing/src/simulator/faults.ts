import type { Server } from "@trunkline/server"
import type { Clock } from "../pair/clock.js"
import type { Counters } from "./counters.js"
import type { Fault } from "./fault.js"
import { kept, type SimulatedKeys } from "./keys/simulated-keys.js"
import type { Link, Network } from "./network.js"
import type { Process } from "./process.js"
import { roll } from "./rolls/roll.js"
import type { Scenario } from "./scenario.js"

/** What faults are done to. */
export interface Stage {
  readonly scenario: Scenario
  readonly clock: Clock
  readonly network: Network
  readonly counters: Counters
  readonly clients: readonly { readonly process: Process; user: string }[]
  readonly server: Server | undefined
  /** What all servers reach, where there is one. */
  readonly keys: SimulatedKeys | undefined
  /** Until when tokens are refused, and until when they are slow to check and by how much. */
  readonly authentication: { refusedUntil: number; slowUntil: number; slowBy: number }
  /** From now on nobody serves this user. */
  revoke(user: string): void
  /** Every process that ever was. */
  readonly processes: Iterable<Process>
  /** Starts the service anew: a process that remembers nothing of the one before. */
  startServer(): void
  note(text: string): void
  /** Something happened that never should. */
  bug(error: unknown): void
}

/** Does to a simulated world what a scenario's faults say, and undoes it in the end. */
export class Faults {
  readonly #stage: Stage
  #leaving = false
  #healed = false

  constructor(stage: Stage) {
    this.#stage = stage
  }

  strike(fault: Fault): void {
    this.#stage.note(`fault ${JSON.stringify(fault)}`)
    this.#stage.counters.add(`fault ${fault.type}`)
    switch (fault.type) {
      case "cut":
        return this.#newest?.cut(
          fault.notified,
          Math.round(fault.keptUp * this.#newest.inFlight),
          Math.round(fault.keptDown * this.#newest.inFlight),
        )
      case "swallow":
        return this.#newest?.swallow(fault.direction)
      case "stall":
        return this.#newest?.stall(fault.direction, this.#now + fault.for)
      case "freeze":
        return this.#processOf(fault.whom)?.freeze(this.#now + fault.for)
      case "jump":
        return this.#processOf(fault.whom)?.jump(fault.by)
      case "crash":
        return this.#crash(fault.notified, fault.downFor)
      case "leave":
        return void this.#leave(fault.drain, fault.downFor)
      case "offline":
        return this.#goOffline(fault.for)
      case "refuseTokens":
        return this.#refuseTokens(fault.for)
      case "slowAuthentication":
        return this.#slowAuthentication(fault.for, fault.by)
      case "lateHello":
        return this.#delayHello(fault.opens, fault.for)
      case "switchUser":
        return this.#switchUser(fault.client, fault.quiet)
      case "revoke":
        return this.#revoke(fault.client)
      case "roll":
        return void roll(this.#stage, fault)
      case "moveOn":
        return this.#moveOn(fault.notified, fault.frozenFor)
      case "sleep":
        for (const process of this.#stage.processes) process.jump(kept)
        return this.#stage.keys?.strike(fault)
      case "storeDown":
      case "storeSlow":
      case "storeWipe":
        return this.#stage.keys?.strike(fault)
    }
  }

  /** From now on the network is good, the server runs, and tokens are believed. */
  heal(): void {
    const { network, authentication } = this.#stage
    this.#stage.note("healed")
    this.#healed = true
    const good = { jitter: 0, refusal: 0, handshake: 0, closeLoss: 0, slowSocket: undefined }
    Object.assign(network.weather, good)
    Object.assign(authentication, { refusedUntil: 0, slowUntil: 0 })
    this.#stage.keys?.heal()
    if (!network.listener) this.#start()
  }

  get #now(): number {
    return this.#stage.clock.now
  }

  get #newest(): Link | undefined {
    return this.#stage.network.open.at(-1)
  }

  #processOf(whom: "client" | "server") {
    const { clients, network } = this.#stage
    return whom === "client" ? clients[0]?.process : network.listener?.process
  }

  #start(): void {
    this.#leaving = false
    if (!this.#stage.network.listener) this.#stage.startServer()
  }

  #crash(notified: boolean, downFor: number): void {
    const { network } = this.#stage
    const { listener } = network
    if (!listener) return
    network.listener = undefined
    listener.process.die()
    for (const link of network.open) {
      if (link.server !== listener.process) continue
      if (notified) link.cut("client", 0, 1_000)
      else link.swallow("both")
    }
    this.#startIn(downFor)
  }

  /** From now on another process serves. The one before lives on, with all its sessions and handlers. */
  #moveOn(notified: boolean, frozenFor: number): void {
    const { network } = this.#stage
    const { listener } = network
    if (this.#leaving || !listener) return
    network.listener = undefined
    for (const link of network.open) {
      if (link.server === listener.process) link.cut(notified ? "both" : "client", 0, 0)
    }
    if (frozenFor > 0) listener.process.freeze(this.#now + frozenFor)
    this.#start()
  }

  async #leave(drain: boolean, downFor: number): Promise<void> {
    const { network, server } = this.#stage
    const { listener } = network
    if (this.#leaving || !listener || !server) return
    this.#leaving = true
    if (drain) await server.drain({ within: 2_000, spread: 500 })
    else await server.close()
    if (network.listener !== listener) return
    network.listener = undefined
    // The process lives a little longer, so that its last words arrive.
    listener.process.run(this.#now + 1_000, () => listener.process.die())
    for (const link of network.open) if (link.server === listener.process) link.faulty = true
    if (this.#healed) this.#start()
    else this.#startIn(downFor)
  }

  #startIn(milliseconds: number): void {
    this.#stage.clock.at(this.#now + milliseconds, () => this.#start())
  }

  #goOffline(milliseconds: number): void {
    const { network, clock, scenario } = this.#stage
    for (const link of network.open) link.swallow("both")
    network.weather.refusal = 1
    clock.at(this.#now + milliseconds, () => {
      network.weather.refusal = this.#healed ? 0 : scenario.refusal
    })
  }

  #refuseTokens(milliseconds: number): void {
    this.#stage.authentication.refusedUntil = this.#now + milliseconds
    this.#newest?.cut("both", 1, 1)
  }

  #slowAuthentication(milliseconds: number, by: number): void {
    Object.assign(this.#stage.authentication, { slowUntil: this.#now + milliseconds, slowBy: by })
    this.#newest?.cut("both", 1, 1)
  }

  /** What the client says first on its next socket comes late: after the next but one, perhaps. */
  #delayHello(opens: number, words: number): void {
    this.#stage.network.weather.slowSocket = { opens, words }
    this.#newest?.cut("both", 1, 1)
  }

  #revoke(index: number): void {
    const client = this.#stage.clients[index]
    if (client) this.#stage.revoke(client.user)
  }

  /** Another user logs in on the same page: what is begun from now on is hers. */
  #switchUser(index: number, quiet = false): void {
    const client = this.#stage.clients[index]
    if (!client) return
    client.user = `${client.process.name}'s user ${this.#now}`
    if (quiet) return
    for (const link of this.#stage.network.open) {
      if (link.client === client.process) link.sever()
    }
  }
}
