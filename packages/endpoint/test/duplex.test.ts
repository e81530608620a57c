import { createClient, implement as implementAtClient } from "@trunkline/client"
import { call, contract, duplex, upload } from "@trunkline/contract"
import { implement, scope } from "@trunkline/server"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { Feed, failure, pairOf, Signal } from "./support.js"

const api = contract({
  talk: duplex({
    input: z.object({ name: z.string() }).optional(),
    up: z.string().max(300_000),
    down: z.string(),
    errors: { RUDE: z.object({ word: z.string() }) },
  }),
})

type Handle = Parameters<typeof implement<typeof api>>[1]["talk"]

const echo: Handle = async function* ({ items }) {
  for await (const item of items) yield `${item}!`
}

function open(handle: Handle, options: Parameters<typeof pairOf>[1] = {}) {
  const pair = pairOf(implement(api, { talk: handle }), options)
  return { pair, client: createClient(api, pair.connection) }
}

async function readAll(talk: AsyncIterable<string>): Promise<string[]> {
  const heard: string[] = []
  for await (const word of talk) heard.push(word)
  return heard
}

const turn = () => new Promise(setImmediate)

describe("a duplex", () => {
  test("goes both ways, until both sides have ended", async () => {
    const { client, pair } = open(echo)
    const talk = client.talk({ name: "ada" })
    expect(talk.status).toBe("idle")
    const heard = readAll(talk)
    await talk.send("a")
    await talk.send("b")
    talk.finish()
    talk.finish()
    expect(await heard).toEqual(["a!", "b!"])
    expect(talk.status).toBe("ended")
    while (pair.server.stats().channels > 0) await turn()
  })

  test("may be sent to before it is read, and read by listeners", async () => {
    const { client } = open(echo)
    const talk = client.talk()
    await talk.send("a")
    talk.finish()
    const heard: string[] = []
    await new Promise<void>((resolve, reject) => {
      talk.subscribe({ item: (word) => heard.push(word), done: resolve, error: reject })
    })
    expect(heard).toEqual(["a!"])
  })

  test("lets its handler read before it yields, and before it returns", async () => {
    const { client } = open(async ({ items, input }) => {
      const words = items[Symbol.asyncIterator]()
      const { value } = await words.next()
      return (async function* () {
        yield `${input?.name} said ${value}`
      })()
    })
    const talk = client.talk({ name: "ada" })
    await talk.send("hello")
    expect(await readAll(talk)).toEqual(["ada said hello"])
  })

  test("that the caller has finished is still heard", async () => {
    const { client } = open(async function* ({ items }) {
      let words = 0
      for await (const _ of items) words++
      for (let word = 1; word <= words; word++) yield `${word} of ${words}`
    })
    const talk = client.talk()
    for (const word of ["a", "b", "c"]) void talk.send(word)
    talk.finish()
    expect(await readAll(talk)).toEqual(["1 of 3", "2 of 3", "3 of 3"])
  })

  test("ends for its caller when the handler has ended, whatever is still to be sent", async () => {
    const { client, pair } = open(async function* ({ items }) {
      for await (const _ of items) break
      yield "enough"
    })
    const talk = client.talk()
    const sends = Array.from({ length: 200 }, () => talk.send("x".repeat(3_000)))
    const outcomes = Promise.allSettled(sends)
    expect(await readAll(talk)).toEqual(["enough"])
    const late = (await outcomes).find(({ status }) => status === "rejected")
    expect(late).toMatchObject({ reason: { code: "CLOSED" } })
    expect(await failure(talk.send("more"))).toMatchObject({ code: "CLOSED" })
    talk.finish()
    while (pair.server.stats().channels > 0) await turn()
  })

  test("is known by an outline", async () => {
    const { pair } = open(echo)
    const client = createClient<typeof api>(pair.connection, { talk: "duplex" })
    const talk = client.talk()
    await talk.send("a")
    talk.finish()
    expect(await readAll(talk)).toEqual(["a!"])
  })

  test("that is taken for something else says what it is", async () => {
    const { pair } = open(echo)
    const wrong = (kind: string) =>
      Reflect.apply(createClient, undefined, [pair.connection, { talk: kind }])
    expect(String(await failure(wrong("call").talk()))).toContain("its kind is subscription")
    expect(String(await failure(wrong("upload").talk(undefined, ["a"])))).toContain(
      "its kind is subscription",
    )
    const iterator = wrong("subscription").talk()[Symbol.asyncIterator]()
    expect(String(await failure(iterator.next()))).toContain("its kind is duplex")
  })
})

