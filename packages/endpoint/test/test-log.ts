import type { Codec, Encoded } from "@trunkline/protocol"
import {
  type ReplayEntry,
  type ReplayReader,
  type ReplaySnapshot,
  ReplaySource,
  type ReplayStep,
} from "../src/index.js"

/** One that counts how often it was written. */
class TestEntry implements ReplayEntry {
  readonly cursor: string
  readonly key: unknown
  readonly value: unknown
  written = 0
  #encoded: Encoded | undefined

  constructor(cursor: string, value: unknown, key: unknown) {
    this.cursor = cursor
    this.value = value
    this.key = key
  }

  encode(codec: Codec): Encoded {
    if (this.#encoded === undefined) {
      this.#encoded = codec.encode(this.value)
      this.written++
    }
    return this.#encoded
  }
}

/** A replayable log in memory that does what a test asks of it. It outlives every server. */
export class TestLog<T> {
  epoch = 1
  entries: TestEntry[] = []
  /** Entries that there ever were in this epoch. */
  length = 0
  stalled = false
  /** Opens since the test began, by their cursors. */
  readonly opened: (string | undefined)[] = []
  readonly readers = new Set<TestReader<T>>()
  /** What opening waits for. */
  opening: Promise<void> = Promise.resolve()
  readonly #keyOf: (value: T) => unknown

  constructor(keyOf: (value: T) => unknown = () => undefined) {
    this.#keyOf = keyOf
  }

  get tip(): string {
    return this.cursorOf(this.length)
  }

  cursorOf(place: number): string {
    return `e${this.epoch}.${place}`
  }

  /** Values that are still there, and the place of the first of them. */
  get first(): number {
    return this.length - this.entries.length + 1
  }

  append(...values: T[]): void {
    for (const value of values) {
      const cursor = this.cursorOf(++this.length)
      this.entries.push(new TestEntry(cursor, value, this.#keyOf(value)))
    }
    this.wake()
  }

  /** Forgets all but the newest. */
  trim(kept: number): void {
    this.entries = kept === 0 ? [] : this.entries.slice(-kept)
  }

  /** Begins anew, as after a loss of its disk. */
  renew(): void {
    this.epoch++
    this.entries = []
    this.length = 0
    this.wake()
  }

  wake(): void {
    for (const reader of [...this.readers]) reader.wake()
  }

  source<State>(snapshot?: () => Promise<ReplaySnapshot>): ReplaySource<T, State> {
    return new ReplaySource(async (from, wake) => {
      this.opened.push(from)
      await this.opening
      return new TestReader(this, from, wake)
    }, snapshot)
  }
}

class TestReader<T> implements ReplayReader {
  readonly start: string
  readonly wake: () => void
  position: string
  readonly #log: TestLog<T>
  #epoch: number
  #place: number
  #told = false

  constructor(log: TestLog<T>, from: string | undefined, wake: () => void) {
    this.#log = log
    this.start = from ?? log.tip
    this.position = this.start
    this.wake = wake
    const [epoch = "", place] = this.start.slice(1).split(".")
    this.#epoch = Number(epoch)
    this.#place = Number(place)
    log.readers.add(this)
  }

  read(most: number): ReplayStep | undefined {
    const { epoch, first, length, stalled, entries } = this.#log
    if (stalled) {
      const told = this.#told
      this.#told = true
      return told ? undefined : { type: "stalled" }
    }
    this.#told = false
    if (this.#epoch !== epoch || this.#place + 1 < first || this.#place > length) {
      this.#epoch = epoch
      this.#place = first - 1
      this.position = this.#log.cursorOf(this.#place)
      return { type: "gap", cursor: this.position }
    }
    const begin = this.#place + 1 - first
    const read = entries.slice(begin, begin + most)
    if (read.length === 0) return undefined
    this.#place += read.length
    this.position = this.#log.cursorOf(this.#place)
    return { type: "entries", entries: read }
  }

  close(): void {
    this.#log.readers.delete(this)
  }
}
