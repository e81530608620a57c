import type { ReplayReader, ReplayStep } from "@trunkline/endpoint"
import { jsonCodec, msgpackCodec } from "@trunkline/protocol"
import { VirtualClock } from "@trunkline/testing"
import { expect, test } from "vitest"
import type { Broker, BrokerReader, BrokerStep } from "../broker/broker.js"

import { Feeds, idleFeeds } from "./feeds.js"
import { RingSpace } from "./ring.js"
import { Turns } from "./turns.js"

/** A reader of which the test says what it brings, and when. */
class Script implements BrokerReader {
  readonly from: string | undefined
  readonly gap: boolean
  readonly start: string
  closed = false
  #steps: BrokerStep[] = []
  #settle: (() => void) | undefined
  #failure: Error | undefined

  constructor(from: string | undefined, start: string, gap = false) {
    this.from = from
    this.start = start
    this.gap = gap
  }

  /** Entries of these cursors, each linked to the one before it. */
  bring(...steps: readonly BrokerStep[]): void {
    this.#steps.push(...steps)
    this.#settle?.()
  }

  fail(): void {
    this.#failure = new Error("broken")
    this.#settle?.()
  }

  async read(most: number): Promise<readonly BrokerStep[]> {
    while (this.#steps.length === 0 && !this.closed && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve
      })
    }
    if (this.#failure) throw this.#failure
    return this.#steps.splice(0, most)
  }

  close(): void {
    this.closed = true
    this.#settle?.()
  }
}

const entry = (n: number, payload = `${n}`, prev = `c${n - 1}`): BrokerStep => ({
  cursor: `c${n}`,
  prev,
  payload,
})
const run = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, n) => entry(first + n))

/** Feeds over a broker whose readers are scripts: at the tip `c0`, unless the test opens them itself. */
function setUp(open?: (from: string | undefined) => Script | Promise<Script>, units = 67_108_864) {
  const clock = new VirtualClock()
  const readers: Script[] = []
  const log: string[] = []
  const space = new RingSpace(units)
  const broker: Broker = {
    capabilities: { replay: true, durable: false, dedupe: 0 },
    open: async (_, from) => {
      const reader = await (open ?? ((from) => new Script(from, from ?? "c0")))(from)
      readers.push(reader)
      return reader
    },
    publish: () => Promise.reject(new Error("not here")),
    position: () => Promise.reject(new Error("not here")),
    close: async () => {},
  }
  const feeds = new Feeds({
    ...{ name: "a", broker, host: clock, keyOf: undefined, turns: new Turns(16) },
    space,
    log: ({ message }) => log.push(message),
  })
  return { clock, readers, feeds, log, space }
}

/** What a stream is given until there is nothing more. */
function all(reader: ReplayReader, most = 1_000): string[] {
  const seen: string[] = []
  for (let step = reader.read(most); step; step = reader.read(most)) seen.push(told(step))
  return seen
}

function told(step: ReplayStep): string {
  if (step.type === "gap") return `gap ${step.cursor}`
  if (step.type === "stalled") return step.type
  return step.entries.map(({ cursor }) => cursor).join(" ")
}

test("all streams of a topic share one reader at the broker, and are woken once a turn", async () => {
  const { clock, readers, feeds } = setUp()
  let wakes = 0
  const streams = await Promise.all(
    [1, 2, 3].map(() => feeds.open("a", undefined, () => void wakes++)),
  )
  for (const stream of streams) expect(stream.read(10)).toBeUndefined()
  readers[0]?.bring(...run(1, 5))
  await clock.advance(0)
  expect(readers).toHaveLength(1)
  expect(wakes).toBe(3)
  const [first, second] = streams.map((stream) => stream.read(10))
  expect(first && told(first)).toBe("c1 c2 c3 c4 c5")
  expect(second).toBe(first)
})

test("what the broker does not prove is a gap", async () => {
  const { clock, readers, feeds, log } = setUp()
  const stream = await feeds.open("a", undefined, () => {})
  readers[0]?.bring(entry(1), entry(3), entry(3, "3", "c3"), { gap: true, cursor: "c9" }, entry(10))
  await clock.advance(0)
  expect(all(stream, 1)).toEqual(["c1", "gap c2", "c3", "gap c9", "c10"])
  expect(log).toEqual(Array(2).fill("entries of a topic are missing"))
})

