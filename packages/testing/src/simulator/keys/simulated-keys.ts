import type { KeyStore } from "@trunkline/server"
import { memoryKeys } from "@trunkline/server"
import type { Clock } from "../../pair/clock.js"
import type { Counters } from "../counters.js"
import { Process } from "../process.js"
import type { Random } from "../random.js"
import { must } from "../violation.js"
import type { KeysFault, KeysScenario } from "./keys-fault.js"

/** Milliseconds that a record is kept: as by default. */
export const kept = 86_400_000

/** The machine of the store, whose clock a fault may set forward. */
class StoreProcess extends Process {
  ahead = 0

  override now(): number {
    return super.now() + this.ahead
  }
}

/**
 * A key store that all servers reach over a network of its own: it is slow, fails, fails after it did what
 * it was asked for, and loses its records.
 */
export class SimulatedKeys {
  readonly #scenario: KeysScenario
  readonly #process: StoreProcess
  readonly #counters: Counters
  /** By epoch and key: the outcome that somebody was told. */
  readonly #told = new Map<string, string>()
  #records: KeyStore
  #downUntil = 0
  #applies = false
  #slowUntil = 0
  #slowBy = 0

  constructor(scenario: KeysScenario, clock: Clock, random: Random, counters: Counters) {
    this.#scenario = scenario
    this.#process = new StoreProcess("key store", clock, random)
    this.#counters = counters
    this.#records = this.#empty()
  }

  strike(fault: KeysFault): void {
    const now = this.#process.now() - this.#process.ahead
    if (fault.type === "storeDown") {
      this.#downUntil = now + fault.for
      this.#applies = fault.applied
    } else if (fault.type === "storeSlow") {
      this.#slowUntil = now + fault.for
      this.#slowBy = fault.by
    } else if (fault.type === "storeWipe") this.#records = this.#empty()
    else if (fault.type === "sleep") this.#process.ahead += kept
  }

  heal(): void {
    this.#downUntil = 0
    this.#slowUntil = 0
  }

  /** The store of a server in this process. */
  connect(process: Process): KeyStore {
    const shared = this
    const ask = <T>(what: string, run: () => Promise<T>) => this.#ask(process, what, run)
    return {
      get epoch() {
        return shared.#records.epoch
      },
      ttlMs: kept,
      outcomeUnits: this.#records.outcomeUnits,
      claim: (claim, signal) =>
        ask("claim", async () => {
          const claimed = await this.#records.claim(claim, signal)
          const doubtful = claim.doubtful ? " in doubt" : ""
          this.#counters.add(`key ${claimed.state}${doubtful}`)
          if (claimed.state === "done") this.#tell(claim.key, claimed.outcome)
          return claimed
        }),
      renew: (...renewal) =>
        ask("renewal", async () => {
          const renewed = await this.#records.renew(...renewal)
          this.#counters.add(renewed ? "lease renewed" : "lease lost")
          return renewed
        }),
      complete: (key, owner, outcome, signal) =>
        ask("completion", async () => {
          const completed = await this.#records.complete(key, owner, outcome, signal)
          const own = completed.state === "done" && completed.outcome === outcome
          this.#counters.add(own ? "key completed" : `key completed by another, ${completed.state}`)
          if (completed.state === "done") this.#tell(key, completed.outcome)
          return completed
        }),
      release: (...which) => ask("release", () => this.#records.release(...which)),
      changed: (key, signal) => this.#records.changed?.(key, signal) ?? Promise.resolve(),
    }
  }

  /** S3: whoever asks by one key is told one outcome. */
  #tell(key: string, outcome: string): void {
    const name = `${this.#records.epoch} ${key}`
    const before = this.#told.get(name) ?? outcome
    must(before === outcome, "S3", () => `${before} was told of a key, and then ${outcome}`)
    this.#told.set(name, outcome)
  }

  async #ask<T>(process: Process, what: string, run: () => Promise<T>): Promise<T> {
    await this.#travel(process)
    const down = process.now() < this.#downUntil
    if (down) this.#counters.add(`store down at a ${what}`)
    if (down && !this.#applies) throw new Error("the store is down")
    const answer = await run()
    if (down) throw new Error("the answer is lost")
    await this.#travel(process)
    return answer
  }

  #travel(process: Process): Promise<void> {
    const now = process.now()
    const milliseconds = this.#scenario.latency + (now < this.#slowUntil ? this.#slowBy : 0)
    if (milliseconds === 0) return Promise.resolve()
    return new Promise((resolve) => process.run(now + milliseconds, resolve))
  }

  #empty(): KeyStore {
    return memoryKeys({ host: this.#process, ttl: kept, entries: this.#scenario.entries })
  }
}
