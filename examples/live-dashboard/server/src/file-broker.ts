import { createHash, randomBytes } from "node:crypto"
import { EventEmitter, once } from "node:events"
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import {
  type Broker,
  type BrokerCapabilities,
  type BrokerReader,
  type BrokerStep,
  readUnits,
} from "@trunkline/server"

/** Entries of a topic that are kept. */
const kept = 1_000

/** One entry a line, behind a line with the epoch. */
interface Line {
  readonly n: number
  readonly id: string
  readonly payload: string
}

/**
 * Keeps topics in a folder, so that they outlive the process: an append to a file for each entry. One
 * process at a time may use it, and what the system had not written when the power went is gone.
 */
export class FileBroker implements Broker {
  readonly capabilities: BrokerCapabilities = { replay: true, durable: true, dedupe: 600_000 }
  readonly #folder: string
  readonly #logs = new Map<string, FileLog>()
  #closed = false

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
  }

  async publish(
    topic: string,
    payload: string,
    { dedupeId }: { readonly dedupeId: string },
  ): Promise<string> {
    return this.#log(topic).append(dedupeId, payload)
  }

  async open(topic: string, from?: string): Promise<BrokerReader> {
    return new FileReader(this.#log(topic), from)
  }

  async position(topic: string): Promise<string> {
    return this.#log(topic).tip
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const log of this.#logs.values()) log.close()
  }

  /** All that is kept of a topic, oldest first. */
  async kept(
    topic: string,
  ): Promise<{ readonly payloads: readonly string[]; readonly cursor: string }> {
    const log = this.#log(topic)
    return { payloads: log.lines.map(({ payload }) => payload), cursor: log.tip }
  }

  #log(topic: string): FileLog {
    if (this.#closed) throw new Error("the broker is closed")
    const log = this.#logs.get(topic) ?? new FileLog(join(this.#folder, `${nameOf(topic)}.log`))
    this.#logs.set(topic, log)
    return log
  }
}

/** A topic may be called whatever a client likes, a file not. */
function nameOf(topic: string): string {
  return createHash("sha256").update(topic).digest("base64url")
}

class FileLog {
  /** Numbers rise by one. */
  lines: Line[] = []
  readonly changed: EventEmitter = new EventEmitter().setMaxListeners(0)
  readonly epoch: string
  closed = false
  readonly #file: string
  /** Lines in the file that are not kept any more. */
  #stale = 0

  constructor(file: string) {
    this.#file = file
    const [epoch = "", ...texts] = existsSync(file) ? readFileSync(file, "utf8").split("\n") : []
    // The last line may have been cut off in the middle.
    for (const text of texts.slice(0, -1)) this.lines.push(JSON.parse(text))
    this.epoch = epoch || randomBytes(9).toString("base64url")
    this.lines = this.lines.slice(-kept)
    this.#rewrite()
  }

  get tip(): string {
    return this.cursorOf(this.last)
  }

  get first(): number {
    return this.lines[0]?.n ?? this.last + 1
  }

  get last(): number {
    return this.lines.at(-1)?.n ?? 0
  }

  cursorOf(n: number): string {
    return `${this.epoch}.${n}`
  }

  append(id: string, payload: string): string {
    const known = this.lines.find((line) => line.id === id)
    if (known) return this.cursorOf(known.n)
    const line = { n: this.last + 1, id, payload }
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`)
    this.lines.push(line)
    if (this.lines.length > kept) {
      this.lines.shift()
      if (++this.#stale > kept) this.#rewrite()
    }
    this.changed.emit("change")
    return this.cursorOf(line.n)
  }

  close(): void {
    this.closed = true
    this.changed.emit("change")
  }

  /** Beside the old file and then in its place: a process that ends in between has lost nothing. */
  #rewrite(): void {
    const texts = this.lines.map((line) => `${JSON.stringify(line)}\n`)
    writeFileSync(`${this.#file}.new`, `${this.epoch}\n${texts.join("")}`)
    renameSync(`${this.#file}.new`, this.#file)
    this.#stale = 0
  }
}

class FileReader implements BrokerReader {
  readonly start: string
  readonly gap: boolean
  readonly #log: FileLog
  /** The number of the entry before the next one. */
  #at: number
  readonly #closing = new AbortController()

  constructor(log: FileLog, from: string | undefined) {
    const at = from === undefined ? log.last : numberOf(log, from)
    this.#log = log
    this.gap = at === undefined
    this.#at = at ?? log.first - 1
    this.start = log.cursorOf(this.#at)
  }

  async read(most: number): Promise<readonly BrokerStep[]> {
    const { signal } = this.#closing
    const log = this.#log
    try {
      while (this.#at === log.last && !log.closed) await once(log.changed, "change", { signal })
    } catch {
      return []
    }
    if (log.closed || signal.aborted) return []
    if (this.#at < log.first - 1) {
      this.#at = log.first - 1
      return [{ gap: true, cursor: log.cursorOf(this.#at) }]
    }
    const lines = this.#take(most)
    this.#at += lines.length
    return lines.map(({ n, payload }) => ({
      cursor: log.cursorOf(n),
      prev: log.cursorOf(n - 1),
      payload,
    }))
  }

  close(): void {
    this.#closing.abort()
  }

  #take(most: number): readonly Line[] {
    const from = this.#at + 1 - this.#log.first
    const lines = this.#log.lines.slice(from, from + most)
    let units = 0
    const fitting = lines.findIndex(({ payload }, index) => {
      units += payload.length
      return index > 0 && units > readUnits
    })
    return fitting < 0 ? lines : lines.slice(0, fitting)
  }
}

/** The entry that the cursor names, if it is there or is the place before the oldest; else `undefined`. */
function numberOf(log: FileLog, cursor: string): number | undefined {
  const [, text = ""] = cursor.split(".")
  const n = Number(text)
  const known = log.cursorOf(n) === cursor && n >= log.first - 1 && n <= log.last
  return known ? n : undefined
}
