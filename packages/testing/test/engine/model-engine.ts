import type { Broker } from "@trunkline/server"
import type { BrokerEngine } from "@trunkline/testing/conformance"
import { type Fate, ModelBroker, type SharedLogs } from "./model-broker.js"
import { type ModelEntry, ModelLog } from "./model-log.js"

/**
 * An engine that several nodes share, all in memory, which can be made to fail in every way that an
 * engine does: what brokers over a network have to cope with.
 *
 * Its methods are those steps in which an adapter may be wrong; a test replaces one of them to see
 * whether that is found.
 */
export class ModelEngine implements BrokerEngine, SharedLogs {
  /** Nothing can be asked of it while it is not. */
  reachable = true
  fate: () => Fate = () => "done"
  travel: () => Promise<void> = async () => {}
  patience: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve, 2_000))
  readonly bound: { readonly entries: number; readonly kept: (topic: string) => number }
  readonly brokers: Set<ModelBroker> = new Set()
  readonly #logs = new Map<string, ModelLog>()
  readonly #published = new Map<string, string>()
  #epoch = 1
  #tags = 0

  constructor(entries = 2_000) {
    this.bound = { entries, kept: (topic) => this.log(topic).entries.length }
  }

  readonly connect = (): ModelBroker => {
    const broker = new ModelBroker(this)
    this.brokers.add(broker)
    return broker
  }

  readonly trim = (topic: string, keep: number): void => {
    const log = this.log(topic)
    for (const dropped of log.entries.splice(0, Math.max(0, log.entries.length - keep))) {
      log.base = dropped
    }
    this.wake()
  }

  readonly rollBack = (topic: string, count: number): void => {
    const { entries } = this.log(topic)
    entries.splice(Math.max(0, entries.length - count))
    this.wake()
  }

  readonly reset = (): void => {
    this.#epoch++
    this.#logs.clear()
    this.#published.clear()
    for (const broker of this.brokers) broker.disconnect()
  }

  readonly disconnect = (broker: Broker): void => {
    if (broker instanceof ModelBroker) broker.disconnect()
  }

  readonly lag = (broker: Broker): (() => void) => {
    if (!(broker instanceof ModelBroker)) return () => {}
    broker.view = new Map([...this.#logs].map(([topic, log]) => [topic, log.copy()]))
    return () => {
      broker.view = undefined
      broker.wake()
    }
  }

  log(topic: string): ModelLog {
    const name = this.nameOf(topic)
    const log = this.#logs.get(name) ?? new ModelLog({ position: 0, cursor: this.cursorOf(0, 0) })
    this.#logs.set(name, log)
    return log
  }

  append(topic: string, payload: string, dedupeId: string): string {
    const id = `${dedupeId}\n${topic}`
    const before = this.remembered(id)
    if (before !== undefined) return before
    const log = this.log(topic)
    const position = log.tip.position + 1
    const cursor = this.cursorOf(position, ++this.#tags)
    const entry: ModelEntry = { cursor, prev: log.tip.cursor, payload, position }
    log.entries.push(entry)
    this.#published.set(id, cursor)
    if (log.entries.length > this.bound.entries) this.trim(topic, this.bound.entries)
    this.wake()
    return cursor
  }

  leave(broker: ModelBroker): void {
    this.brokers.delete(broker)
  }

  wake(): void {
    for (const broker of this.brokers) broker.wake()
  }

  /* Where an adapter may be wrong. */

  nameOf(topic: string): string {
    return topic
  }

  cursorOf(position: number, tag: number): string {
    return `e${this.#epoch}.${position}.${tag}`
  }

  remembered(id: string): string | undefined {
    return this.#published.get(id)
  }

  isAhead(log: ModelLog, cursor: string): boolean {
    const [epoch, position] = cursor.split(".")
    return epoch === `e${this.#epoch}` && Number(position) > log.tip.position
  }

  /** It has not had what was dropped, and nothing of another epoch. */
  beyond(log: ModelLog, cursor: string): string {
    const [epoch, position] = cursor.split(".")
    const unseen = epoch !== `e${this.#epoch}` || Number(position) < log.base.position
    return unseen ? log.base.cursor : log.tip.cursor
  }
}
