import { RpcError } from "@trunkline/contract"
import { checkedNumber } from "@trunkline/endpoint"
import { type Host, systemHost } from "@trunkline/transport"
import { type Broker, type BrokerCapabilities, type BrokerReader, topicUnits } from "./broker.js"
import { Memo } from "./memo.js"
import { entryUnits, KeptEntry, MemoryLog, MemoryReader, type Seat } from "./memory-log.js"

/** What a memory broker keeps. What goes beyond any of these bounds goes, the oldest first. */
export interface MemoryBrokerOptions {
  /**
   * Entries of one topic.
   * @default 10_000
   */
  readonly entries?: number | undefined
  /**
   * Entries of one topic, in UTF-16 units of their JSON text; each counts for 128 more.
   * @default 16_777_216
   */
  readonly units?: number | undefined
  /**
   * Milliseconds that an entry is kept.
   * @default 300_000
   */
  readonly age?: number | undefined
  /**
   * Entries of all topics together, in the same units.
   * @default 134_217_728
   */
  readonly totalUnits?: number | undefined
  /**
   * Topics that nobody reads; above it those go that were touched least lately, with their entries.
   * @default 10_000
   */
  readonly topics?: number | undefined
  /**
   * Clock and randomness; tests pass their own.
   * @default the runtime's
   */
  readonly host?: Host | undefined
}

type Bounds = Readonly<Record<Exclude<keyof MemoryBrokerOptions, "host">, number>>

export const defaultKept: Bounds = {
  entries: 10_000,
  units: 16_777_216,
  age: 300_000,
  totalUnits: 134_217_728,
  topics: 10_000,
}

/** Milliseconds for which a `dedupeId` is remembered, and how many of them. */
const dedupeWindow = 120_000
const dedupeIds = 16_384

/**
 * Keeps topics in the memory of this process. Give one to several servers of a process, or let it outlive
 * them, and their streams go on from one to the other; when the process ends it is gone with all it kept,
 * and a reader that comes back hears of a gap.
 *
 * @example
 * ```ts
 * const alerts = topic(monitor.alerts, { broker: memoryBroker({ entries: 1_000 }) })
 * ```
 *
 * @throws TypeError for a bound that is no number from 1
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  return new MemoryBroker(options)
}

/**
 * Positions are counted over all topics, so none is ever given out twice, also not for a topic that was
 * forgotten and comes back; that is why its cursors need no tag.
 */
class MemoryBroker implements Broker {
  readonly capabilities: BrokerCapabilities = {
    replay: true,
    durable: false,
    dedupe: dedupeWindow,
  }
  readonly #bounds: Bounds
  readonly #host: Host
  readonly #epoch: string
  readonly #logs = new Map<string, MemoryLog>()
  /** Topics that nobody reads, those touched least lately first. */
  readonly #idle = new Set<MemoryLog>()
  readonly #published: Memo<string>
  #oldest: KeptEntry | undefined
  #newest: KeptEntry | undefined
  #units = 0
  #position = 0
  /** The last position in a topic that was forgotten. */
  #forgotten = 0
  #closed = false

  constructor(options: MemoryBrokerOptions) {
    const { host = systemHost } = options
    this.#host = host
    this.#bounds = boundsOf(options)
    this.#epoch = epochOf(host.random(10))
    this.#published = new Memo(dedupeIds, dedupeWindow)
  }

