import { contract, subscription } from "@trunkline/contract"
import { type ReplayReader, ReplaySource } from "@trunkline/endpoint"
import { type Broker, type BrokerTopic, topic } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { expect, test } from "vitest"
import * as z from "zod"
import { Random } from "../src/simulator/random.js"
import { ModelEngine } from "./engine/model-engine.js"

/*
 * Streams of two nodes over one engine, to which everything happens that can: whatever a stream is given
 * follows on what it was given before, unless a gap says otherwise, and in the end it is at the tip (S13).
 */

const api = contract({ log: subscription({ item: z.string(), replay: "topic" }) })
type Log = BrokerTopic<undefined, z.ZodString, object, "topic", undefined>

const states = ["entry", "gap", "stalled", "not opened", "open at a cursor", "OUTCOME_UNKNOWN"]

/** What happened, over all seeds. */
const reached = new Map<string, number>()
const reach = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1)

class Stream {
  readonly #log: Log
  readonly #truth: ReadonlyMap<string, string>
  readonly #random: Random
  /** Where the log may be rewound, or a node lags, an entry may come again behind a gap. */
  readonly #rewinds: boolean
  readonly #seen = new Set<string>()
  #reader: ReplayReader | undefined
  #woken = true
  #opening = false
  cursor: string | undefined

  constructor(log: Log, truth: ReadonlyMap<string, string>, random: Random, rewinds: boolean) {
    this.#rewinds = rewinds
    this.#log = log
    this.#truth = truth
    this.#random = random
  }

  async open(): Promise<void> {
    const source: unknown = Reflect.apply(this.#log, undefined, [{ input: undefined }])
    if (!(source instanceof ReplaySource)) throw new Error("no log")
    this.#opening = true
    try {
      this.#reader = await source.open(this.cursor, () => {
        this.#woken = true
      })
      this.#woken = true
      if (this.cursor === undefined) this.cursor = this.#reader.start
    } catch (error) {
      expect(error).toMatchObject({ code: "UNAVAILABLE" })
      reach("not opened")
    } finally {
      this.#opening = false
    }
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  get isOpen(): boolean {
    return this.#reader !== undefined || this.#opening
  }

