import { type Connection, createClient, isRpcError, safe } from "@trunkline/client"
import { call, contract, event, subscription } from "@trunkline/contract"
import { jsonCodec } from "@trunkline/protocol"
import { implement, memoryBroker, type Router, topic } from "@trunkline/server"
import { afterEach, describe, expect, test, vi } from "vitest"
import * as z from "zod"
import {
  connectedPair,
  type DropOptions,
  type Pair,
  type PairOptions,
  VirtualClock,
} from "../index.js"
import { FrameReader } from "./frames.js"

const bank = contract({
  pay: call({
    input: z.string().optional(),
    output: z.int(),
    errors: { LIMIT: z.object({ most: z.int() }) },
  }),
  other: call({ output: z.string() }),
  group: { inner: call({}) },
  count: subscription({ item: z.int() }),
  ping: event({}),
})

/** A bank whose payments are counted. */
function counting() {
  const made = { payments: 0, pings: 0 }
  const router = implement(bank, {
    pay: () => ++made.payments,
    other: () => "other",
    group: { inner: () => {} },
    async *count() {
      for (let n = 1; n <= 5; n++) yield n
    },
    ping: () => void made.pings++,
  })
  return { made, router }
}

const pairs: Pair[] = []
function joined(router: Router<unknown>, options?: PairOptions<unknown>) {
  const pair = connectedPair(router, options)
  pairs.push(pair)
  return { pair, client: createClient(bank, pair.connection) }
}
afterEach(async () => {
  vi.useRealTimers()
  for (const pair of pairs.splice(0)) {
    await pair.close()
    expect(pair.server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
  }
})

function reached(connection: Connection, wanted: Connection["state"]): Promise<void> {
  return new Promise((resolve) => {
    const off = connection.on("state", ({ to }) => {
      if (to !== wanted) return
      off()
      resolve()
    })
  })
}

/** The codes that sockets were lost with, until the line is up again. */
function losses(connection: Connection): (number | undefined)[] {
  const codes: (number | undefined)[] = []
  connection.on("state", ({ from, to, code }) => {
    if (from === "open" && to === "waiting") codes.push(code)
  })
  return codes
}

test("a drop takes with it what is on its way", async () => {
  const { made, router } = counting()
  const { pair, client } = joined(router)
  await client.other()
  const paying = client.pay()
  // It has left at the end of this turn, and arrives in the next.
  for (let tick = 0; tick < 3; tick++) await new Promise<void>(process.nextTick)
  const waiting = reached(pair.connection, "waiting")
  pair.drop()
  await waiting
  expect(made.payments).toBe(0)
  expect(await paying).toBe(1)
})

describe("a drop that was scripted", () => {
  const { pay } = bank
  test.each<[what: string, drop: DropOptions]>([
    ["before a call", { before: pay }],
    ["after a call", { after: pay }],
    ["before its answer", { before: { answer: pay } }],
    ["after its answer", { after: { answer: pay } }],
    ["before the next message up", { before: { up: 1 } }],
    ["after the next message up", { after: { up: 1 } }],
    ["before the next message down", { before: { down: 1 } }],
    ["after the next message down", { after: { down: 1 } }],
    ["three times over", { before: pay, times: 3 }],
  ])("%s breaks the line, and nothing is lost or done twice", async (_, drop) => {
    const { made, router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    const lost = losses(pair.connection)
    const { session } = pair.connection.info
    pair.drop(drop)
    expect(await client.pay()).toBe(1)
    await client.other()
    expect(lost).toEqual(Array(drop.times ?? 1).fill(1006))
    expect(made.payments).toBe(1)
    expect(pair.connection.info.session).toBe(session)
  })

  test("knows what had arrived", async () => {
    const { made, router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    pair.drop({ before: pay })
    const first = client.pay()
    pair.connection.on("state", ({ to }) => {
      if (to === "waiting") arrived.push(made.payments)
    })
    const arrived: number[] = []
    await first
    pair.drop({ after: pay })
    await client.pay()
    expect(arrived).toEqual([0, 2])
  })

  test("waits for its procedure alone", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    const lost = losses(pair.connection)
    pair.drop({ before: client.pay })
    await client.other()
    await client.group.inner()
    for await (const _ of client.count()) expect(lost).toEqual([])
    expect(lost).toEqual([])
    await client.pay()
    expect(lost).toEqual([1006])
  })

  test("sees streams and events", async () => {
    const { made, router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    const lost = losses(pair.connection)
    pair.drop({ after: { answer: client.count } })
    const numbers: number[] = []
    for await (const n of client.count()) numbers.push(n)
    expect(numbers).toEqual([1, 2, 3, 4, 5])
    pair.drop({ before: client.ping })
    client.ping()
    await client.other()
    expect(lost).toEqual([1006, 1006])
    expect(made.pings).toBe(1)
  })

  test("sees what is so large that it goes in parts, both ways", async () => {
    const large = contract({ echo: call({ input: z.string(), output: z.string() }) })
    const pair = connectedPair(implement(large, { echo: ({ input }) => input }))
    pairs.push(pair)
    const client = createClient(large, pair.connection)
    const text = "x".repeat(200_000)
    const lost = losses(pair.connection)
    pair.drop({ before: large.echo })
    pair.drop({ before: { answer: large.echo } })
    expect(await client.echo(text)).toBe(text)
    expect(lost).toEqual([1006, 1006])
  })

  test("sees what a server calls at its client", async () => {
    const viewer = contract({ show: call({ output: z.string() }) })
    const show = vi.fn(() => "shown")
    const ask = contract({ ask: call({ output: z.string() }) })
    const router = implement(ask, { ask: ({ session }) => createClient(viewer, session).show() })
    const pair = connectedPair(router, { connect: { serve: implement(viewer, { show }) } })
    pairs.push(pair)
    const client = createClient(ask, pair.connection)
    const lost = losses(pair.connection)
    pair.drop({ before: viewer.show })
    pair.drop({ before: { answer: viewer.show } })
    expect(await client.ask()).toBe("shown")
    expect(lost).toEqual([1006, 1006])
    expect(show).toHaveBeenCalledTimes(1)
    expect(() => pair.refuse(viewer.show, "FORBIDDEN")).toThrow("not served here")
  })

  test("lets what nobody can read pass to whoever complains of it", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    pair.drop({ before: { answer: client.pay } })
    const reader = new FrameReader()
    const parts = '[1,0,[15,1,1,"["],[15,1,0,7]]'
    for (const wire of ["", "[", "7", "[0,0,7,[15]]", parts]) {
      expect(reader.read("up", wire, jsonCodec).flat()).not.toContain("open")
    }
    expect(await client.pay()).toBe(1)
  })

  test("may have a code, which says what becomes of the session", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    const { session } = pair.connection.info
    const lost = losses(pair.connection)
    pair.drop({ code: 4429 })
    await client.other()
    expect(lost).toEqual([4429])
    expect(pair.connection.info.session).not.toBe(session)
  })

  test("is forgotten by a reset", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    const lost = losses(pair.connection)
    pair.drop({ before: client.pay })
    pair.reset()
    await client.pay()
    expect(lost).toEqual([])
  })

  test("is refused where it could never come", () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    const unknown = call({})
    const group = () => Reflect.apply(pair.drop, pair, [{ before: client.group }])
    expect(group).toThrow("group is no procedure")
    expect(() => pair.drop({ before: unknown })).toThrow("no procedure")
    expect(() => pair.drop({ before: client.pay, after: client.pay })).toThrow("either")
    expect(() => pair.drop({ after: { up: 0 } })).toThrow("up cannot be 0")
    expect(() => pair.drop({ after: { down: Number.NaN } })).toThrow("down cannot be NaN")
    expect(() => pair.drop({ after: { up: 1.5 } })).toThrow("up cannot be 1.5")
    expect(() => pair.drop({ after: { up: Number.POSITIVE_INFINITY } })).toThrow("cannot be")
    expect(() => pair.drop({ code: 12 })).toThrow("code cannot be 12")
    expect(() => pair.drop({ before: client.pay, times: 0 })).toThrow("times cannot be 0")
    expect(() => pair.drop({ times: 2 })).toThrow("before or after what")
  })
})

