import type { Broker } from "@trunkline/server"
import type { BrokerEngine, Need } from "./engine.js"
import { type CaseReport, Missing, reportOf } from "./finding.js"

/** One thing that every broker has to do right. */
export interface BrokerCase {
  readonly name: string
  /** Runs it on an engine that nothing else uses. Does not reject. */
  run(make: () => BrokerEngine | Promise<BrokerEngine>): Promise<CaseReport>
}

/** What a case works with. */
export class Bench {
  readonly engine: BrokerEngine
  readonly #brokers: Broker[] = []
  #ids = 0

  constructor(engine: BrokerEngine) {
    this.engine = engine
  }

  async connect(): Promise<Broker> {
    const broker = await this.engine.connect()
    this.#brokers.push(broker)
    return broker
  }

  /** Publishes these, one after the other; their cursors. */
  async publish(broker: Broker, topic: string, ...payloads: readonly string[]): Promise<string[]> {
    const cursors: string[] = []
    for (const payload of payloads) {
      cursors.push(await broker.publish(topic, payload, { dedupeId: `kit.${this.#ids++}` }))
    }
    return cursors
  }

  /** Something that not every broker can do. */
  can(broker: Broker, need: "replay" | "dedupe"): void {
    if (!broker.capabilities[need]) throw new Missing(need)
  }

  /** Something that not every engine lets be done to it. */
  need<T>(what: Need, found: T | undefined): T {
    if (found === undefined) throw new Missing(what)
    return found
  }

  async close(): Promise<void> {
    for (const broker of this.#brokers) await broker.close()
    await this.engine.close?.()
  }
}

export function brokerCase(name: string, check: (bench: Bench) => Promise<void>): BrokerCase {
  return {
    name,
    async run(make) {
      const bench = new Bench(await make())
      return reportOf(
        name,
        () => check(bench),
        () => bench.close(),
      )
    },
  }
}

/** Payloads: so many whole numbers in a row. */
export function numbers(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, n) => `${first + n}`)
}