test.each(["", "{", '{"__proto__":1}', '{"$":"?"}', "[".repeat(65) + "]".repeat(65)])(
  "an entry %j that no session could carry is a gap",
  async (payload) => {
    const { clock, readers, feeds } = setUp()
    const stream = await feeds.open("a", undefined, () => {})
    readers[0]?.bring(entry(1), entry(2, payload), entry(3))
    await clock.advance(0)
    expect(all(stream)).toEqual(["c1", "gap c2", "c3"])
  },
)

test.each([
  [{ cursor: "a b", prev: "c1", payload: "2" }],
  [{ cursor: "c3", prev: "x".repeat(65), payload: "2" }],
  [{ gap: true as const, cursor: "" }],
])("a cursor that no frame could carry ends the reader: %j", async (step) => {
  const { clock, readers, feeds, log } = setUp()
  const stream = await feeds.open("a", undefined, () => {})
  readers[0]?.bring(entry(1), step)
  await clock.advance(0)
  expect(all(stream)).toEqual(["c1", "stalled"])
  await clock.advance(1_000)
  expect(readers[1]?.from).toBe("c1")
  readers[1]?.bring(entry(2))
  await clock.advance(0)
  expect(all(stream)).toEqual(["c2"])
  expect(log).toContain("the broker was lost")
})

test("a broker that is lost is told once, and reading goes on where it was", async () => {
  let reachable = true
  const { clock, readers, feeds } = setUp((from) => {
    if (!reachable) throw new Error("down")
    return new Script(from, from ?? "c0")
  })
  const stream = await feeds.open("a", undefined, () => {})
  readers[0]?.bring(entry(1))
  await clock.advance(0)
  expect(all(stream)).toEqual(["c1"])
  reachable = false
  readers[0]?.fail()
  await clock.advance(60_000)
  expect(all(stream)).toEqual(["stalled"])
  const late = await feeds.open("a", undefined, () => {})
  expect(all(late)).toEqual(["stalled"])
  reachable = true
  await clock.advance(5_000)
  expect(readers.at(-1)?.from).toBe("c1")
  readers.at(-1)?.bring(entry(2))
  await clock.advance(0)
  expect(all(stream)).toEqual(["c2"])
  expect(all(late)).toEqual(["c2"])
})

test("a reader that cannot go on where it was begins behind a gap", async () => {
  const { clock, readers, feeds } = setUp((from) =>
    from === undefined ? new Script(from, "c0") : new Script(from, "d7", true),
  )
  const stream = await feeds.open("a", undefined, () => {})
  readers[0]?.bring(entry(1))
  readers[0]?.fail()
  await clock.advance(1_000)
  readers[1]?.bring({ cursor: "d8", prev: "d7", payload: "8" })
  await clock.advance(0)
  expect(all(stream).filter((step) => step !== "stalled")).toEqual(["gap d7", "d8"])
})

test("a burst of one turn overruns nobody who reads", async () => {
  const { clock, readers, feeds } = setUp()
  const seen: string[] = []
  const stream: ReplayReader = await feeds.open("a", undefined, () => seen.push(...all(stream)))
  expect(stream.read(1)).toBeUndefined()
  readers[0]?.bring(...run(1, 5_000))
  await clock.advance(0)
  seen.push(...all(stream))
  expect(seen.join(" ").split(" ")).toEqual(run(1, 5_000).map(({ cursor }) => cursor))
  expect(readers).toHaveLength(1)
})

test("a stream that fell behind reads pages, and joins the ring where it stands", async () => {
  const { clock, readers, feeds } = setUp()
  const stream = await feeds.open("a", undefined, () => {})
  readers[0]?.bring(...run(1, 1_500))
  await clock.advance(0)
  expect(stream.read(10)).toBeUndefined()
  await clock.advance(0)
  expect(readers[1]?.from).toBe("c0")
  readers[1]?.bring(...run(1, 600))
  await clock.advance(0)
  expect(readers[1]?.closed).toBe(true)
  expect(all(stream, 7).join(" ").split(" ").at(-1)).toBe("c10")
  await clock.advance(0)
  readers[2]?.bring(...run(11, 600))
  await clock.advance(0)
  expect(readers[2]?.from).toBe("c10")
  const seen: string[] = []
  for (let page = 2; seen.at(-1) !== "c1500"; page++) {
    seen.push(...all(stream).join(" ").split(" "))
    const from = Number(seen.at(-1)?.slice(1))
    await clock.advance(0)
    if (!readers[page + 1]?.closed) readers[page + 1]?.bring(...run(from + 1, from + 300))
    await clock.advance(0)
  }
  expect(seen).toEqual(run(11, 1_500).map(({ cursor }) => cursor))
  expect(readers.length).toBeLessThan(6)
})

