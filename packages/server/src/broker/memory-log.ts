import { Counted } from "../counted.js"
import { type BrokerEntry, type BrokerReader, type BrokerStep, readUnits } from "./broker.js"

/** An entry with what its broker knows of it: its neighbours are those of all topics together. */
export class KeptEntry implements BrokerEntry {
  readonly log: MemoryLog
  readonly position: number
  readonly cursor: string
  readonly prev: string
  readonly payload: string
  /** When it was published. */
  readonly at: number
  older: KeptEntry | undefined
  newer: KeptEntry | undefined

  constructor(log: MemoryLog, position: number, cursor: string, payload: string, at: number) {
    this.log = log
    this.position = position
    this.cursor = cursor
    this.prev = log.tip.cursor
    this.payload = payload
    this.at = at
  }

  get units(): number {
    return this.payload.length + entryUnits
  }
}

/** What an entry costs beside its payload, roughly. */
export const entryUnits = 128

/** A place in a log: an entry's, or the one before the oldest. */
export interface Place {
  readonly position: number
  readonly cursor: string
}

/**
 * One topic in the memory of a broker: its newest entries, and who reads them.
 *
 * Must hold: `base` is the place before the oldest entry, and between it and `lost` nothing was ever
 * published here. So whoever stands between those two misses nothing.
 */
export class MemoryLog {
  readonly topic: string
  readonly entries: Counted<KeptEntry> = new Counted()
  readonly readers: Set<MemoryReader> = new Set()
  base: Place
  /** The last position that was published here and is gone, as far as anybody can tell. */
  lost: number
  units = 0

  constructor(topic: string, base: Place, lost: number) {
    this.topic = topic
    this.base = base
    this.lost = lost
  }

  get tip(): Place {
    return this.entries.newest ?? this.base
  }

  /** The place before the entry of this number. */
  cursorBefore(number: number): string {
    return (this.entries.at(number - 1) ?? this.base).cursor
  }

  append(entry: KeptEntry): void {
    this.entries.push(entry)
    this.units += entry.units
    for (const reader of this.readers) reader.wake()
  }

  /** Forgets the oldest entry. */
  shift(): void {
    const entry = this.entries.shift()
    if (!entry) return
    const { position, cursor, units } = entry
    this.base = { position, cursor }
    this.lost = position
    this.units -= units
  }

  /** The first entry behind a position, and whether it is proven to follow on it. */
  seek(position: number): Seat {
    let least = this.entries.first
    let most = this.entries.next
    while (least < most) {
      const middle = Math.floor((least + most) / 2)
      if ((this.entries.at(middle)?.position ?? 0) <= position) least = middle + 1
      else most = middle
    }
    const before = this.entries.at(least - 1)
    const known = before
      ? before.position === position
      : position >= this.lost && position <= this.base.position
    return { number: least, known }
  }
}

/** Where a reader begins. */
export interface Seat {
  /** The first entry that it gets. */
  readonly number: number
  /** Nothing is missing before that. */
  readonly known: boolean
}

/** One reader of a log: the number of its next entry, and whether it waits. */
export class MemoryReader implements BrokerReader {
  readonly start: string
  readonly gap: boolean
  readonly #log: MemoryLog
  readonly #closed: (log: MemoryLog) => void
  #next: number
  #wake: (() => void) | undefined
  #over = false
  #failure: Error | undefined

  constructor(log: MemoryLog, { number, known }: Seat, closed: (log: MemoryLog) => void) {
    this.#log = log
    this.#next = number
    this.gap = !known
    this.#closed = closed
    this.start = log.cursorBefore(number)
    log.readers.add(this)
  }

  async read(most: number): Promise<readonly BrokerStep[]> {
    for (;;) {
      if (this.#failure) throw this.#failure
      if (this.#over) return []
      const steps = this.#take(most)
      if (steps.length > 0) return steps
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  close(): void {
    if (this.#over) return
    this.#over = true
    this.#log.readers.delete(this)
    this.#closed(this.#log)
    this.wake()
  }

  /** Ends it from the broker's side. */
  fail(failure: Error): void {
    this.#failure = failure
    this.close()
  }

  #take(most: number): readonly BrokerStep[] {
    const log = this.#log
    if (this.#next < log.entries.first) {
      this.#next = log.entries.first
      return [{ gap: true, cursor: log.base.cursor }]
    }
    const steps: BrokerStep[] = []
    let units = 0
    while (steps.length < most) {
      const entry = log.entries.at(this.#next)
      if (!entry) break
      units += entry.payload.length
      if (units > readUnits && steps.length > 0) break
      steps.push(entry)
      this.#next++
    }
    return steps
  }
}
