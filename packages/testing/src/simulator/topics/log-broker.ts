import { RpcError } from "@trunkline/contract"
import type { Broker, BrokerCapabilities, BrokerReader, BrokerStep } from "@trunkline/server"
import type { Counters } from "../counters.js"
import type { Process } from "../process.js"
import type { LogEntry, SimulatedLog } from "./simulated-log.js"

/** How long a cursor that is not there yet is waited for. */
export const waitForCursor = 2_000
/** Milliseconds between two looks at a log that has told of nothing. */
export const lookEvery = 10_000

/** How one process sees the logs now. */
export interface Sight {
  readonly process: Process
  readonly reachable: boolean
  /** What came later it does not see. */
  readonly seenUntil: number
  /** What a message to the log or from it takes. */
  travel(): Promise<void>
  pause(milliseconds: number): Promise<void>
}

/** The logs as a broker: what a node's topics read. Somebody else publishes. */
export class LogBroker implements Broker {
  readonly capabilities: BrokerCapabilities = { replay: true, durable: true, dedupe: 0 }
  readonly #node: Sight
  readonly #logs: readonly SimulatedLog[]
  readonly #counters: Counters
  readonly #readers = new Set<LogBrokerReader>()

  constructor(node: Sight, logs: readonly SimulatedLog[], counters: Counters) {
    this.#node = node
    this.#counters = counters
    this.#logs = logs
  }

  publish(): Promise<string> {
    return Promise.reject(unreachable())
  }

  async open(topic: string, from?: string): Promise<BrokerReader> {
    const log = this.#logOf(topic)
    await this.#node.travel()
    const until = this.#node.process.now() + waitForCursor
    while (from !== undefined && this.#node.process.now() < until) {
      if (log.after(from, this.#node.seenUntil).type !== "ahead") break
      await this.#node.pause(100)
    }
    if (!this.#node.reachable) throw unreachable()
    const { start, gap } = this.#place(log, from)
    if (from !== undefined) this.#counters.add(gap ? "log opened behind a gap" : "log opened again")
    const reader = new LogBrokerReader(this.#node, log, start, gap, () => {
      this.#readers.delete(reader)
    })
    this.#readers.add(reader)
    return reader
  }

  async position(topic: string): Promise<string> {
    await this.#node.travel()
    return this.#logOf(topic).tipAt(this.#node.seenUntil)
  }

  async close(): Promise<void> {
    for (const reader of [...this.#readers]) reader.close()
  }

  /** There is something to be seen, or nothing any more. */
  wake(log?: SimulatedLog): void {
    for (const reader of [...this.#readers]) if (!log || reader.log === log) reader.wake()
  }

  /** Where a reader begins that stood at `from`. */
  #place(log: SimulatedLog, from: string | undefined): { start: string; gap: boolean } {
    const tip = log.tipAt(this.#node.seenUntil)
    if (from === undefined) return { start: tip, gap: false }
    const found = log.after(from, this.#node.seenUntil)
    if (found.type === "entries") return { start: from, gap: false }
    if (found.type === "gap") return { start: found.cursor, gap: true }
    log.wounded = true
    return { start: tip, gap: true }
  }

  #logOf(topic: string): SimulatedLog {
    const log = this.#logs[Number(topic.split(":")[1])]
    if (!log) throw new Error(`there is no topic ${topic}`)
    return log
  }
}

class LogBrokerReader implements BrokerReader {
  readonly log: SimulatedLog
  readonly start: string
  readonly gap: boolean
  readonly #node: Sight
  readonly #closed: () => void
  #cursor: string
  #wake: (() => void) | undefined
  #over = false

  constructor(node: Sight, log: SimulatedLog, start: string, gap: boolean, closed: () => void) {
    this.#node = node
    this.log = log
    this.start = start
    this.gap = gap
    this.#cursor = start
    this.#closed = closed
  }

  async read(most: number): Promise<readonly BrokerStep[]> {
    for (;;) {
      if (this.#over) return []
      if (!this.#node.reachable) {
        this.close()
        throw unreachable()
      }
      const found = this.log.after(this.#cursor, this.#node.seenUntil)
      if (found.type === "gap") return this.#gap(found.cursor)
      if (found.type === "entries" && found.entries.length > 0) {
        return this.#take(found.entries.slice(0, most))
      }
      await this.#next()
    }
  }

  close(): void {
    this.#over = true
    this.#closed()
    this.wake()
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  async #gap(cursor: string): Promise<readonly BrokerStep[]> {
    this.#cursor = cursor
    await this.#node.travel()
    return [{ gap: true, cursor }]
  }

  async #take(entries: readonly LogEntry[]): Promise<readonly BrokerStep[]> {
    this.#cursor = entries.at(-1)?.cursor ?? this.#cursor
    await this.#node.travel()
    return entries.map(({ cursor, prev, item }) => {
      return { cursor, prev, payload: JSON.stringify(item) }
    })
  }

  /** It hears of something, or looks by itself. */
  #next(): Promise<void> {
    return Promise.race([
      new Promise<void>((resolve) => {
        this.#wake = resolve
      }),
      this.#node.pause(lookEvery),
    ])
  }
}

function unreachable(): RpcError {
  return new RpcError("UNAVAILABLE", { executed: "no" })
}