describe("a delay", () => {
  test("takes its time each way, on the clock of the test", async () => {
    const clock = new VirtualClock()
    const { made, router } = counting()
    const { pair, client } = joined(router, { clock })
    await client.other()
    pair.delay(200)
    const paid = vi.fn()
    const paying = client.pay().then(paid)
    await clock.advance(199)
    expect(made.payments).toBe(0)
    await clock.advance(1)
    expect(made.payments).toBe(1)
    await clock.advance(199)
    expect(paid).not.toHaveBeenCalled()
    await clock.advance(1)
    await paying
    expect(clock.now()).toBe(400)
  })

  test("may be of one direction, and covers the handshake", async () => {
    const clock = new VirtualClock()
    const { made, router } = counting()
    const { pair, client } = joined(router, { clock })
    pair.delay({ up: 50 })
    const paying = client.pay()
    await clock.advance(149)
    expect(made.payments).toBe(0)
    await clock.advance(1)
    expect(made.payments).toBe(1)
    await paying
  })

  test("that shrinks lets nothing overtake", async () => {
    const clock = new VirtualClock()
    const seen: string[] = []
    const api = contract({ say: call({ input: z.string() }) })
    const pair = connectedPair(implement(api, { say: ({ input }) => void seen.push(input) }), {
      clock,
    })
    pairs.push(pair)
    const client = createClient(api, pair.connection)
    await client.say("first")
    pair.delay(100)
    const calls = [client.say("slow")]
    await clock.advance(10)
    pair.delay(0)
    calls.push(client.say("quick"))
    await clock.advance(0)
    expect(seen).toEqual(["first"])
    await clock.advance(90)
    await Promise.all(calls)
    expect(seen).toEqual(["first", "slow", "quick"])
  })

  test("is lost with the line", async () => {
    const clock = new VirtualClock()
    const { made, router } = counting()
    const { pair, client } = joined(router, { clock })
    await client.other()
    pair.delay(1_000)
    const paying = client.pay()
    await clock.advance(500)
    pair.drop()
    pair.delay(0)
    await clock.advance(100)
    expect(await paying).toBe(1)
    await clock.advance(1_000)
    expect(made.payments).toBe(1)
  })

  test("passes under the fake timers of a test", async () => {
    vi.useFakeTimers()
    const { made, router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    pair.delay(200)
    const paying = client.pay()
    await vi.advanceTimersByTimeAsync(199)
    expect(made.payments).toBe(0)
    await vi.advanceTimersByTimeAsync(201)
    expect(await paying).toBe(1)
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("cannot be %d", (delay) => {
    const { pair } = joined(counting().router)
    expect(() => pair.delay(delay)).toThrow(TypeError)
    expect(() => pair.delay({ down: delay })).toThrow(TypeError)
  })
})

describe("a refusal", () => {
  test.each(["busy", "draining", "unreachable"] as const)(
    "of clients as %s lasts for so many attempts",
    async (why) => {
      const { router } = counting()
      const { pair, client } = joined(router)
      pair.refuse(why, { times: 2 })
      expect(await client.other()).toBe("other")
      expect(pair.server.stats().begun).toBe(1)
    },
  )

  test("is not used up while nobody could hear it", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    pair.refuse("forbidden", { times: 1 })
    const waiting = reached(pair.connection, "waiting")
    pair.unplug()
    await waiting
    pair.plug()
    await expect(client.other()).rejects.toMatchObject({ code: "CLOSED" })
  })

  test("spares a line that is up, and meets its client when it comes again", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    await client.other()
    pair.refuse("busy")
    await client.other()
    pair.drop()
    await expect(client.other(undefined, { timeout: 100 })).rejects.toMatchObject({
      code: "TIMEOUT",
    })
    pair.accept()
    expect(await client.other()).toBe("other")
  })

  test("for its token makes it ask for another, and give up at last", async () => {
    const { router } = counting()
    const token = vi.fn(() => "a token")
    const { pair, client } = joined(router, { connect: { token } })
    pair.refuse("auth", { times: 1 })
    await client.other()
    expect(token).toHaveBeenCalledTimes(2)
    pair.refuse("auth")
    const waiting = reached(pair.connection, "waiting")
    pair.drop()
    await waiting
    await expect(client.other()).rejects.toMatchObject({ code: "CLOSED", executed: "no" })
    expect(pair.connection.state).toBe("closed")
  })

  test.each(["forbidden", "origin", "version"] as const)("as %s is for good", async (why) => {
    const { pair, client } = joined(counting().router)
    pair.refuse(why)
    await expect(client.other()).rejects.toMatchObject({ code: "CLOSED" })
    expect(pair.connection.state).toBe("closed")
  })

  test("of calls comes before the handler, with what the contract declares", async () => {
    const { made, router } = counting()
    const { pair, client } = joined(router)
    pair.refuse(client.pay, "LIMIT", { data: { most: 100 }, times: 1 })
    const refused = await safe(client.pay())
    expect(refused).toMatchObject({
      error: { code: "LIMIT", data: { most: 100 }, executed: "no" },
    })
    expect(await client.pay()).toBe(1)
    pair.refuse(bank.pay, "FORBIDDEN", { message: "not today" })
    const caught: unknown = await client.pay().catch((error: unknown) => error)
    expect(isRpcError(caught, client.pay) && [caught.code, caught.message]).toEqual([
      "FORBIDDEN",
      "not today",
    ])
    pair.refuse(client.count, "FORBIDDEN")
    await expect(client.count()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "FORBIDDEN",
    })
    pair.accept()
    expect(await client.pay()).toBe(2)
    expect(made.payments).toBe(2)
  })

  test("that may be tried again is, without anybody noticing", async () => {
    const { router } = counting()
    const { pair, client } = joined(router)
    pair.refuse(client.pay, "UNAVAILABLE", { times: 1 })
    expect(await client.pay()).toBe(1)
  })

  test("is refused itself where it makes no sense", () => {
    const { pair, client } = joined(counting().router)
    expect(() => Reflect.apply(pair.refuse, pair, ["authentication"])).toThrow("no server says")
    expect(() => pair.refuse("auth", { times: 0.5 })).toThrow("times cannot be 0.5")
    expect(() => pair.refuse(client.pay, "BUSY")).toThrow("no handler can say BUSY")
    expect(() => pair.refuse(client.pay, "LIMTI")).toThrow("pay does not declare LIMTI")
    expect(() => pair.refuse(client.ping, "LIMIT")).toThrow("ping does not declare LIMIT")
    expect(() => pair.refuse(call({}), "FORBIDDEN")).toThrow("no procedure")
  })
})