  async publish(
    topic: string,
    payload: string,
    { dedupeId }: { readonly dedupeId: string },
  ): Promise<string> {
    this.#demandOpen()
    const now = this.#host.now()
    const id = `${dedupeId}\n${topic}`
    const before = this.#published.get(id, now)
    if (before !== undefined) return before
    const most = Math.min(this.#bounds.units, this.#bounds.totalUnits)
    if (payload.length + entryUnits > most) throw tooLarge()
    const log = this.#log(topic)
    const position = ++this.#position
    const entry = new KeptEntry(log, position, this.#cursor(position), payload, now)
    this.#append(entry)
    this.#published.set(id, entry.cursor, now)
    return entry.cursor
  }

  async open(topic: string, from?: string | undefined): Promise<BrokerReader> {
    this.#demandOpen()
    this.#expire()
    const log = this.#log(topic)
    this.#idle.delete(log)
    const seat = from === undefined ? this.#tipOf(log) : this.#seat(log, from)
    return new MemoryReader(log, seat, this.#left)
  }

  async position(topic: string): Promise<string> {
    this.#demandOpen()
    return this.#logs.get(topic)?.tip.cursor ?? this.#cursor(this.#position)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { readers } of this.#logs.values()) {
      for (const reader of [...readers]) reader.fail(closed())
    }
    this.#logs.clear()
    this.#idle.clear()
    this.#oldest = undefined
    this.#newest = undefined
    this.#published.clear()
  }

  #demandOpen(): void {
    if (this.#closed) throw closed()
  }

  #cursor(position: number): string {
    return `${this.#epoch}.${position.toString(36)}`
  }

  /** A topic of which nothing is known begins here: nothing was published on it since the last that was forgotten. */
  #log(topic: string): MemoryLog {
    const known = this.#logs.get(topic)
    if (known) return known
    if (topic.length > topicUnits) throw tooLong()
    const base = { position: this.#position, cursor: this.#cursor(this.#position) }
    const log = new MemoryLog(topic, base, this.#forgotten)
    this.#logs.set(topic, log)
    return log
  }

  #tipOf(log: MemoryLog): Seat {
    return { number: log.entries.next, known: true }
  }

  /** Of another epoch nothing can have been seen that is here. */
  #seat(log: MemoryLog, from: string): Seat {
    const position = Number.parseInt(from.slice(this.#epoch.length + 1), 36)
    if (this.#cursor(position) === from) return log.seek(position)
    return { number: log.entries.first, known: false }
  }

  #append(entry: KeptEntry): void {
    const { log } = entry
    entry.older = this.#newest
    if (this.#newest) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
    this.#units += entry.units
    log.append(entry)
    if (log.readers.size === 0) this.#rest(log)
    while (log.entries.size > this.#bounds.entries || log.units > this.#bounds.units)
      this.#drop(log)
    while (this.#oldest && this.#units > this.#bounds.totalUnits) this.#drop(this.#oldest.log)
    this.#expire()
  }

  #expire(): void {
    const since = this.#host.now() - this.#bounds.age
    while (this.#oldest && this.#oldest.at < since) this.#drop(this.#oldest.log)
  }

  /** The oldest entry of all is also the oldest of its topic. */
  #drop(log: MemoryLog): void {
    const entry = log.entries.oldest
    if (!entry) return
    log.shift()
    this.#units -= entry.units
    if (entry.older) entry.older.newer = entry.newer
    else this.#oldest = entry.newer
    if (entry.newer) entry.newer.older = entry.older
    else this.#newest = entry.older
  }

  readonly #left = (log: MemoryLog): void => {
    if (log.readers.size === 0 && !this.#closed) this.#rest(log)
  }

  /** Puts a topic that nobody reads behind the others, and forgets one where there are too many. */
  #rest(log: MemoryLog): void {
    this.#idle.delete(log)
    this.#idle.add(log)
    if (this.#idle.size <= this.#bounds.topics) return
    for (const forgotten of this.#idle) return this.#forget(forgotten)
  }

  #forget(log: MemoryLog): void {
    while (log.entries.size > 0) this.#drop(log)
    this.#idle.delete(log)
    this.#logs.delete(log.topic)
    this.#forgotten = Math.max(this.#forgotten, log.lost)
  }
}

/** Fifty random bits, which another process does not hit upon again. */
function epochOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join("")
}

function boundsOf(given: MemoryBrokerOptions): Bounds {
  const bound = (name: keyof Bounds) =>
    checkedNumber(`memoryBroker: ${name}`, given[name] ?? defaultKept[name], 1)
  return {
    entries: bound("entries"),
    units: bound("units"),
    age: bound("age"),
    totalUnits: bound("totalUnits"),
    topics: bound("topics"),
  }
}

const closed = () =>
  new RpcError("UNAVAILABLE", { message: "the broker is closed", executed: "no" })
const tooLarge = () =>
  new RpcError("TOO_LARGE", { message: "more than the broker keeps of a topic", executed: "no" })
const tooLong = () =>
  new RpcError("VALIDATION", { message: "the topic's name is too long", executed: "no" })
