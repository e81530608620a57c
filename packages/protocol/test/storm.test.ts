import { describe, expect, it } from "vitest"
import { type AcceptedChannel, type Codec, jsonCodec, msgpackCodec } from "../src/index.js"
import * as limits from "../src/limits.js"
import { type End, itemsOf, type Opened, takeAll, Wired } from "./wired.js"

/** Numbers that look random and are the same for a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

interface Call {
  readonly opened: Opened
  readonly input: string
  cancelled: boolean
}

interface Reading {
  readonly opened: Opened
  readonly items: unknown[]
  cancelled: boolean
}

/** A stream as its callee serves it. */
interface Source {
  readonly channel: AcceptedChannel
  sent: number
}

/**
 * Anything that two correct sides may do to each other, in any order, over a line that breaks anywhere:
 * calls both ways, streams, values in parts, cancels, kills, small windows.
 */
class Storm {
  readonly line: Wired
  readonly calls: Call[] = []
  readonly streams: Reading[] = []
  readonly sources: Source[] = []
  readonly #roll: (below: number) => number
  /** Calls that wait for their answer, by the side that serves them. */
  readonly #pending: { end: End; channel: AcceptedChannel }[] = []

  constructor(seed: number, codec: Codec) {
    this.#roll = dice(seed)
    const accepts = {
      window: 16_384 * (1 + this.#roll(8)),
      calls: 4,
      streams: 8,
      messageBytes: 700_000,
    }
    const random = () => this.#roll(1_000) / 1_000
    this.line = new Wired({ codec, client: accepts, server: accepts, random }).join()
    for (const end of [this.line.client, this.line.server]) {
      end.accept = (channel) => this.#serve(end, channel)
    }
  }

  step(): void {
    const { line } = this
    const end = this.#roll(2) === 0 ? line.client : line.server
    const moves: readonly (() => void)[] = [
      () => this.#call(line.client),
      () => this.#call(line.server),
      () => this.#stream(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#emit(),
      () => this.#emit(),
      () => this.#read(),
      () => this.#cancel(),
      () => this.#stop(),
      () => line.flush(),
      () => line.flush(),
      () => line.arrive(end, 1 + this.#roll(2)),
      () => line.arrive(end, 1 + this.#roll(2)),
      () => line.arrive(end),
      () => this.#break(),
    ]
    moves[this.#roll(moves.length)]?.()
  }

  /** Nothing new, and everything comes to its end. */
  heal(): void {
    const { line } = this
    for (let round = 0; round < 500 && !this.#settled; round++) {
      line.live(1_000)
      while (this.#pending.length > 0) this.#answer()
      for (const source of this.sources) {
        const { channel, sent } = source
        if (sent < 40) this.#emitTo(source)
        else line.server.serve((serving) => serving.end(channel))
      }
      for (const stream of this.streams) this.#take(stream)
    }
    line.live(60_000)
  }

  get #settled(): boolean {
    return [...this.calls, ...this.streams].every(({ opened }) => opened.outcomes.length > 0)
  }

  #size(): number {
    const sizes = [0, 10, 100, 1_000, 10_000, 70_000, 150_000]
    return sizes[this.#roll(sizes.length)] ?? 0
  }

  #call(end: End): void {
    if (this.calls.length > 40) return
    const input = `${this.calls.length}:${'é"\\'.repeat(this.#size() / 6)}`
    const timeout =
      this.#roll(4) === 0 ? { timeout: 1 + this.#roll(3_000), tellDeadline: true } : {}
    this.calls.push({ opened: end.open("call", { input, ...timeout }), input, cancelled: false })
  }

  #stream(): void {
    if (this.streams.length > 12) return
    const opened = this.line.client.open("stream", { kind: "subscription" })
    this.streams.push({ opened, items: [], cancelled: false })
  }

  #serve(end: End, channel: AcceptedChannel): void {
    channel.user = {
      cancelled: (code) =>
        end.serve((serving) => serving.kill(channel, { code, executed: "unknown" })),
    }
    const kind = channel.path === "call" ? "call" : "subscription"
    end.serve((serving) => {
      if (!serving.admit(channel, kind)) serving.kill(channel, { code: "BUSY", executed: "no" })
      else if (kind === "call") this.#pending.push({ end, channel })
      else {
        serving.begin(channel, "every", 1 + this.#roll(8))
        this.sources.push({ channel, sent: 0 })
      }
    })
  }

  #answer(): void {
    const [pending] = this.#pending.splice(this.#roll(this.#pending.length || 1), 1)
    if (!pending) return
    const { end, channel } = pending
    if (channel.state !== "closed") end.result(channel, [channel.input, "x".repeat(this.#size())])
  }

  #emit(): void {
    const source = this.sources[this.#roll(this.sources.length || 1)]
    if (source) this.#emitTo(source)
  }

  #emitTo(source: Source): void {
    const { channel } = source
    if (channel.state === "closed" || (channel.lane?.room() ?? 0) < 1) return
    const item = this.line.server.codec.encode([source.sent++, "y".repeat(this.#size())])
    this.line.server.serve((serving) => serving.item(channel, item))
  }

  #read(): void {
    const stream = this.streams[this.#roll(this.streams.length || 1)]
    if (stream) this.#take(stream)
  }

  #take(stream: Reading): void {
    for (const item of itemsOf(takeAll(stream.opened, this.line.client))) {
      stream.items.push(Reflect.get(Object(item), "0"))
    }
  }

  #cancel(): void {
    const all = [...this.calls, ...this.streams]
    const one = all[this.#roll(all.length || 1)]
    if (!one || this.#roll(3) > 0) return
    const { channel } = one.opened
    one.cancelled = true
    const { client, server } = this.line
    const end = client.session.calling.live.has(channel) ? client : server
    end.step(({ calling }) => calling.giveUp(channel, "CANCELLED"))
  }

  /** The callee ends a stream, one way or another. */
  #stop(): void {
    const source = this.sources[this.#roll(this.sources.length || 1)]
    if (!source || this.#roll(4) > 0) return
    const failure = { code: "STOPPED", executed: "yes", data: "z".repeat(this.#size()) } as const
    this.line.server.serve((serving) => {
      const way = this.#roll(3)
      if (way === 0) serving.end(source.channel)
      else if (way === 1) serving.fail(source.channel, failure)
      else serving.kill(source.channel, failure)
    })
  }

  #break(): void {
    if (this.#roll(2) > 0) return
    this.line.cut()
    if (this.#roll(2) > 0) this.line.wait(this.#roll(2_000))
    this.line.join()
  }
}

/** Codes with which a call of the storm may end. */
const expected = ["CANCELLED", "TIMEOUT", "BUSY", "RESULT_LOST"]

function check(seed: number, codec: Codec): Storm {
  const storm = new Storm(seed, codec)
  for (let step = 0; step < 400; step++) storm.step()
  storm.heal()
  const { client, server } = storm.line
  for (const end of [client, server]) {
    expect(end.over).toBeUndefined()
    expect(end.closed).toBeUndefined()
    expect(end.session.idle).toBe(true)
    expect(end.serving.size).toBe(0)
    expect(end.longest).toBeLessThanOrEqual(limits.messageUnits + limits.envelopeUnits)
  }
  for (const { opened, input } of storm.calls) {
    const [outcome, ...more] = opened.outcomes
    expect(more).toEqual([])
    if (outcome?.ok) expect(Reflect.get(Object(outcome.value), "0") === input).toBe(true)
    else expect(expected).toContain(outcome?.failure.code)
  }
  for (const { opened, items } of storm.streams) {
    expect(opened.outcomes).toHaveLength(1)
    expect(items).toEqual(items.map((_, index) => index))
  }
  return storm
}

describe.each([
  ["json", jsonCodec],
  ["msgpack", msgpackCodec()],
])("two sessions in a storm, on %s", (_, codec) => {
  const seeds = Number(process.env["STORM_SEEDS"] ?? 20)
  const from = Number(process.env["STORM_FROM"] ?? 1)

  it(`keep every promise, seeds ${from} to ${from + seeds - 1}`, () => {
    const reached = { replayed: 0, duplicates: 0, parts: 0, cancels: 0, credits: 0, results: 0 }
    for (let seed = from; seed < from + seeds; seed++) {
      try {
        const { line, calls } = check(seed, codec)
        const frames = [...line.client.frames, ...line.server.frames]
        reached.replayed += line.client.session.counters.replayed
        reached.duplicates += line.server.session.counters.duplicates
        reached.parts += frames.filter(([kind]) => kind === 15).length
        reached.cancels += frames.filter(([kind]) => kind === 19).length
        reached.credits += frames.filter(([kind]) => kind === 23).length
        reached.results += calls.filter(({ opened }) => opened.outcomes[0]?.ok).length
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
    const { duplicates, ...others } = reached
    for (const count of Object.values(others)) expect(count).toBeGreaterThan(seeds)
    expect(duplicates).toBe(0)
  }, 120_000)
})
