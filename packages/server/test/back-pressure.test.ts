import { connect, createClient, type StreamEvent } from "@trunkline/client"
import { contract, subscription } from "@trunkline/contract"
import { implement, serve, topic } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, expect, test } from "vitest"
import * as z from "zod"
import { run } from "./support/program.js"

/* A reader that stops reading is felt by the source, and costs a bounded amount of memory. */

const Price = z.object({ symbol: z.string(), n: z.number() })
const service = contract({
  every: subscription({ item: z.number() }),
  pushed: subscription({ item: z.number() }),
  latest: subscription({ item: z.number(), delivery: "latest" }),
  prices: subscription({ item: Price, delivery: { conflate: "symbol" } }),
})

/** What a lossy source gives, of each symbol. */
const values = 5_000
const symbols = ["a", "b", "c"]

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start() {
  const state = { pulled: 0, ended: 0 }
  const pushed = topic(service.pushed)
  const router = implement(service, {
    async *every() {
      try {
        for (;;) yield state.pulled++
      } finally {
        state.ended++
      }
    },
    pushed,
    async *latest() {
      for (let n = 1; n <= values; n++) {
        yield n
        if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      state.ended++
    },
    async *prices() {
      for (let n = 1; n <= values; n++) {
        for (const symbol of symbols) yield { symbol, n }
        if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      state.ended++
    },
  })
  const server = serve(router)
  const listening: Listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  endings.push(() => listening.close())
  const connection = connect(`ws://127.0.0.1:${listening.port}/rpc`)
  endings.push(() => connection.close())
  const client = createClient(service, connection)
  return { state, pushed, server, client }
}

/** Whatever is under way has arrived, there and back. */
async function quiet(counts: () => unknown): Promise<void> {
  let before: unknown
  for (let rounds = 0; rounds < 5; rounds++) {
    const now = JSON.stringify(counts())
    if (now !== before) rounds = 0
    before = now
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test("a generator is not asked for more than its reader has room for, and goes on where it stood", async () => {
  const { state, server, client } = await start()
  const reader = client.every()[Symbol.asyncIterator]()
  expect((await reader.next()).value).toBe(0)
  await quiet(() => state.pulled)
  const first = state.pulled
  expect(first).toBeLessThanOrEqual(257)
  for (let expected = 1; expected < 2_000; expected++) {
    expect((await reader.next()).value).toBe(expected)
  }
  await quiet(() => state.pulled)
  expect(state.pulled).toBeLessThanOrEqual(2_000 + 257)
  expect(server.stats().retained).toBeLessThan(262_144)
  await reader.return?.()
  while (state.ended === 0) await new Promise((resolve) => setImmediate(resolve))
})

test("large items wait for a slow reader, one after the other, and none is too much", async () => {
  const file = contract({ pieces: subscription({ input: z.number(), item: z.string() }) })
  const count = 24
  let pulled = 0
  const router = implement(file, {
    async *pieces({ input }) {
      for (; pulled < count; pulled++) yield "x".repeat(input)
    },
  })
  const listening = await listen(serve(router), { port: 0, hostname: "127.0.0.1" })
  const connection = connect(`ws://127.0.0.1:${listening.port}/rpc`)
  try {
    for (const size of [20_000, 64_000, 300_000]) {
      pulled = 0
      let read = 0
      for await (const piece of createClient(file, connection).pieces(size)) {
        expect(piece).toHaveLength(size)
        read++
        await quiet(() => pulled)
        expect((pulled - read) * size).toBeLessThanOrEqual(131_072 + size)
      }
      expect(read).toBe(count)
    }
  } finally {
    await connection.close()
    await listening.close()
  }
})

test("a source that cannot wait ends a reader that does not read, behind what has arrived", async () => {
  const { pushed, server, client } = await start()
  const reader = client.pushed()[Symbol.asyncIterator]()
  const first = reader.next()
  while (pushed.readers === 0) await new Promise((resolve) => setImmediate(resolve))
  for (let n = 0; n < 2_000; n++) {
    await pushed.publish(n)
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(pushed.readers).toBe(0)
  expect((await first).value).toBe(0)
  const rest: unknown[] = []
  const failure = await (async () => {
    for (;;) rest.push((await reader.next()).value)
  })().catch((error) => error)
  expect(failure).toMatchObject({ code: "SLOW_CONSUMER" })
  expect(rest).toEqual(rest.map((_, index) => index + 1))
  expect(rest.length).toBeLessThanOrEqual(512)
  expect(server.stats().channels).toBe(0)
})

/** Reads one item, stops until the source has nothing more, and reads the rest. */
async function readLate<T>(
  stream: { events(): AsyncIterable<StreamEvent<T>> },
  ended: () => boolean,
): Promise<{ items: T[]; dropped: number }> {
  const items: T[] = []
  let dropped = 0
  for await (const event of stream.events()) {
    if ("item" in event) items.push(event.item)
    else if (event.note.type === "dropped") dropped += event.note.count
    while (!ended()) await new Promise((resolve) => setImmediate(resolve))
  }
  return { items, dropped }
}

test("latest: the newest comes last, few that are older before it, and the count of the others is exact", async () => {
  const { state, client } = await start()
  const { items, dropped } = await readLate(client.latest(), () => state.ended === 1)
  expect(items.at(-1)).toBe(values)
  expect(items).toEqual([...items].sort((a, b) => a - b))
  // What the reader had, what its credit let pass while it did not read, and the newest.
  expect(items.length).toBeLessThanOrEqual(1 + 2 + 2 + 1)
  expect(items.length + dropped).toBe(values)
})

test("conflate: of each key the newest comes last, and the count of the others is exact", async () => {
  const { state, client } = await start()
  const { items, dropped } = await readLate(client.prices(), () => state.ended === 1)
  for (const symbol of symbols) {
    const ns = items.filter((item) => item.symbol === symbol).map(({ n }) => n)
    expect(ns.at(-1)).toBe(values)
    expect(ns).toEqual([...ns].sort((a, b) => a - b))
  }
  expect(items.length).toBeLessThanOrEqual(1 + 64 + 64 + symbols.length)
  expect(items.length + dropped).toBe(values * symbols.length)
})

test("200 MB for readers that read nothing leave the process small", async () => {
  const { code, output } = await run("flood")
  expect({ code, output }).toMatchObject({ code: 0 })
  const { produced, pulled, retained, grown } = JSON.parse(output)
  expect(produced).toBeGreaterThanOrEqual(200 * 1_048_576)
  expect(pulled).toBeLessThan(20)
  expect(retained).toBeLessThan(3 * 2 * 262_144)
  expect(grown).toBeLessThan(96 * 1_048_576)
})
