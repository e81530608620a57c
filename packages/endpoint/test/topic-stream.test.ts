import { createClient, RpcError, type StreamEvent } from "@trunkline/client"
import { contract, subscription } from "@trunkline/contract"
import { implement } from "@trunkline/server"
import type { PairOptions } from "@trunkline/testing"
import { describe, expect, test, vi } from "vitest"
import * as z from "zod"
import { failure, pairOf, Signal } from "./support.js"
import { TestLog } from "./test-log.js"

const item = z.number()
const State = z.object({ sum: z.number() })
const api = contract({
  strict: subscription({ item, replay: "topic" }),
  lenient: subscription({ item, replay: "topic", onGap: "continue" }),
  board: subscription({ item, replay: "topic", state: State }),
  newest: subscription({ item, replay: "topic", onGap: "continue", delivery: "latest" }),
  slots: subscription({
    item,
    replay: "topic",
    onGap: "continue",
    delivery: { conflate: (value) => value % 3 },
  }),
  plain: subscription({ item, restart: "fresh" }),
})

interface Loader {
  /** Done before a state is read, and between the state and its return. */
  before?: () => unknown
  after?: () => unknown
  state?: unknown
  cursor?: string
  loads: number
}

function open(options: PairOptions<unknown> = {}) {
  const log = new TestLog<number>((value) => value % 3)
  const loader: Loader = { loads: 0 }
  const snapshot = async () => {
    loader.loads++
    await loader.before?.()
    const sum = log.entries.reduce((total, { value }) => total + Number(value), 0)
    const loaded = { state: loader.state ?? { sum }, cursor: loader.cursor ?? log.tip }
    await loader.after?.()
    return loaded
  }
  const router = implement(api, {
    strict: () => log.source<undefined>(),
    lenient: () => log.source<undefined>(),
    board: () => log.source<z.input<typeof State>>(snapshot),
    newest: () => log.source<undefined>(),
    slots: () => log.source<undefined>(),
    async *plain() {
      yield 1
    },
  })
  const pair = pairOf(router, options)
  return { log, loader, pair, client: createClient(api, pair.connection) }
}

/** Reads events until it has seen `done`, and keeps them. */
class Reading<T> {
  readonly events: StreamEvent<T>[] = []
  readonly ended: Promise<unknown>
  #waiting: (() => void)[] = []
  #iterator: AsyncIterator<StreamEvent<T>>

  constructor(stream: { events(): AsyncIterableIterator<StreamEvent<T>> }) {
    this.#iterator = stream.events()
    this.ended = this.#read().catch((error: unknown) => error)
  }

  /** Items as they are, notes by their types. */
  get told(): unknown[] {
    return this.events.map((event) => ("item" in event ? event.item : event.note.type))
  }

  async until(length: number): Promise<unknown[]> {
    while (this.events.length < length) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return this.told
  }

  stop(): void {
    void this.#iterator.return?.()
  }

  async #read(): Promise<void> {
    for (let step = await this.#iterator.next(); !step.done; step = await this.#iterator.next()) {
      this.events.push(step.value)
      for (const wake of this.#waiting.splice(0)) wake()
    }
  }
}

const live = (stream: { readonly status: string }) => expect.poll(() => stream.status).toBe("live")