describe("sending", () => {
  test("waits for a handler that does not read", async () => {
    const go = new Signal()
    const { client } = open(async function* ({ items }) {
      await go.promise
      yield* echoOf(items)
    })
    const talk = client.talk()
    const heard = readAll(talk)
    let sent = 0
    const sending = (async () => {
      for (; sent < 1_000; sent++) await talk.send("x")
      talk.finish()
    })()
    while (sent < 256) await turn()
    for (let turns = 0; turns < 50; turns++) await turn()
    expect(sent).toBe(256)
    go.fire()
    await sending
    expect(await heard).toHaveLength(1_000)
  })

  test("without waiting is bounded: one more is refused, and the stream goes on", async () => {
    const go = new Signal()
    const { client } = open(async function* ({ items }) {
      await go.promise
      yield* echoOf(items)
    })
    const talk = client.talk()
    const sends = Array.from({ length: 600 }, (_, index) => talk.send(String(index)))
    const outcomes = Promise.allSettled(sends)
    go.fire()
    const refused = (await outcomes).filter(({ status }) => status === "rejected")
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ reason: { code: "SLOW_CONSUMER" } })
    talk.finish()
    expect(await readAll(talk)).toHaveLength(600 - refused.length)
  })

  test("what cannot be written is refused alone", async () => {
    const { client } = open(echo)
    const talk = client.talk()
    const wrong = (item: unknown): Promise<void> => Reflect.apply(talk.send, talk, [item])
    const broken = {
      get word() {
        throw new Error("a trap")
      },
    }
    expect(await failure(wrong(() => {}))).toMatchObject({ code: "UNENCODABLE" })
    expect(await failure(wrong(broken))).toMatchObject({ code: "UNENCODABLE" })
    expect(await failure(talk.send("x".repeat(2_000_000)))).toMatchObject({ code: "TOO_LARGE" })
    await talk.send("fine")
    talk.finish()
    expect(await failure(talk.send("late"))).toMatchObject({ code: "CLOSED" })
    expect(await readAll(talk)).toEqual(["fine!"])
  })

  test("a large item goes in parts, both ways", async () => {
    const { client } = open(echo)
    const talk = client.talk()
    const large = "ü".repeat(200_000)
    void talk.send("a")
    void talk.send(large)
    void talk.send("b")
    talk.finish()
    expect(await readAll(talk)).toEqual(["a!", `${large}!`, "b!"])
  })
})

describe("an end by the handler", () => {
  test("that throws is heard by reader and sender", async () => {
    const { client, pair } = open(async function* ({ items, errors }) {
      for await (const item of items) {
        if (item === "damn") throw errors.RUDE({ word: item })
        yield item
      }
    })
    const talk = client.talk()
    const heard = readAll(talk)
    await talk.send("hello")
    await talk.send("damn")
    const error = await failure(heard)
    expect(error).toMatchObject({ code: "RUDE", executed: "yes", data: { word: "damn" } })
    expect(await failure(talk.send("again"))).toBe(error)
    while (pair.server.stats().channels > 0) await turn()
  })

  test("an item that does not fit ends it", async () => {
    const over = new Signal<unknown>()
    const { client } = open(async function* ({ items, signal }) {
      signal.addEventListener("abort", () => over.fire(signal.reason))
      yield* echoOf(items)
    })
    const talk = client.talk()
    void talk.send("a")
    void talk.send("x".repeat(300_001))
    expect(await failure(readAll(talk))).toMatchObject({ code: "VALIDATION", executed: "unknown" })
    expect(await over.promise).toMatchObject({ code: "VALIDATION" })
  })

  test("that returns no iterable is a bug of its own", async () => {
    const logged: unknown[] = []
    const handle: Handle = () => Reflect.get({}, "nothing")
    const { client } = open(handle, { serve: { log: ({ error }) => logged.push(error) } })
    expect(await failure(readAll(client.talk()))).toMatchObject({ code: "INTERNAL" })
    expect(logged).toEqual([new TypeError("the handler of talk must return an async iterable")])
  })

  test("whoever reads behind it is told that it is over, and not that all has been read", async () => {
    const read = new Signal<unknown>()
    const { client } = open(async function* ({ items }) {
      const words = items[Symbol.asyncIterator]()
      await words.next()
      words.next().catch(read.fire)
      yield "done"
    })
    const talk = client.talk()
    await talk.send("a")
    expect(await readAll(talk)).toEqual(["done"])
    expect(await read.promise).toMatchObject({ code: "CLOSED", message: "the handler has ended" })
  })
})

describe("cancelling", () => {
  test.each(["break", "cancel", "signal"])("by %s ends both ways", async (how) => {
    const controller = new AbortController()
    const read = new Signal<unknown>()
    const { client, pair } = open(async function* ({ items }) {
      try {
        yield "hello"
        yield* echoOf(items)
      } catch (error) {
        read.fire(error)
      }
    })
    const talk = client.talk(undefined, { signal: controller.signal })
    const reading = (async () => {
      for await (const _ of talk) {
        if (how === "break") break
        if (how === "cancel") talk.cancel()
        else controller.abort()
      }
    })()
    if (how === "signal") expect(await failure(reading)).toMatchObject({ code: "CANCELLED" })
    else await reading
    expect(await read.promise).toMatchObject({ code: "CANCELLED" })
    expect(await failure(talk.send("late"))).toMatchObject({
      code: how === "signal" ? "CANCELLED" : "CLOSED",
    })
    while (pair.server.stats().channels > 0) await turn()
  })

  test("rejects what waits to be sent", async () => {
    const { client, pair } = open(async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      yield ""
    })
    const talk = client.talk()
    const sends = Promise.allSettled(
      Array.from({ length: 256 }, () => talk.send("x".repeat(2_000))),
    )
    while (pair.server.stats().channels === 0) await turn()
    talk.cancel()
    expect((await sends).at(-1)).toMatchObject({ reason: { code: "CLOSED" } })
  })

  test("before it is read sends nothing", async () => {
    const { client } = open(echo)
    const talk = client.talk(undefined, { signal: AbortSignal.abort() })
    expect(await failure(talk.send("a"))).toMatchObject({ code: "CANCELLED", executed: "no" })
    expect(await failure(readAll(talk))).toMatchObject({ code: "CANCELLED", executed: "no" })
  })

  test("a handler that ignores it is left alone, and what it yields is dropped", async () => {
    const feed = new Feed<string>()
    const { client, pair } = open(() => feed.read(new AbortController().signal))
    const talk = client.talk()
    await talk.send("a")
    talk.cancel()
    while (pair.server.stats().channels > 0) await turn()
    feed.put("late")
    feed.end()
    await feed.left.promise
  })
})

