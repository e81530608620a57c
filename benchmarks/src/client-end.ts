import type { Caller } from "./contender.js"
import { type ContenderName, contenders } from "./contenders/index.js"
import type { Done, Span, Timed } from "./replies.js"
import { type Sample, sampleOf } from "./workload.js"

interface Awaited {
  readonly total: number
  reached(): void
  failed(error: Error): void
}

/** What the client's process does when told. Whatever arrives is checked: a lost item is a failure. */
export class ClientEnd {
  readonly #callers: Caller[] = []
  #heard = 0
  #awaited: Awaited | undefined
  #misheard: Error | undefined
  #calls = 0

  async connect(name: ContenderName, port: number, connections: number): Promise<void> {
    const dial = await contenders[name].dial()
    while (connections > 0) {
      const some = Math.min(connections, dialledAtOnce)
      const dialling = Array.from({ length: some }, () => dial(`ws://127.0.0.1:${port}`))
      this.#callers.push(...(await Promise.all(dialling)))
      connections -= some
    }
  }

  /** Each connection keeps so many calls in flight. */
  async calls(depth: number, span: Span): Promise<Done> {
    const clock = new Stopwatch(span)
    const lane = async (caller: Caller): Promise<void> => {
      while (clock.running) {
        await this.#call(caller)
        clock.count()
      }
    }
    const lanes = this.#callers.flatMap((caller) => Array.from({ length: depth }, () => caller))
    await Promise.all(lanes.map(lane))
    return clock.done()
  }

  /** One after the other, on the first connection. */
  async sequence(span: Span): Promise<Timed> {
    const clock = new Stopwatch(span)
    const caller = this.#first
    const times: number[] = []
    while (clock.running) {
      const began = performance.now()
      await this.#call(caller)
      times.push(performance.now() - began)
      clock.count()
    }
    const done = clock.done()
    const sorted = Float64Array.from(times).sort()
    const quantile = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0
    return { ...done, p50: quantile(0.5), p99: quantile(0.99) }
  }

  /** Streams on the first connection, each of so many items, one after the other. */
  async streams(count: number, units: number, span: Span): Promise<Done> {
    const clock = new Stopwatch(span)
    while (clock.running) {
      let next = 0
      await this.#first.flow(count, units, (sample) => {
        if (!isSample(sample, next++, units)) throw new Error(`not item ${next - 1} of the stream`)
      })
      if (next !== count) throw new Error(`${next} items instead of ${count}`)
      clock.count(count)
    }
    return clock.done()
  }

  /** Begins a stream that nobody will wait for. */
  begin(count: number, units: number): void {
    this.#first.flow(count, units, () => {}).catch(() => {})
  }

  /** All connections from the given one on. */
  watch(from: number): void {
    for (const caller of this.#callers.slice(from)) {
      let next: number | undefined
      caller.watch((sample) => {
        next ??= sample.seq
        // A listener's error is the library's to handle; this one is ours.
        if (sample.seq !== next) this.#hear(new Error(`event ${sample.seq} instead of ${next}`))
        next++
        this.#hear()
      })
    }
  }

  /** Resolves when so many items have arrived, all connections together. */
  async heard(total: number): Promise<void> {
    if (this.#heard > total) throw new Error(`heard ${this.#heard} of ${total} events`)
    if (this.#misheard) throw this.#misheard
    if (this.#heard === total) return
    await new Promise<void>((reached, failed) => {
      this.#awaited = { total, reached, failed }
    })
  }

  close(): void {
    for (const caller of this.#callers) caller.close()
  }

  get #first(): Caller {
    const [caller] = this.#callers
    if (!caller) throw new Error("not connected")
    return caller
  }

  #hear(error?: Error): void {
    if (error) {
      this.#misheard ??= error
      this.#awaited?.failed(error)
    } else if (++this.#heard === this.#awaited?.total) this.#awaited.reached()
  }

  async #call(caller: Caller): Promise<void> {
    const seq = this.#calls++
    const answer = await caller.echo(sampleOf(seq))
    if (!isSample(answer, seq)) throw new Error(`not the answer to call ${seq}`)
  }
}

/** A burst of a thousand upgrades would overflow the queue of a listening socket. */
const dialledAtOnce = 100

function isSample({ seq, name }: Sample, expected: number, units?: number): boolean {
  return seq === expected && (units === undefined || name.length === units)
}

/** Says when it is enough. */
class Stopwatch {
  readonly #span: Span
  readonly #began = performance.now()
  #operations = 0

  constructor(span: Span) {
    this.#span = span
  }

  get running(): boolean {
    if (this.#operations >= this.#span.operations) return false
    return performance.now() - this.#began < this.#span.milliseconds
  }

  count(operations = 1): void {
    this.#operations += operations
  }

  done(): Done {
    return { operations: this.#operations, seconds: (performance.now() - this.#began) / 1000 }
  }
}