describe("a stream of a topic", () => {
  test("yields what is appended from when it began, each item with its cursor", async () => {
    const { client, log } = open()
    log.append(1, 2)
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    expect(stream.cursor).toBe("e1.2")
    log.append(3, 4)
    expect(await reading.until(2)).toEqual([3, 4])
    expect(reading.events[1]).toEqual({ item: 4, cursor: "e1.4" })
    expect(stream.cursor).toBe("e1.4")
    expect(log.entries.slice(2).map(({ written }) => written)).toEqual([1, 1])
  })

  test("survives a cut line, with nothing lost or doubled", async () => {
    const { client, log, pair } = open()
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    for (let n = 1; n <= 30; n++) {
      log.append(n)
      if (n % 10 === 5) pair.drop()
      if (n % 7 === 0) await reading.until(n)
    }
    expect(await reading.until(30)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
    expect(log.opened).toEqual([undefined])
  })

  test("survives the server, with nothing lost or doubled", async () => {
    const { client, log, pair } = open()
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    log.append(1, 2)
    await reading.until(2)
    pair.restart()
    log.append(3)
    expect(await reading.until(3)).toEqual([1, 2, 3])
    pair.unplug()
    log.append(4, 5)
    pair.restart()
    log.append(6)
    pair.plug()
    expect(await reading.until(6)).toEqual([1, 2, 3, 4, 5, 6])
    expect(log.opened).toEqual([undefined, "e1.2", "e1.3"])
  })

  test("that was lost before it began begins where it is when it does", async () => {
    const { client, log, pair } = open()
    const opening = new Signal()
    log.opening = opening.promise
    const stream = client.strict()
    const reading = new Reading(stream)
    await expect.poll(() => log.opened).toHaveLength(1)
    log.append(1)
    pair.restart()
    opening.fire()
    await live(stream)
    log.append(2)
    expect(await reading.until(1)).toEqual([2])
    await expect.poll(() => log.readers.size).toBe(1)
  })

  test("goes on after a cursor that was kept", async () => {
    const { client, log } = open()
    log.append(1, 2, 3)
    const first = new Reading(client.strict(undefined, { from: "e1.1" }))
    expect(await first.until(2)).toEqual([2, 3])
    const stream = client.strict(undefined, { from: "e1.3" })
    const second = new Reading(stream)
    await live(stream)
    expect(stream.cursor).toBe("e1.3")
    log.append(4)
    expect(await second.until(1)).toEqual([4])
  })

  test("knows its cursor as what its reader has taken, however much has arrived", async () => {
    const { client, log } = open()
    log.append(1, 2, 3)
    const stream = client.strict(undefined, { from: "e1.0" })
    for await (const value of stream) {
      if (value === 2) break
    }
    expect(stream.cursor).toBe("e1.2")
    const rest = new Reading(client.strict(undefined, { from: stream.cursor }))
    expect(await rest.until(1)).toEqual([3])
  })

  test("sets its own pace: the log waits for nobody, and a slow reader misses nothing", async () => {
    const { client, log } = open()
    const large = 5_000
    const stream = client.strict()
    const iterator = stream[Symbol.asyncIterator]()
    const first = iterator.next()
    await live(stream)
    for (let n = 1; n <= large; n++) log.append(n)
    expect(await first).toEqual({ value: 1, done: false })
    await new Promise((resolve) => setImmediate(resolve))
    const [reader] = log.readers
    expect(Number(reader?.position.slice(3))).toBeLessThan(2 * 1_024 + 256)
    for (let n = 2; n <= large; n++) expect((await iterator.next()).value).toBe(n)
  })

  test("reads large entries as far as they may be on their way", async () => {
    const { client, log } = open()
    const stream = client.strict()
    const iterator = stream[Symbol.asyncIterator]()
    const first = iterator.next()
    await live(stream)
    for (const entry of ["a", "b", "c", "d"]) {
      log.append(entry.repeat(100_000) as never)
    }
    const sizes = [String((await first).value).length]
    for (let n = 1; n < 4; n++) sizes.push(String((await iterator.next()).value).length)
    expect(sizes).toEqual([100_000, 100_000, 100_000, 100_000])
  })

  test("ends alone with an entry that its client does not accept", async () => {
    const log = vi.fn()
    const limits = { messageBytes: 1_000 }
    const { client, log: topic } = open({ connect: { limits }, serve: { log } })
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    topic.append(1, "x".repeat(2_000) as never, 3)
    expect(await reading.ended).toMatchObject({ code: "TOO_LARGE" })
    expect(reading.told).toEqual([1])
    expect(topic.readers.size).toBe(0)
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ path: "strict" }))
  })

  test("lets go of its log when its reader leaves, also while that is being opened", async () => {
    const { client, log, pair } = open()
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    reading.stop()
    await expect.poll(() => log.readers.size).toBe(0)
    const opening = new Signal()
    log.opening = opening.promise
    const early = new Reading(client.strict())
    await expect.poll(() => log.opened).toHaveLength(2)
    early.stop()
    await expect.poll(() => pair.server.stats().channels).toBe(0)
    opening.fire()
    await new Promise((resolve) => setImmediate(resolve))
    expect(log.readers.size).toBe(0)
  })

  test("tells that its log cannot be reached, and goes on when it can", async () => {
    const { client, log } = open()
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    log.append(1)
    await reading.until(1)
    log.stalled = true
    log.wake()
    expect(await reading.until(2)).toEqual([1, "stalled"])
    log.stalled = false
    log.append(2)
    expect(await reading.until(3)).toEqual([1, "stalled", 2])
  })

  test("waits for a log that cannot be opened now, and says so", async () => {
    const { client, log } = open()
    log.append(1)
    const away = new RpcError("UNAVAILABLE")
    for (const from of [undefined, "e1.0"]) {
      log.opening = Promise.reject(away)
      log.opening.catch(() => {})
      const before = log.opened.length
      const stream = client.strict(undefined, { from })
      const reading = new Reading(stream)
      expect(await reading.until(1)).toEqual(["stalled"])
      expect(stream.cursor).toBe(from)
      await expect.poll(() => log.opened.length).toBeGreaterThan(before + 1)
      log.opening = Promise.resolve()
      await expect.poll(() => stream.cursor).toBe("e1.1")
      reading.stop()
      expect(reading.told).toEqual(from ? ["stalled", 1] : ["stalled"])
    }
    log.opening = Promise.reject(away)
    log.opening.catch(() => {})
    const board = new Reading(client.board())
    expect(await board.until(1)).toEqual(["stalled"])
    log.opening = Promise.resolve()
    log.append(2)
    await board.until(2)
    expect(board.told[1]).toBe("reset")
  })

  test("that waits for its log leaves nothing behind when its reader leaves", async () => {
    const { client, log, pair } = open()
    log.opening = Promise.reject(new RpcError("UNAVAILABLE"))
    log.opening.catch(() => {})
    const reading = new Reading(client.strict())
    await reading.until(1)
    reading.stop()
    await expect.poll(() => pair.server.stats().channels).toBe(0)
    const attempts = log.opened.length
    log.opening = Promise.resolve()
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(log.readers.size).toBe(0)
    expect(log.opened.length).toBeLessThanOrEqual(attempts + 1)
  })

  test("fails with what opening its log failed with", async () => {
    const { client, log } = open()
    log.opening = Promise.reject(new Error("no broker"))
    log.opening.catch(() => {})
    expect(await new Reading(client.strict()).ended).toMatchObject({ code: "INTERNAL" })
  })

  test("fails alone with a log that breaks, at once or later", async () => {
    const { client, log, pair } = open()
    const broken = new Reading(client.strict())
    const healthy = new Reading(client.strict())
    await expect.poll(() => log.readers.size).toBe(2)
    const [reader] = log.readers
    Object.assign(reader ?? {}, {
      read: () => {
        throw new Error("a bug of the log")
      },
    })
    log.append(1)
    expect(await broken.ended).toMatchObject({ code: "INTERNAL" })
    expect(await healthy.until(1)).toEqual([1])
    Object.defineProperty(log, "entries", {
      get: () => {
        throw new Error("a bug of the log")
      },
    })
    expect(await new Reading(client.strict(undefined, { from: "e1.0" })).ended).toMatchObject({
      code: "INTERNAL",
    })
    expect(pair.connection.state).toBe("open")
  })

  test("is told where it stands while only others are sent something", async () => {
    const { client, log, pair } = open()
    const stream = client.strict()
    const reading = new Reading(stream)
    await live(stream)
    const [reader] = log.readers
    if (!reader) throw new Error("it is not read")
    reader.position = "e1.5"
    reader.wake()
    await expect.poll(() => stream.cursor).toBe("e1.5")
    pair.restart()
    await expect.poll(() => log.opened).toEqual([undefined, "e1.5"])
    expect(reading.told).toEqual([])
  })
})

