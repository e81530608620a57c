import type { Codec, Encoded } from "@trunkline/protocol"

/** What is published in a simulated topic. */
export interface TopicItem {
  /** Unlike that of any other item of the run. */
  readonly serial: number
  readonly topic: number
  readonly key: number
  /** Nothing comes behind it that its readers have to wait for. */
  readonly last: boolean
  readonly filler: string
}

/** An item at its place. It is known for good, also when the log has lost it. */
export class LogEntry {
  readonly item: TopicItem
  readonly cursor: string
  /** The cursor of the entry before it. */
  readonly prev: string
  readonly at: number
  readonly #encoded = new Map<Codec, Encoded>()

  constructor(item: TopicItem, cursor: string, prev: string, at: number) {
    this.item = item
    this.cursor = cursor
    this.prev = prev
    this.at = at
  }

  encode(codec: Codec): Encoded {
    const known = this.#encoded.get(codec)
    if (known !== undefined) return known
    const encoded = codec.encode(this.item)
    this.#encoded.set(codec, encoded)
    return encoded
  }
}

/** What stands behind a cursor, as far as it is known at one place. */
export type Found =
  | { readonly type: "entries"; readonly entries: readonly LogEntry[] }
  /** The log has it, and this place does not yet. */
  | { readonly type: "ahead" }
  /** It cannot be continued; this is the last place before it that can. */
  | { readonly type: "gap"; readonly cursor: string }

/** A topic's log, somewhere outside all processes. It can lose what a log can lose. */
export class SimulatedLog {
  readonly topic: number
  /** What is still there, oldest first. */
  readonly entries: LogEntry[] = []
  /** The cursor before the oldest entry. */
  base = "e1.0.0"
  /** It has lost something, or was made to seem so. */
  wounded = false
  readonly #kept: number
  readonly #byCursor = new Map<string, LogEntry>()
  readonly #bySerial = new Map<number, LogEntry>()
  #epoch = 1
  #position = 0

  /** @param kept entries beyond which the oldest go */
  constructor(topic: number, kept: number) {
    this.topic = topic
    this.#kept = kept
  }

  get tip(): string {
    return this.entries.at(-1)?.cursor ?? this.base
  }

  /** An entry that is or was here. */
  find(cursor: string): LogEntry | undefined {
    return this.#byCursor.get(cursor)
  }

  /** The cursor of an item that is or was here. */
  cursorOf({ serial }: TopicItem): string | undefined {
    return this.#bySerial.get(serial)?.cursor
  }

  append(item: TopicItem, now: number): LogEntry {
    const cursor = `e${this.#epoch}.${++this.#position}.${item.serial}`
    const entry = new LogEntry(item, cursor, this.tip, now)
    this.entries.push(entry)
    this.#byCursor.set(cursor, entry)
    this.#bySerial.set(item.serial, entry)
    this.trim(this.#kept)
    return entry
  }

  /** Keeps so many. */
  trim(kept: number): void {
    while (this.entries.length > kept) {
      this.base = this.entries.shift()?.cursor ?? this.base
      this.wounded = true
    }
  }

  /** Takes back the newest: their positions are given out again. */
  rollBack(count: number): void {
    for (let left = count; left > 0 && this.entries.pop(); left--) this.#position--
    this.wounded = true
  }

  /** Begins anew. */
  renew(): void {
    this.#epoch++
    this.#position = 0
    this.entries.length = 0
    this.base = `e${this.#epoch}.0.0`
    this.wounded = true
  }

  /** The last cursor that is seen at a place. */
  tipAt(seenUntil: number): string {
    return this.entries.filter(({ at }) => at <= seenUntil).at(-1)?.cursor ?? this.base
  }

  /** @param seenUntil entries that came later are not seen yet at this place */
  after(cursor: string, seenUntil: number): Found {
    const seen = this.entries.filter(({ at }) => at <= seenUntil)
    const index = seen.findIndex((entry) => entry.cursor === cursor)
    if (index >= 0 || cursor === this.base) {
      return { type: "entries", entries: seen.slice(index + 1) }
    }
    if (this.entries.some((entry) => entry.cursor === cursor)) return { type: "ahead" }
    return { type: "gap", cursor: this.#rootOf(cursor) }
  }

  /** The entries from behind `from` to `to`, by their links; `undefined`: they are not linked. */
  between(from: string, to: string): readonly LogEntry[] | undefined {
    const entries: LogEntry[] = []
    for (let cursor = to; cursor !== from; ) {
      const entry = this.#byCursor.get(cursor)
      if (!entry) return undefined
      entries.unshift(entry)
      cursor = entry.prev
    }
    return entries
  }

  /** Where a lost cursor's past joins what is still there. */
  #rootOf(cursor: string): string {
    for (let at = this.#byCursor.get(cursor); at; at = this.#byCursor.get(at.prev)) {
      const { prev } = at
      if (prev === this.base || this.entries.some((entry) => entry.cursor === prev)) return prev
    }
    return this.base
  }
}