test("what a page brings is dropped when the stream has come further through the ring", async () => {
  let arrives = () => {}
  const underway = new Promise<void>((resolve) => {
    arrives = resolve
  })
  const e = (n: number) => ({ cursor: `e${n}`, prev: `e${n - 1}`, payload: `${n}` })
  const { clock, readers, feeds } = setUp((from) => {
    const reader = new Script(from, from ?? "c0")
    if (from) reader.read = () => underway.then(() => [e(6)])
    return reader
  })
  const stream = await feeds.open("a", "e5", () => {})
  expect(stream.read(10)).toBeUndefined()
  readers[0]?.bring({ gap: true, cursor: "e5" }, e(6), e(7))
  await clock.advance(0)
  expect(all(stream)).toEqual(["e6 e7"])
  arrives()
  await clock.advance(0)
  readers[0]?.bring(...Array.from({ length: 1_100 }, (_, n) => e(n + 8)))
  await clock.advance(0)
  expect(all(stream)).toEqual([])
  await clock.advance(10_000)
  expect(readers.at(-1)?.from).toBe("e7")
})

test("a stream that leaves while its page is read leaves nothing open", async () => {
  const { clock, readers, feeds } = setUp()
  const stream = await feeds.open("a", "e5", () => {})
  expect(readers[1]?.closed).toBe(false)
  stream.close()
  stream.close()
  await clock.advance(0)
  expect(readers[1]?.closed).toBe(true)
  expect(feeds.readers).toBe(0)
  expect(stream.read(1)).toBeUndefined()
})

test("a gap before a stream's own place is known when it opens", async () => {
  const { feeds } = setUp((from) =>
    from === "old" ? new Script(from, "c0", true) : new Script(from, "c0"),
  )
  const stream = await feeds.open("a", "old", () => {})
  expect(stream.start).toBe("old")
  expect(all(stream)).toEqual(["gap c0"])
  expect(stream.position).toBe("c0")
})

test("a place with another name is joined under that", async () => {
  const { clock, readers, feeds } = setUp((from) => new Script(from, "c0"))
  const stream = await feeds.open("a", "same", () => {})
  readers[0]?.bring(entry(1))
  await clock.advance(0)
  expect(all(stream)).toEqual(["c1"])
  expect(readers[1]?.closed).toBe(true)
})

test("a broker that does not answer is out of reach, and a reader that comes late is closed", async () => {
  let answer: (reader: Script) => void = () => {}
  const { clock, feeds } = setUp(
    () =>
      new Promise<Script>((resolve) => {
        answer = resolve
      }),
  )
  const outcomes = Promise.allSettled([
    feeds.open("a", undefined, () => {}),
    feeds.open("a", undefined, () => {}),
  ])
  await clock.advance(10_000)
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ reason: { code: "UNAVAILABLE", executed: "no" } })
  }
  const late = new Script(undefined, "c0")
  answer(late)
  await clock.advance(0)
  expect(late.closed).toBe(true)
  expect(feeds.readers).toBe(0)
})

test.each(["no cursor!", "", 5, undefined])(
  "a broker that begins at %j is out of reach, until it does better",
  async (start) => {
    const wrong = new Script(undefined, start as string)
    let script = wrong
    const { feeds } = setUp(() => script)
    const refused = feeds.open("a", undefined, () => {})
    await expect(refused).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" })
    expect(wrong.closed).toBe(true)
    script = new Script(undefined, "c7")
    const stream = await feeds.open("a", undefined, () => {})
    expect(stream.start).toBe("c7")
  },
)