describe("what is no topic", () => {
  test("is not served as one", async () => {
    const router = implement({ strict: api.strict }, {
      strict: async function* () {},
    } as never)
    const log = vi.fn()
    const pair = pairOf(router, { serve: { log } })
    const client = createClient({ strict: api.strict }, pair.connection)
    expect(await new Reading(client.strict()).ended).toMatchObject({ code: "INTERNAL" })
    const error = new TypeError("the handler of strict must return a topic")
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ error }))
  })

  test("cannot be continued", async () => {
    const { client } = open()
    const continued = { from: "e1.1" } as never
    expect(
      await failure(client.plain(undefined, continued)[Symbol.asyncIterator]().next()),
    ).toMatchObject({ code: "VALIDATION", executed: "no" })
  })
})

describe("a gap", () => {
  async function broken(name: "strict" | "lenient" | "board", lose: "trim" | "epoch") {
    const line = open()
    const { client, log, pair } = line
    const { strict, lenient, board } = client
    const stream = { strict, lenient, board }[name]()
    const reading = new Reading<number>(stream)
    await live(stream)
    const before = name === "board" ? 1 : 0
    log.append(1, 2)
    await reading.until(before + 2)
    pair.unplug()
    if (lose === "trim") {
      log.append(3, 4, 5)
      log.trim(1)
    } else {
      log.renew()
      log.append(8)
    }
    pair.restart()
    pair.plug()
    return { ...line, stream, reading }
  }

  test.each(["trim", "epoch"] as const)("ends a strict stream (%s)", async (lose) => {
    const { reading, log } = await broken("strict", lose)
    expect(await reading.ended).toMatchObject({ code: "GAP", executed: "unknown" })
    expect(reading.told).toEqual([1, 2])
    expect(log.readers.size).toBe(0)
  })

  test.each([
    ["trim", 5, "e1.4"],
    ["epoch", 8, "e2.0"],
  ] as const)("is told to one that continues (%s)", async (lose, next, cursor) => {
    const { reading, log, pair } = await broken("lenient", lose)
    expect(await reading.until(4)).toEqual([1, 2, "gap", next])
    expect(reading.events[2]).toEqual({ note: { type: "gap", cursor } })
    pair.restart()
    log.append(9)
    expect(await reading.until(5)).toEqual([1, 2, "gap", next, 9])
  })

  test.each(["trim", "epoch"] as const)("is filled by the state (%s)", async (lose) => {
    const { reading, log, loader } = await broken("board", lose)
    expect(await reading.until(4)).toEqual(["reset", 1, 2, "reset"])
    expect(loader.loads).toBeGreaterThan(1)
    log.append(9)
    expect(await reading.until(5)).toEqual(["reset", 1, 2, "reset", 9])
  })

  test("ends an iteration that cannot hear of it", async () => {
    const { client, log } = open()
    log.append(1, 2, 3)
    log.trim(1)
    const items = client.lenient(undefined, { from: "e1.0" })[Symbol.asyncIterator]()
    expect(await failure(items.next())).toMatchObject({ code: "GAP" })
    await expect.poll(() => log.readers.size).toBe(0)
  })

  test("is told of a cursor of another epoch, beyond the tip, or of nobody", async () => {
    const { client, log } = open()
    log.append(1)
    for (const from of ["e7.1", "e1.99", "nobody"]) {
      const strict = new Reading(client.strict(undefined, { from }))
      expect(await strict.ended).toMatchObject({ code: "GAP" })
      const lenient = new Reading(client.lenient(undefined, { from }))
      expect(await lenient.until(2)).toEqual(["gap", 1])
    }
  })

  test("that comes while the stream is read stands at its place", async () => {
    const { client, log } = open()
    const stream = client.lenient()
    const reading = new Reading(stream)
    await live(stream)
    log.append(1, 2)
    log.renew()
    log.append(3)
    expect(await reading.until(4)).toEqual([1, 2, "gap", 3])
  })
})