describe("the line", () => {
  test("may be cut at any time: nothing is lost either way, and nothing comes twice", async () => {
    const { client, pair } = open(async function* ({ items }) {
      let count = 0
      for await (const item of items) {
        if (++count % 41 === 0) pair.drop()
        yield item
      }
    })
    const talk = client.talk()
    const words = Array.from({ length: 500 }, (_, index) => String(index))
    void (async () => {
      for (const word of words) await talk.send(word)
      talk.finish()
    })()
    const heard: string[] = []
    for await (const word of talk) {
      heard.push(word)
      if (heard.length % 53 === 0) pair.drop()
    }
    expect(heard).toEqual(words)
  })

  test("that loses its session ends it", async () => {
    const { client, pair } = open(echo)
    const talk = client.talk()
    const words = talk[Symbol.asyncIterator]()
    await talk.send("a")
    await words.next()
    pair.restart()
    expect(await failure(words.next())).toMatchObject({ code: "STREAM_LOST", executed: "unknown" })
    expect(await failure(talk.send("b"))).toMatchObject({ code: "STREAM_LOST" })
  })

  test("that was not there yet when its session came to nothing loses nothing", async () => {
    const { client, pair } = open(echo)
    pair.unplug()
    const talk = client.talk()
    const sending = talk.send("a")
    talk.finish()
    await turn()
    pair.plug()
    await sending
    expect(await readAll(talk)).toEqual(["a!"])
  })

  test("that drains ends it", async () => {
    const { client, pair } = open(echo)
    const talk = client.talk()
    const words = talk[Symbol.asyncIterator]()
    await talk.send("a")
    await words.next()
    const ended = failure(words.next())
    await pair.connection.drain()
    expect(await ended).toMatchObject({ code: "CLOSED" })
  })
})

test("both ways under full load at once come to their end", async () => {
  const { client } = open(async function* ({ items }) {
    for await (const item of items) yield item
  })
  const word = "x".repeat(5_000)
  const talks = Array.from({ length: 4 }, async () => {
    const talk = client.talk()
    const heard = readAll(talk)
    for (let sent = 0; sent < 300; sent++) await talk.send(word)
    talk.finish()
    return (await heard).length
  })
  expect(await Promise.all(talks)).toEqual([300, 300, 300, 300])
})

test("middleware stands before a duplex as before any", async () => {
  const app = scope<{ user: string }>()
  const named = app.use(({ next, context }) => next({ name: context.user.toUpperCase() }))
  const router = app.implement(api, {
    talk: named(async function* ({ items, context }) {
      for await (const item of items) yield `${context.name}: ${item}`
    }),
  })
  const authenticate = async () => ({ principal: "u", context: { user: "ada" } })
  const talk = createClient(api, pairOf(router, { serve: { authenticate } }).connection).talk()
  await talk.send("hi")
  talk.finish()
  expect(await readAll(talk)).toEqual(["ADA: hi"])
})

async function* echoOf(items: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const item of items) yield item
}

test("a server sends to its client as a client does to its server", async () => {
  const viewer = contract({
    collect: upload({ item: z.number(), output: z.number() }),
    talk: duplex({ up: z.string(), down: z.string() }),
  })
  const service = contract({ start: call({ output: z.tuple([z.number(), z.array(z.string())]) }) })
  const router = implement(service, {
    start: async ({ session }) => {
      const back = createClient(viewer, session)
      const sum = await back.collect(
        undefined,
        Array.from({ length: 600 }, () => 1),
      )
      const talk = back.talk()
      const heard = readAll(talk)
      for (const word of ["a", "b"]) await talk.send(word)
      talk.finish()
      return [sum, await heard]
    },
  })
  const serving = implementAtClient(viewer, {
    collect: async ({ items }) => {
      let sum = 0
      for await (const item of items) sum += item
      return sum
    },
    talk: async function* ({ items }) {
      for await (const item of items) yield `${item}?`
    },
  })
  const { connection } = pairOf(router, { connect: { serve: serving } })
  expect(await createClient(service, connection).start()).toEqual([600, ["a?", "b?"]])
})