test("a broker that brings the same over and over keeps nobody from running", async () => {
  class Parrot extends Script {
    reads = 0
    override async read(): Promise<readonly BrokerStep[]> {
      this.reads++
      return [entry(1)]
    }
  }
  const parrot = new Parrot(undefined, "c0")
  const { clock, feeds } = setUp(() => parrot)
  const stream = await feeds.open("a", "c0", () => {})
  await clock.advance(1_000)
  expect(all(stream)).toEqual(["c1"])
  expect(parrot.reads).toBeGreaterThan(5)
  expect(parrot.reads).toBeLessThan(20)
})

test("a feed without readers goes on for a while, and is let go by what comes later", async () => {
  const { clock, readers, feeds } = setUp()
  const first = await feeds.open("a", undefined, () => {})
  first.close()
  readers[0]?.bring(entry(1))
  await clock.advance(30_000)
  const second = await feeds.open("a", "c0", () => {})
  expect(all(second)).toEqual(["c1"])
  second.close()
  await clock.advance(30_001)
  expect(readers[0]?.closed).toBe(false)
  readers[0]?.bring(entry(2))
  await clock.advance(0)
  expect(readers[0]?.closed).toBe(true)
  expect(readers).toHaveLength(1)
})

test("of feeds without readers so many are kept", async () => {
  const { readers, feeds } = setUp()
  for (let n = 0; n <= idleFeeds; n++) {
    const stream = await feeds.open(`${n}`, undefined, () => {})
    stream.close()
  }
  expect(readers.map(({ closed }) => closed)).toEqual([true, ...Array(idleFeeds).fill(false)])
})

test("all keys together hold no more than their space, and a stream reads on at the broker", async () => {
  const { clock, readers, feeds, space } = setUp(undefined, 5_000)
  const streams: ReplayReader[] = []
  for (const key of ["a", "b", "c"]) streams.push(await feeds.open(key, undefined, () => {}))
  for (const reader of readers)
    reader.bring(...run(1, 30).map((step) => ({ ...step, payload: "1".repeat(72) })))
  await clock.advance(0)
  expect(space.used).toBeGreaterThan(4_000)
  expect(space.used).toBeLessThanOrEqual(5_000)
  expect(streams[0]?.read(5)).toBeUndefined()
  await clock.advance(0)
  expect(readers[3]?.from).toBe("c0")
  for (const stream of streams) stream.close()
  expect(space.used).toBeLessThanOrEqual(2_500)
})

test("a wake that throws keeps none from being woken, and a reader that cannot be closed nobody's place", async () => {
  const { clock, readers, feeds } = setUp()
  const surfaced: unknown[] = []
  const listener = (error: unknown) => surfaced.push(error)
  const others = process.listeners("uncaughtException")
  process.removeAllListeners("uncaughtException").on("uncaughtException", listener)
  try {
    let woken = 0
    const broken = await feeds.open("a", undefined, () => {
      throw new Error("wake")
    })
    const stream = await feeds.open("a", undefined, () => void woken++)
    for (const reader of [broken, stream]) expect(reader.read(1)).toBeUndefined()
    readers[0]?.bring(entry(1))
    await clock.advance(0)
    expect(woken).toBe(1)
    const page = await feeds.open("a", "e5", () => {})
    if (readers[1])
      readers[1].close = () => {
        throw new Error("close")
      }
    for (const reader of [broken, stream, page]) reader.close()
    expect(feeds.readers).toBe(0)
    await clock.advance(0)
    expect(surfaced).toMatchObject([{ message: "wake" }, { message: "close" }])
  } finally {
    process.off("uncaughtException", listener)
    for (const other of others) process.on("uncaughtException", other)
  }
})

test("an entry is its text for json, and written once for another codec", async () => {
  const { clock, readers, feeds } = setUp()
  const streams = [
    await feeds.open("a", undefined, () => {}),
    await feeds.open("a", undefined, () => {}),
  ]
  const [msgpack, again] = [msgpackCodec(), msgpackCodec()]
  const value = { at: new Date(5), bytes: new Uint8Array([1, 2]), n: 12n }
  const text = String(jsonCodec.encode(value))
  readers[0]?.bring(entry(1, text))
  await clock.advance(0)
  const [one, other] = streams.map((stream) => {
    const step = stream.read(1)
    return step?.type === "entries" ? step.entries[0] : undefined
  })
  expect(one?.encode(jsonCodec)).toBe(text)
  expect(one?.encode(msgpack)).toEqual(msgpack.encode(value))
  expect(other?.encode(again)).toBe(one?.encode(msgpack))
})
