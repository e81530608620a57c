import { RpcError } from "@trunkline/contract"
import {
  type Broker,
  type BrokerCapabilities,
  type BrokerReader,
  type BrokerStep,
  readUnits,
} from "@trunkline/server"
import type { ModelLog } from "./model-log.js"

/** What becomes of a message to the engine. */
export type Fate = "done" | "unanswered" | "lost"

/** The engine as its nodes know it. */
export interface SharedLogs {
  readonly reachable: boolean
  /** What becomes of the next publishing. */
  readonly fate: () => Fate
  /** What is awaited on the way there, and on the way back. */
  readonly travel: () => Promise<void>
  /** How long a cursor ahead of a node's view is waited for. */
  readonly patience: () => Promise<void>
  log(topic: string): ModelLog
  append(topic: string, payload: string, dedupeId: string): string
  /** Whether it is of this epoch and beyond the tip: a lagging node's entry. */
  isAhead(log: ModelLog, cursor: string): boolean
  /** From where a reader goes on that cannot continue. */
  beyond(log: ModelLog, cursor: string): string
  leave(broker: ModelBroker): void
}

/** One node's access to an engine. */
export class ModelBroker implements Broker {
  readonly capabilities: BrokerCapabilities = { replay: true, durable: true, dedupe: 120_000 }
  /** What this node sees of the engine, where that is not all. */
  view: Map<string, ModelLog> | undefined
  readonly readers: Set<ModelReader> = new Set()
  readonly #engine: SharedLogs
  #closed = false

  constructor(engine: SharedLogs) {
    this.#engine = engine
  }

  async publish(
    topic: string,
    payload: string,
    { dedupeId }: { readonly dedupeId: string },
  ): Promise<string> {
    this.demandOpen()
    await this.#engine.travel()
    const fate = this.#engine.reachable ? this.#engine.fate() : "lost"
    if (fate === "lost") throw unreachable()
    const cursor = this.#engine.append(topic, payload, dedupeId)
    if (fate === "unanswered") throw new Error("the connection broke")
    await this.#engine.travel()
    return cursor
  }

  async open(topic: string, from?: string | undefined): Promise<BrokerReader> {
    this.demandOpen()
    await this.#engine.travel()
    const waiting = { over: false }
    while (from !== undefined && !waiting.over && this.#isAwaited(topic, from)) {
      await Promise.race([
        new Promise<void>((resolve) => this.#watchers.add(resolve)),
        this.#engine.patience().then(() => {
          waiting.over = true
        }),
      ])
    }
    this.demandOpen()
    const log = this.log(topic)
    const gap = from !== undefined && log.after(from) === undefined
    const start = from === undefined ? log.tip.cursor : gap ? this.#engine.beyond(log, from) : from
    const reader = new ModelReader(this, this.#engine, topic, start, gap)
    this.readers.add(reader)
    return reader
  }

  async position(topic: string): Promise<string> {
    this.demandOpen()
    await this.#engine.travel()
    return this.log(topic).tip.cursor
  }

  async close(): Promise<void> {
    this.#closed = true
    this.disconnect()
    this.#engine.leave(this)
  }

  /** Every reader is over; whoever asks next finds the engine again. */
  disconnect(): void {
    for (const reader of [...this.readers]) reader.fail()
  }

  wake(): void {
    for (const resolve of this.#watchers) resolve()
    this.#watchers.clear()
    for (const reader of this.readers) reader.wake()
  }

  log(topic: string): ModelLog {
    return this.view?.get(topic) ?? this.#engine.log(topic)
  }

  demandOpen(): void {
    if (this.#closed || !this.#engine.reachable) throw unreachable()
  }

  readonly #watchers = new Set<() => void>()

  #isAwaited(topic: string, from: string): boolean {
    const log = this.log(topic)
    return log.after(from) === undefined && this.#engine.isAhead(log, from)
  }
}

/** Reads by its cursor, which it looks for each time: what was trimmed or taken back is not found. */
export class ModelReader implements BrokerReader {
  readonly start: string
  readonly gap: boolean
  readonly topic: string
  readonly #broker: ModelBroker
  readonly #engine: SharedLogs
  #cursor: string
  #wake: (() => void) | undefined
  #over = false
  #failed = false

  constructor(broker: ModelBroker, engine: SharedLogs, topic: string, start: string, gap: boolean) {
    this.#broker = broker
    this.#engine = engine
    this.topic = topic
    this.start = start
    this.gap = gap
    this.#cursor = start
  }

  async read(most: number): Promise<readonly BrokerStep[]> {
    for (;;) {
      if (this.#failed || !this.#engine.reachable) throw unreachable()
      if (this.#over) return []
      const steps = this.take(most)
      const last = steps.at(-1)
      if (last) {
        this.#cursor = last.cursor
        await this.#engine.travel()
        return steps
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#over = true
    this.#broker.readers.delete(this)
    this.wake()
  }

  fail(): void {
    this.#failed = true
    this.close()
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  take(most: number): readonly BrokerStep[] {
    const log = this.#broker.log(this.topic)
    const next = log.after(this.#cursor)
    if (next === undefined) {
      if (this.#engine.isAhead(log, this.#cursor) && this.#broker.view) return []
      return [{ gap: true, cursor: this.#engine.beyond(log, this.#cursor) }]
    }
    const steps: BrokerStep[] = []
    let units = 0
    for (const { cursor, prev, payload } of log.entries.slice(next, next + most)) {
      units += payload.length
      if (units > readUnits && steps.length > 0) break
      steps.push({ cursor, prev, payload })
    }
    return steps
  }
}

const unreachable = () =>
  new RpcError("UNAVAILABLE", { message: "the engine is out of reach", executed: "no" })
