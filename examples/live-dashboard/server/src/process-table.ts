import type { Process, ProcessChange } from "@trunkline-example/dashboard-contract"
import { processBetween } from "./rates.js"
import { repeat } from "./repeat.js"
import type { ProcessReading } from "./system.js"
import { Watched } from "./watched.js"

export interface ProcessTableOptions {
  readonly read: () => Promise<readonly ProcessReading[]>
  /** Milliseconds between looks. */
  readonly every: number
  readonly failed: (error: unknown) => void
}

type Rows = ReadonlyMap<number, Process>

/** What runs on this machine. It is looked at only while somebody watches: it is a file per process. */
export class ProcessTable {
  readonly #options: ProcessTableOptions
  readonly #rows = new Watched<Rows>(new Map())
  #readings: ReadonlyMap<number, ProcessReading> = new Map()
  #lookedAt = 0
  #watchers = 0
  #stop: (() => void) | undefined

  constructor(options: ProcessTableOptions) {
    this.#options = options
  }

  /** All rows, and then each that has changed since this reader was told of it. */
  async *watch(signal: AbortSignal): AsyncGenerator<ProcessChange, void> {
    const told = new Map<number, Process>()
    this.#enter()
    try {
      for await (const rows of this.#rows.watch(signal)) yield* changes(told, rows)
    } finally {
      this.#leave()
    }
  }

  #enter(): void {
    const { every, failed } = this.#options
    this.#watchers++
    this.#stop ??= repeat(every, () => this.#look(), failed)
  }

  #leave(): void {
    if (--this.#watchers > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  async #look(): Promise<void> {
    const readings = await this.#options.read()
    const now = performance.now()
    const rows = readings.map((reading): [number, Process] => {
      const before = this.#readings.get(reading.pid)
      return [reading.pid, this.#kept(processBetween(before, reading, now - this.#lookedAt))]
    })
    this.#lookedAt = now
    this.#readings = new Map(readings.map((reading) => [reading.pid, reading]))
    this.#rows.value = new Map(rows)
  }

  /** A row that says the same stays the same object: so a reader is told of changes only. */
  #kept(row: Process): Process {
    const old = this.#rows.value.get(row.pid)
    return old && isSame(old, row) ? old : row
  }
}

/** What has to be said to somebody who was told this much, noting it as told. */
export function* changes(told: Map<number, Process>, rows: Rows): Generator<ProcessChange> {
  for (const row of rows.values()) {
    if (told.get(row.pid) === row) continue
    told.set(row.pid, row)
    yield row
  }
  for (const pid of told.keys()) {
    if (rows.has(pid)) continue
    told.delete(pid)
    yield { pid, gone: true }
  }
}

function isSame(a: Process, b: Process): boolean {
  return (
    a.cpu === b.cpu &&
    a.memory === b.memory &&
    a.state === b.state &&
    a.threads === b.threads &&
    a.name === b.name
  )
}
