import { RpcError } from "@trunkline/contract"
import {
  type ReplayEntry,
  type ReplayReader,
  ReplaySource,
  type ReplayStep,
} from "@trunkline/endpoint"
import type { Counters } from "../counters.js"
import type { Process } from "../process.js"
import { LogBroker, lookEvery, type Sight, waitForCursor } from "./log-broker.js"
import type { LogEntry, SimulatedLog, TopicItem } from "./simulated-log.js"

/** What all items up to a cursor come to. */
export interface TopicState {
  /** Of the last of them; 0 for none. */
  readonly serial: number
}

/** The state with the cursor that it is the state of. */
export interface TopicSnapshot {
  readonly state: TopicState
  readonly cursor: string
}

/** Which items of a topic a stream is about. */
export type Filter = (item: TopicItem) => boolean

/** Entries for others, after which a quiet stream is told where it stands. */
const farBehind = 3

/** The logs as one server process sees them: it may lose sight of them, lag behind or hear of nothing. */
export class LogNode implements Sight {
  readonly process: Process
  readonly latency: number
  reachable = true
  /** It hears of no entry, and finds it when it looks. */
  deaf = false
  seenUntil: number = Number.POSITIVE_INFINITY
  readonly broker: LogBroker
  readonly #readers = new Set<LogReader>()

  constructor(
    process: Process,
    logs: readonly SimulatedLog[],
    latency: number,
    counters: Counters,
  ) {
    this.process = process
    this.latency = latency
    this.broker = new LogBroker(this, logs, counters)
  }

  travel(): Promise<void> {
    return this.pause(this.latency)
  }

  pause(milliseconds: number): Promise<void> {
    const { process } = this
    return new Promise((resolve) => process.run(process.now() + milliseconds, resolve))
  }

  /** A part of a log, as no topic reads it: its place moves with what is for others. */
  part(log: SimulatedLog, filter: Filter): ReplaySource<TopicItem> {
    return new ReplaySource((from, wake) => this.#open(log, filter, from, wake))
  }

  /** The state and its cursor, read together, somewhere else than the log. */
  async snapshot(log: SimulatedLog): Promise<TopicSnapshot> {
    await this.travel()
    const { tip } = log
    const state: TopicState = { serial: log.find(tip)?.item.serial ?? 0 }
    await this.travel()
    return { state, cursor: tip }
  }

  heard(log: SimulatedLog, entry: LogEntry): void {
    if (this.deaf || !this.reachable) return
    this.process.run(this.process.now() + this.latency, () => {
      for (const reader of [...this.#readers]) if (reader.log === log) reader.heard(entry)
      this.broker.wake(log)
    })
  }

  /** How it sees the logs has changed. */
  changed(): void {
    this.process.run(this.process.now(), () => {
      for (const reader of [...this.#readers]) reader.wake()
      this.broker.wake()
    })
  }

  closed(reader: LogReader): void {
    this.#readers.delete(reader)
  }

  async #open(
    log: SimulatedLog,
    filter: Filter,
    from: string | undefined,
    wake: () => void,
  ): Promise<ReplayReader> {
    await this.travel()
    if (!this.reachable) throw new RpcError("UNAVAILABLE")
    const reader = new LogReader(this, log, filter, from, wake)
    this.#readers.add(reader)
    return reader
  }
}

class LogReader implements ReplayReader {
  readonly log: SimulatedLog
  readonly start: string
  position: string
  readonly wake: () => void
  readonly #node: LogNode
  readonly #filter: Filter
  #stalled = false
  #aheadSince: number | undefined
  #skipped = 0
  #closed = false

  constructor(
    node: LogNode,
    log: SimulatedLog,
    filter: Filter,
    from: string | undefined,
    wake: () => void,
  ) {
    this.log = log
    this.wake = wake
    this.#node = node
    this.#filter = filter
    this.start = from ?? log.tipAt(node.seenUntil)
    this.position = this.start
    this.#look()
  }

  read(most: number): ReplayStep | undefined {
    if (!this.#node.reachable) {
      if (this.#stalled) return undefined
      this.#stalled = true
      return { type: "stalled" }
    }
    this.#stalled = false
    const found = this.log.after(this.position, this.#node.seenUntil)
    if (found.type === "ahead") return this.#wait()
    this.#aheadSince = undefined
    return found.type === "gap" ? this.#gap(found.cursor) : this.#take(found.entries, most)
  }

  close(): void {
    this.#closed = true
    this.#node.closed(this)
  }

  heard({ item }: LogEntry): void {
    if (this.#filter(item) || ++this.#skipped >= farBehind) this.wake()
  }

  #take(entries: readonly LogEntry[], most: number): ReplayStep | undefined {
    const taken: ReplayEntry[] = []
    for (const entry of entries) {
      if (taken.length === most) break
      this.position = entry.cursor
      this.#skipped = 0
      if (!this.#filter(entry.item)) continue
      const { cursor, item } = entry
      taken.push({ cursor, key: item.key, encode: (codec) => entry.encode(codec) })
    }
    return taken.length > 0 ? { type: "entries", entries: taken } : undefined
  }

  #gap(cursor: string): ReplayStep {
    this.#aheadSince = undefined
    this.position = cursor
    return { type: "gap", cursor }
  }

  /** What this node does not see yet is no gap, unless that lasts. */
  #wait(): ReplayStep | undefined {
    const { process, seenUntil } = this.#node
    const now = process.now()
    if (this.#aheadSince === undefined) {
      this.#aheadSince = now
      process.run(now + waitForCursor, this.wake)
    }
    if (now - this.#aheadSince < waitForCursor) return undefined
    this.log.wounded = true
    return this.#gap(this.log.tipAt(seenUntil))
  }

  #look(): void {
    const { process } = this.#node
    process.run(process.now() + lookEvery, () => {
      if (this.#closed) return
      this.#look()
      if (this.position !== this.log.tip || !this.#node.reachable) this.wake()
    })
  }
}