  /** Reads if it was told to; with `all`, whatever there is. */
  read(all: boolean): void {
    while (this.#reader && this.#woken) {
      const step = this.#reader.read(this.#random.pick([1, 3, 100]))
      if (!step) {
        this.#woken = false
        return
      }
      if (step.type === "stalled") reach("stalled")
      if (step.type === "gap") {
        reach("gap")
        this.cursor = step.cursor
        if (this.#rewinds) this.#seen.clear()
      }
      if (step.type === "entries") for (const { cursor } of step.entries) this.#take(cursor)
      expect(this.#reader.position).toBe(this.cursor)
      if (!all && this.#random.chance(0.5)) return
    }
  }

  #take(cursor: string): void {
    if (this.#truth.get(cursor) !== this.cursor) {
      throw new Error(`${cursor} after ${this.cursor}, which it does not follow on`)
    }
    if (this.#seen.has(cursor)) throw new Error(`${cursor} came twice`)
    this.#seen.add(cursor)
    this.cursor = cursor
    reach("entry")
  }
}

/** One whose lots a seed draws, so that a run can be repeated. */
class SeededClock extends VirtualClock {
  readonly #random: Random

  constructor(random: Random) {
    super()
    this.#random = random
  }

  override random(length: number): Uint8Array {
    return this.#random.bytes(length)
  }
}

async function run(seed: number): Promise<void> {
  const random = new Random(seed)
  const clock = new SeededClock(random.fork())
  const engine = new ModelEngine(random.pick([12, 40, 400]))
  engine.patience = () => new Promise((resolve) => clock.wakeAt(clock.now() + 2_000, resolve))
  engine.travel = () =>
    random.chance(0.5)
      ? Promise.resolve()
      : new Promise((resolve) => clock.wakeAt(clock.now() + random.int(0, 40), resolve))
  const truth = new Map<string, string>()
  /** Where each item stands: it is there once in an epoch, however often it was tried. */
  const once = new Map<string, string>()
  const { append } = engine
  engine.append = (...given) => {
    const { tip } = engine.log(given[0])
    const cursor = append.apply(engine, given)
    const [, payload] = given
    const first = once.get(payload)
    if (first?.split(".")[0] === cursor.split(".")[0]) expect(cursor).toBe(first)
    once.set(payload, cursor)
    if (!truth.has(cursor)) truth.set(cursor, tip.cursor)
    return cursor
  }
  const brokers = [engine.connect(), engine.connect()] as const
  for (const broker of brokers) {
    const { open } = broker
    broker.open = (topic, from) => {
      reach(from === undefined ? "open" : "open at a cursor")
      return open.call(broker, topic, from)
    }
  }
  const logAt = (broker: Broker) => topic(api.log, { broker, host: clock })
  const logs = [logAt(brokers[0]), logAt(brokers[1])] as const
  const rewinds = random.chance(0.5)
  const stream = () => new Stream(random.pick(logs), truth, random, rewinds)
  const streams: [Stream, ...Stream[]] = [stream(), stream()]
  for (let more = random.int(0, 4); more > 0; more--) streams.push(stream())
  const large = "x".repeat(random.pick([1, 1, 90_000]))
  let item = 0
  const publish = () =>
    random
      .pick(logs)
      .publish(`${item++} ${large}`)
      .then(
        () => reach("published"),
        ({ code }) => reach(code),
      )
  const releases: (() => void)[] = []
  const deeds: [() => unknown, ...(() => unknown)[]] = [
    () => void publish(),
    () => void publish(),
    () => {
      for (let burst = random.int(2, 20); burst > 0; burst--) void publish()
    },
    () => streams.map((stream) => stream.read(random.chance(0.3))),
    () => streams.map((stream) => stream.read(random.chance(0.3))),
    () => {
      const stream = random.pick(streams)
      return stream.isOpen ? stream.close() : stream.open()
    },
    () => {
      for (const stream of streams) if (!stream.isOpen) void stream.open()
    },
    () => engine.trim("log", random.int(0, 10)),
    () => rewinds && engine.rollBack("log", random.int(1, 3)),
    () => random.chance(0.2) && engine.reset(),
    () => random.pick(brokers).disconnect(),
    () => {
      engine.reachable = random.chance(0.5)
      if (!engine.reachable) for (const broker of brokers) broker.disconnect()
    },
    () => rewinds && void releases.push(engine.lag(random.pick(brokers))),
    () => releases.pop()?.(),
    () => {
      engine.fate = () => random.pick(["done", "done", "unanswered", "lost"])
    },
  ]
  const opening: unknown[] = []
  for (let step = 0; step < 60; step++) {
    opening.push(random.pick(deeds)())
    await clock.advance(random.pick([0, 0, 10, 300, 3_000]))
  }
  engine.reachable = true
  engine.fate = () => "done"
  for (const release of releases) release()
  await clock.advance(30_000)
  for (const stream of streams) if (!stream.isOpen) opening.push(stream.open())
  await clock.advance(30_000)
  await Promise.all(opening)
  const publishing = logs[0].publish("the last")
  await clock.advance(5_000)
  const tip = await publishing
  for (let round = 0; round < 600 && streams.some(({ cursor }) => cursor !== tip); round++) {
    await clock.advance(200)
    for (const stream of streams) stream.read(true)
  }
  expect(streams.map(({ cursor }) => cursor)).toEqual(streams.map(() => tip))
  for (const stream of streams) stream.close()
  expect(logs.map(({ readers }) => readers)).toEqual([0, 0])
}

test("whatever happens to an engine, a stream is given what follows on what it has", async () => {
  const seeds = Number(process.env["TOPIC_SEEDS"] ?? 150)
  const first = Number(process.env["TOPIC_FIRST"] ?? 1)
  for (let seed = first; seed < first + seeds; seed++) {
    await run(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
  }
  for (const what of states) expect(reached.get(what), what).toBeGreaterThan(10)
}, 600_000)
