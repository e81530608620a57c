import { type Broker, type BrokerReader, type BrokerStep, readUnits } from "@trunkline/server"
import { demand, demandEqual, soon } from "./finding.js"

/**
 * One reading of a topic that checks whatever comes: cursors that fit the wire, none of them twice, and
 * each entry linked to the one before it.
 */
export class Reading {
  readonly start: string
  /** Where it stands. */
  cursor: string
  readonly #reader: BrokerReader
  readonly #seen = new Set<string>()
  #steps: BrokerStep[] = []

  private constructor(reader: BrokerReader) {
    this.#reader = reader
    this.start = reader.start
    this.cursor = reader.start
    demandCursor(reader.start)
    if (reader.gap) this.#steps.push({ gap: true, cursor: reader.start })
  }

  static async of(broker: Broker, topic: string, from?: string): Promise<Reading> {
    return new Reading(await soon(broker.open(topic, from), "a reader"))
  }

  /** The payloads of the next entries, between which there is no gap. */
  async entries(count: number, most = 100): Promise<string[]> {
    const payloads: string[] = []
    while (payloads.length < count) {
      const step = await this.step(most)
      demand(!("gap" in step), `a gap after ${payloads.length} entries`)
      payloads.push(step.payload)
    }
    return payloads
  }

  /** Reads until this payload, over gaps. */
  async follow(last: string): Promise<{ entries: string[]; gaps: number }> {
    const entries: string[] = []
    let gaps = 0
    while (entries.at(-1) !== last) {
      const step = await this.step()
      if ("gap" in step) gaps++
      else entries.push(step.payload)
    }
    return { entries, gaps }
  }

  /** The gap that comes next. */
  async gap(): Promise<void> {
    const step = await this.step()
    demand("gap" in step, "an entry where there is a gap")
  }

  /** What comes next, once it is found to follow on what came. */
  async step(most = 100): Promise<BrokerStep> {
    if (this.#steps.length === 0) this.#steps = [...(await this.batch(most))]
    const step = this.#steps.shift()
    demand(step !== undefined, "the reader ended")
    demandCursor(step.cursor)
    if (!("gap" in step)) {
      demandEqual(step.prev, this.cursor, "an entry is linked to another than the one before it")
      demand(!this.#seen.has(step.cursor), "an entry came twice")
    }
    this.#seen.add(step.cursor)
    this.cursor = step.cursor
    return step
  }

  /** As the broker gives it. */
  async batch(most: number): Promise<readonly BrokerStep[]> {
    const steps = await soon(this.#reader.read(most), "an entry")
    demand(steps.length <= most, `${steps.length} steps where ${most} were asked for`)
    const units = steps.reduce((sum, step) => sum + ("gap" in step ? 0 : step.payload.length), 0)
    demand(steps.length < 2 || units <= readUnits, `${units} units in one read`)
    return steps
  }

  /** Waits for what comes, beside whatever else happens. */
  read(most = 100): Promise<readonly BrokerStep[]> {
    return this.#reader.read(most)
  }

  close(): void {
    this.#reader.close()
  }
}

function demandCursor(cursor: string): void {
  demand(/^[\w.~-]{1,64}$/.test(cursor), `${cursor} is no cursor`)
}