describe("a topic with a state", () => {
  test("begins with it, without a hole or a repeat", async () => {
    const { client, log, loader } = open()
    log.append(1, 2)
    loader.after = () => log.append(3)
    const reading = new Reading(client.board())
    await reading.until(2)
    log.append(4)
    expect(await reading.until(3)).toEqual(["reset", 3, 4])
    expect(reading.events[0]).toEqual({
      note: { type: "reset", state: { sum: 3 }, cursor: "e1.2" },
    })
  })

  test("continues without it", async () => {
    const { client, log, loader } = open()
    log.append(1, 2)
    const reading = new Reading(client.board(undefined, { from: "e1.1" }))
    expect(await reading.until(1)).toEqual([2])
    expect(loader.loads).toBe(0)
  })

  test("is loaded again when the log has dropped what follows, and not for ever", async () => {
    const { client, log, loader } = open()
    log.append(1, 2)
    loader.after = () => {
      if (loader.loads > 1) return
      log.append(3, 4)
      log.trim(1)
    }
    const reading = new Reading(client.board())
    await reading.until(1)
    log.append(5)
    expect(await reading.until(2)).toEqual(["reset", 5])
    expect(loader.loads).toBe(2)
    reading.stop()
    loader.after = () => log.renew()
    expect(await new Reading(client.board()).ended).toMatchObject({ code: "GAP" })
    expect(loader.loads).toBe(5)
    expect(log.readers.size).toBe(0)
  })

  test("ends when nothing but gaps follows on its state, again and again", async () => {
    const { client, log, loader } = open()
    const reading = new Reading(client.board())
    await reading.until(1)
    for (let resets = 2; resets <= 3; resets++) {
      log.renew()
      expect(await reading.until(resets)).toHaveLength(resets)
    }
    log.renew()
    expect(await reading.ended).toMatchObject({ code: "GAP" })
    expect([loader.loads, log.readers.size]).toEqual([3, 0])
  })

  test.each([
    ["does not fit", { state: { sum: "3" } }, "INTERNAL"],
    ["has no form on the wire", { state: { sum: 1, f: () => {} } }, "UNENCODABLE"],
    ["has no cursor", { cursor: "no cursor!" }, "INTERNAL"],
    ["cannot be loaded", { before: () => Promise.reject(new Error("no database")) }, "INTERNAL"],
  ])("fails alone when it %s", async (_, broken, code) => {
    const log = vi.fn()
    const validation = code === "UNENCODABLE" ? { items: false } : undefined
    const { client, loader, log: topic, pair } = open({ serve: { log, validation } })
    Object.assign(loader, broken)
    expect(await new Reading(client.board()).ended).toMatchObject({ code })
    expect(log).toHaveBeenCalledTimes(1)
    expect(topic.readers.size).toBe(0)
    expect(pair.connection.state).toBe("open")
  })

  test("is let go of when its reader leaves while it is loaded", async () => {
    const { client, log, loader, pair } = open()
    const loading = new Signal()
    loader.before = () => loading.promise
    const reading = new Reading(client.board())
    await expect.poll(() => loader.loads).toBe(1)
    reading.stop()
    await expect.poll(() => pair.server.stats().channels).toBe(0)
    loading.fire()
    await new Promise((resolve) => setImmediate(resolve))
    expect(log.readers.size).toBe(0)
    expect(log.opened).toEqual([])
  })
})

