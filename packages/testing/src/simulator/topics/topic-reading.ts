import { isRpcError, type StreamEvent, type TopicStream } from "@trunkline/client"
import type { Counters } from "../counters.js"
import type { Process } from "../process.js"
import { must } from "../violation.js"
import type { Filter, TopicState } from "./log-node.js"
import type { SimulatedLog, TopicItem } from "./simulated-log.js"
import type { TopicOperation } from "./topic-plan.js"

type Stream = TopicStream<TopicItem, unknown, TopicState | undefined>
type Event = StreamEvent<TopicItem, TopicState | undefined, string>

/** How a stream of a log may end. */
const possibleEnds: readonly string[] = [
  "GAP",
  "CLOSED",
  "PRINCIPAL_CHANGED",
  "OUTCOME_UNKNOWN",
  "UNAVAILABLE",
  "REFUSED",
  "BUSY",
  "CANCELLED",
  "OFFLINE_QUEUE_FULL",
]
/** Keys of the items; of each a last one comes in the end. */
const keys = 3

/** One reader of a topic, from its first page to its end, with what it has to see (S2, S11). */
export class TopicReading {
  readonly operation: TopicOperation
  settled = false
  /** It takes no time for an event any more. */
  hurried = false
  readonly #process: Process
  readonly #log: SimulatedLog
  readonly #filter: Filter
  readonly #counters: Counters
  readonly #open: (from: string | undefined) => Stream
  /** The last cursor that it stood at; undefined until it knows. */
  #position: string | undefined
  #seen = 0
  #seenHere = 0
  #reloads = 0
  /** Why it stops to look. */
  #leaving: "left" | "reload" | undefined
  /** Items that this page has taken from its stream. */
  taken = 0
  /** Keys of which nothing more will come. */
  readonly #over = new Set<number>()

  constructor(
    operation: TopicOperation,
    process: Process,
    log: SimulatedLog,
    filter: Filter,
    counters: Counters,
    open: (from: string | undefined) => Stream,
  ) {
    this.operation = operation
    this.#process = process
    this.#log = log
    this.#filter = filter
    this.#counters = counters
    this.#open = open
  }

  async perform(): Promise<void> {
    let from: string | undefined
    for (;;) {
      const stream = this.#open(from)
      this.#seenHere = 0
      this.taken = 0
      const code = await this.#read(stream)
      this.#counters.add(`topic ${code}`)
      if (code !== "reload") return this.#settle(code)
      from = stream.cursor
      this.#position = from && (this.#position ?? from)
      if (from !== undefined) this.#counters.add("topic continued after a reload")
      await this.#pause(50)
    }
  }

  #settle(code: string): void {
    const { id, procedure, reader } = this.operation
    this.settled = true
    if (code === "left") return
    must(possibleEnds.includes(code), "S2", () => `${id} ended ${code}`)
    const expected = this.#log.wounded || (procedure === "board" && reader === "iterate")
    must(code !== "GAP" || expected, "S2", () => `${id} ended GAP, and nothing was lost`)
  }

  /** The code that it failed with, or why its reader left. */
  async #read(stream: Stream): Promise<string> {
    try {
      if (this.operation.reader === "subscribe") await this.#subscribe(stream)
      else if (this.operation.reader === "iterate") await this.#iterate(stream)
      else await this.#iterateEvents(stream)
    } catch (error) {
      if (!isRpcError(error)) throw error
      return error.code
    }
    return this.#leaving ?? "ended"
  }

  async #iterateEvents(stream: Stream): Promise<void> {
    for await (const event of stream.events()) {
      this.#see(event)
      if (this.#hasEnough) return
      await this.#pause(this.hurried ? 0 : this.operation.readerGap)
    }
  }

  async #iterate(stream: Stream): Promise<void> {
    for await (const item of stream) {
      this.#see({ item, cursor: String(this.#log.cursorOf(item)) })
      if (this.#hasEnough) return
      await this.#pause(this.hurried ? 0 : this.operation.readerGap)
    }
  }

  #subscribe(stream: Stream): Promise<void> {
    return new Promise((resolve, reject) => {
      const see = (event: Event): void => {
        this.#see(event)
        if (!this.#hasEnough) return
        stop()
        resolve()
      }
      const stop = stream.subscribe({
        item: (item, cursor) => see({ item, cursor }),
        note: (note) => see({ note }),
        error: reject,
        done: resolve,
      })
    })
  }

  /** Nothing more is looked at here: it leaves, the page is loaded again, or all has been seen. */
  get #hasEnough(): boolean {
    const { leaveAfter = Infinity, reloadAfter = Infinity } = this.operation
    this.#leaving = undefined
    if (this.#seen >= leaveAfter || this.#over.size === keys) this.#leaving = "left"
    else if (this.#seenHere >= reloadAfter && this.#reloads++ < 3) this.#leaving = "reload"
    return this.#leaving !== undefined
  }

  #see(event: Event): void {
    this.#seen++
    this.#seenHere++
    if ("item" in event) return this.#item(event.item, event.cursor)
    const { note } = event
    if (note.type === "gap") this.#gap(note.cursor)
    else if (note.type === "reset") this.#reset(note.state?.serial, note.cursor)
    else {
      const possible = note.type === "stalled" || note.type === "dropped"
      must(possible, "S2", () => `${this.operation.id} was told of ${note.type}`)
    }
  }

  #item(item: TopicItem, cursor: string): void {
    const { id, procedure } = this.operation
    this.taken++
    const entry = this.#log.find(cursor)
    must(entry?.item.serial === item.serial, "S2", () => `${id} got ${item.serial} as ${cursor}`)
    if (this.#position !== undefined) {
      const passed = this.#log.between(this.#position, cursor)
      must(passed !== undefined && passed.length > 0, "S2", () => {
        return `${id} got ${cursor} after ${this.#position}`
      })
      const skipped = passed?.slice(0, -1).filter((other) => this.#filter(other.item)) ?? []
      const whole = skipped.length === 0 || procedure === "conflated"
      must(whole, "S2", () => `${id} misses ${skipped.length} before ${cursor}`)
    }
    this.#position = cursor
    if (item.last) this.#over.add(item.key)
    if (item.last && procedure === "filtered")
      for (let key = 0; key < keys; key++) this.#over.add(key)
  }

  #gap(cursor: string): void {
    const { id, procedure } = this.operation
    must(this.#log.wounded, "S2", () => `${id} was told of a gap, and nothing was lost`)
    must(procedure !== "strict" && procedure !== "board", "S2", () => `${id} was told of a gap`)
    this.#position = cursor
  }

  #reset(serial: number | undefined, cursor: string): void {
    const { id, procedure } = this.operation
    const first = this.#position === undefined
    must(procedure === "board", "S2", () => `${id} has no state`)
    must(first || this.#log.wounded, "S2", () => `${id} was reset, and nothing was lost`)
    const last = this.#log.find(cursor)?.item.serial ?? 0
    must(serial === last, "S2", () => `${id} got the state of ${serial} for ${cursor}`)
    this.#position = cursor
    this.#over.clear()
  }

  #pause(milliseconds: number): Promise<void> | undefined {
    if (milliseconds === 0) return undefined
    return new Promise((resolve) => this.#process.run(this.#process.now() + milliseconds, resolve))
  }
}
