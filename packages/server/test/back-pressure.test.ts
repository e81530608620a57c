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

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start() {
  const state = { pulled: 0, ended: 0 }
  const pushed = topic(service.pushed)
  const latest = topic(service.latest)
  const prices = topic(service.prices)
  const router = implement(service, {
    async *every() {
      try {
        for (;;) yield state.pulled++
      } finally {
        state.ended++
      }
    },
    pushed,
    latest,
    prices,
  })
  const server = serve(router)
  const listening: Listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  endings.push(() => listening.close())
  const connection = connect(`ws://127.0.0.1:${listening.port}/rpc`)
  endings.push(() => connection.close())
  const client = createClient(service, connection)
  return { state, pushed, latest, prices, server, connection, client }
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
  expect(server.stats.retained).toBeLessThan(262_144)
  await reader.return?.()
  while (state.ended === 0) await new Promise((resolve) => setImmediate(resolve))
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
  expect(server.stats.channels).toBe(0)
})

/** Reads what there is, and adds up what the notes say was left out. */
async function readUntil<T>(
  events: AsyncIterator<StreamEvent<T>>,
  last: (item: T) => boolean,
): Promise<{ items: T[]; dropped: number }> {
  const items: T[] = []
  let dropped = 0
  for (;;) {
    const { value } = await events.next()
    if (!value) throw new Error("the stream ended")
    if ("note" in value) dropped += value.note.type === "dropped" ? value.note.count : 0
    else items.push(value.item)
    if ("item" in value && last(value.item)) return { items, dropped }
  }
}

test("latest: the newest comes first after what was on its way, and the count of the others is exact", async () => {
  const { latest, client } = await start()
  const events = client.latest().events()[Symbol.asyncIterator]()
  const first = events.next()
  while (latest.readers === 0) await new Promise((resolve) => setImmediate(resolve))
  await latest.publish(0)
  expect(await first).toMatchObject({ value: { item: 0 } })
  const count = 5_000
  for (let n = 1; n <= count; n++) {
    await latest.publish(n)
    if (n % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const { items, dropped } = await readUntil(events, (item) => item === count)
  expect(items.length).toBeLessThanOrEqual(2 + 1 + 2)
  // The note may stand behind the newest: one more value brings it.
  await latest.publish(count + 1)
  await latest.publish(count + 2)
  let sum = dropped
  let read = items.length
  while (sum + read < count) {
    const { value } = await events.next()
    if (value && "note" in value && value.note.type === "dropped") sum += value.note.count
    else read++
  }
  expect([count, count + 1, count + 2]).toContain(sum + read)
  await events.return?.()
})

test("conflate: of each key the newest, and in order", async () => {
  const { prices, client } = await start()
  const events = client.prices().events()[Symbol.asyncIterator]()
  const first = events.next()
  while (prices.readers === 0) await new Promise((resolve) => setImmediate(resolve))
  await prices.publish({ symbol: "a", n: 0 })
  await first
  for (let n = 1; n <= 1_000; n++) {
    for (const symbol of ["a", "b", "c"]) await prices.publish({ symbol, n })
    if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const newest = new Map<string, number>()
  const { items, dropped } = await readUntil(events, ({ symbol, n }) => {
    newest.set(symbol, n)
    return ["a", "b", "c"].every((one) => newest.get(one) === 1_000)
  })
  for (const symbol of ["a", "b", "c"]) {
    const ns = items.filter((item) => item.symbol === symbol).map(({ n }) => n)
    expect(ns).toEqual([...ns].sort((a, b) => a - b))
  }
  expect(items.length).toBeLessThan(200)
  expect(items.length + dropped).toBeLessThanOrEqual(3_000)
  expect(dropped).toBeGreaterThan(2_000)
  await events.return?.()
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