describe("a lossy topic", () => {
  test("brings the newest of each key, with its own cursor, and goes on from there", async () => {
    const { client, log, pair } = open()
    const stream = client.slots()
    const reading = new Reading(stream)
    await live(stream)
    pair.unplug()
    for (let n = 1; n <= 3_000; n++) log.append(n)
    await expect.poll(() => [...log.readers][0]?.position).toBe("e1.3000")
    pair.plug()
    await reading.until(4)
    expect(reading.told.filter((each) => each !== "dropped")).toEqual([2_998, 2_999, 3_000])
    expect(reading.events).toContainEqual({ item: 3_000, cursor: "e1.3000" })
    pair.restart()
    log.append(3_001)
    await reading.until(5)
    expect(reading.told.at(-1)).toBe(3_001)
  })

  test("tells of a gap behind what came before it", async () => {
    const { client, log, pair } = open()
    const stream = client.newest()
    const reading = new Reading(stream)
    await live(stream)
    pair.unplug()
    log.append(1)
    log.renew()
    log.append(2)
    log.renew()
    log.append(3)
    pair.plug()
    await expect.poll(() => reading.told.at(-1)).toBe(3)
    expect(reading.told).toEqual([1, "gap", "gap", 3])
    expect(stream.cursor).toBe("e3.1")
  })
})