describe("a gap", () => {
  const feed = contract({
    strict: subscription({ item: z.string(), replay: "topic" }),
    lenient: subscription({ item: z.string(), replay: "topic", onGap: "continue" }),
    board: subscription({
      item: z.string(),
      replay: "topic",
      state: z.array(z.string()),
      onGap: "snapshot",
    }),
    plain: subscription({ item: z.string() }),
  })

  function reading() {
    const broker = memoryBroker()
    const state: string[] = []
    const strict = topic(feed.strict, { broker })
    const lenient = topic(feed.lenient, { broker })
    const board = topic(feed.board, { broker, snapshot: { atLeastOnce: () => [...state] } })
    const router = implement(feed, { strict, lenient, board, async *plain() {} })
    const pair = connectedPair(router)
    pairs.push(pair)
    return { pair, client: createClient(feed, pair.connection), state, strict, lenient, board }
  }

  test("ends a stream that must not have one", async () => {
    const { pair, client, strict } = reading()
    const items = client.strict()[Symbol.asyncIterator]()
    const first = items.next()
    await vi.waitUntil(() => strict.readers === 1)
    await strict.publish("a")
    expect(await first).toEqual({ value: "a", done: false })
    pair.gap(client.strict)
    await expect(items.next()).rejects.toMatchObject({ code: "GAP" })
  })

  test("is told, and passed", async () => {
    const { pair, client, lenient } = reading()
    const events = client.lenient().events()
    const first = events.next()
    await vi.waitUntil(() => lenient.readers === 1)
    await lenient.publish("a")
    expect(await first).toMatchObject({ value: { item: "a" } })
    pair.gap(feed.lenient)
    expect(await events.next()).toMatchObject({ value: { note: { type: "gap" } } })
    await lenient.publish("b")
    expect(await events.next()).toMatchObject({ value: { item: "b" } })
    await events.return?.()
  })

  test("brings the state anew", async () => {
    const { pair, client, state, board } = reading()
    const events = client.board().events()
    expect(await events.next()).toMatchObject({ value: { note: { type: "reset", state: [] } } })
    state.push("a")
    pair.gap(client.board)
    expect(await events.next()).toMatchObject({ value: { note: { type: "reset", state: ["a"] } } })
    await board.publish("b")
    expect(await events.next()).toMatchObject({ value: { item: "b" } })
    await events.return?.()
  })

  test("is of topics alone", () => {
    const { pair, client } = reading()
    expect(() => pair.gap(client.plain)).toThrow("only what replays")
  })
})
