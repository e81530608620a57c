import { createClient, type RpcError, safe } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import {
  type Handlers,
  implement,
  type LogEntry,
  RpcError as ServerError,
  scope,
  serve,
  topic,
} from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { Feed, failure, pairOf, Signal } from "./support.js"

const none = contract({ a: call({}), b: { c: call({}) } })

function loose(value: unknown): never {
  return value as never
}

describe("a router", () => {
  test("refuses a handler that is missing, one too many, and what is none", () => {
    const a = () => {}
    expect(() => implement(none, loose({ a }))).toThrow("implement: b.c has no handler")
    expect(() => implement(none, loose({ a, b: {} }))).toThrow("implement: b.c has no handler")
    expect(() => implement(none, loose({ a, b: { c: 1 } }))).toThrow("b.c has no handler")
    expect(() => implement(none, loose({ a, b: { c: a, d: a } }))).toThrow(
      "implement: the contract has no b.d",
    )
    expect(() => implement(none, loose({ a: { x: a }, b: { c: a } }))).toThrow("a has no handler")
    expect(() => implement(none, loose(null))).toThrow("implement: a has no handler")
  })

  test("checks a contract that was never checked", () => {
    expect(() => implement({ "~a": call({}) }, loose({ "~a": () => {} }))).toThrow("~a")
  })
})

const numbers = contract({
  add: call({ input: z.object({ a: z.number(), b: z.number() }), output: z.number() }),
  late: call({ input: z.string().transform(async (text) => text.length), output: z.number() }),
  watch: subscription({ input: z.number().optional(), item: z.number() }),
})

const plain: Handlers<typeof numbers> = {
  add: ({ input }) => input.a + input.b,
  late: ({ input }) => input,
  async *watch({ input = 1 }) {
    yield input
  },
}

describe("a handler", () => {
  test("gets what the schema made of the input", async () => {
    const client = createClient(numbers, pairOf(implement(numbers, plain)).connection)
    expect(await client.add({ a: 1, b: 2 })).toBe(3)
    expect(await client.late("four")).toBe(4)
  })

  test("is not entered with an input that does not fit", async () => {
    let entered = 0
    const add = () => ++entered
    const client = createClient(numbers, pairOf(implement(numbers, { ...plain, add })).connection)
    const result = await safe(client.add(loose({ a: 1 })))
    if (result.ok || result.error.code !== "VALIDATION") throw new Error("it does not fit")
    expect(result.error.executed).toBe("no")
    expect(result.error.data?.issues).toMatchObject([{ path: ["b"] }])
    expect(result.error.message).toMatch(/^add: VALIDATION: b: Invalid input: expected number/)
    expect(entered).toBe(0)
  })

  test("is told so many issues as a form can show", async () => {
    const list = contract({ all: call({ input: z.array(z.number()) }) })
    const client = createClient(list, pairOf(implement(list, { all: () => {} })).connection)
    const failed = await failure(client.all(loose(Array.from({ length: 100 }, () => "x"))))
    expect((failed as { data: { issues: unknown[] } }).data.issues).toHaveLength(32)
  })

  test("is told them at a length that a message can carry", async () => {
    const wordy = z.string().refine(() => false, { error: "no".repeat(100_000) })
    const list = contract({ all: call({ input: z.array(wordy) }) })
    const client = createClient(list, pairOf(implement(list, { all: () => {} })).connection)
    const failed = await failure(client.all(Array.from({ length: 40 }, () => "x")))
    expect(failed).toMatchObject({ code: "VALIDATION", executed: "no" })
    const { issues } = (failed as { data: { issues: { message: string }[] } }).data
    expect(issues.map(({ message }) => message.length)).toEqual(
      Array.from({ length: 32 }, () => 500),
    )
  })

  test("what it returns stays here where the contract has no output", async () => {
    const quiet = contract({ a: call({}) })
    const router = implement(quiet, { a: loose(() => ({ secret: 1 })) })
    expect(await createClient(quiet, pairOf(router).connection).a()).toBeUndefined()
  })

  test("knows its session, its path and its name in the logs", async () => {
    const who = contract({ am: { i: call({ output: z.array(z.string()) }) } })
    const router = implement(who, {
      am: {
        i: ({ session, path, correlationId }) => [
          session.id,
          session.principal,
          path,
          correlationId,
        ],
      },
    })
    const pair = pairOf(router, {
      serve: { authenticate: () => ({ principal: "ada", context: {} }) },
    })
    const told = await createClient(who, pair.connection).am.i()
    const { session } = pair.connection.info
    expect(told).toEqual([session, "ada", "am.i", `${session}.1`])
  })
})

describe("validation of what handlers give", () => {
  const odd = contract({
    call: call({ output: z.number().transform((n) => n + 1) }),
    stream: subscription({ item: z.number().transform((n) => n + 1) }),
  })
  const router = (value: unknown) =>
    implement(odd, {
      call: () => loose(value),
      async *stream() {
        yield loose(value)
      },
    })
  const first = async (stream: AsyncIterable<number>) => {
    for await (const item of stream) return item
    return undefined
  }

  test("is on, and what does not fit is a bug of the server's", async () => {
    const log: LogEntry[] = []
    const pair = pairOf(router("x"), { serve: { log: (entry) => log.push(entry) } })
    const client = createClient(odd, pair.connection)
    expect(await failure(client.call())).toMatchObject({ code: "INTERNAL", executed: "yes" })
    expect(await failure(first(client.stream()))).toMatchObject({ code: "INTERNAL" })
    const why = "does not fit the contract: Invalid input: expected number, received string"
    expect(log.filter(({ level }) => level === "error").map(({ error }) => String(error))).toEqual([
      `TypeError: the output of call ${why}`,
      `TypeError: an item of stream ${why}`,
    ])
  })

  test("transforms what does", async () => {
    const client = createClient(odd, pairOf(router(1)).connection)
    expect(await client.call()).toBe(2)
    expect(await first(client.stream())).toBe(2)
  })

  test("can be switched off, for each by itself", async () => {
    const calls = pairOf(router(1), { serve: { validation: { output: false } } })
    expect(await createClient(odd, calls.connection).call()).toBe(1)
    expect(await first(createClient(odd, calls.connection).stream())).toBe(2)
    const items = pairOf(router(1), { serve: { validation: { items: false } } })
    expect(await createClient(odd, items.connection).call()).toBe(2)
    expect(await first(createClient(odd, items.connection).stream())).toBe(1)
  })

  test("that of inputs cannot", async () => {
    const options = { serve: { validation: { output: false, items: false } } }
    const client = createClient(numbers, pairOf(implement(numbers, plain), options).connection)
    expect(await failure(client.add(loose(1)))).toMatchObject({ code: "VALIDATION" })
  })
})

interface Visitor {
  readonly user: { readonly name: string } | undefined
}

const guarded = contract({
  open: call({ output: z.string() }),
  closed: { a: call({ output: z.string() }), b: call({ output: z.string() }) },
  stream: subscription({ item: z.string() }),
})

describe("middleware", () => {
  const app = scope<Visitor>()
  const serveAs = (user: Visitor["user"], router: ReturnType<typeof app.implement>) => {
    const pair = pairOf(router, { serve: { authenticate: () => ({ context: { user } }) } })
    return createClient(guarded, pair.connection)
  }
  const authed = app.use(({ context, next }) => {
    if (!context.user) throw new ServerError("UNAUTHORIZED")
    return next({ user: context.user })
  })
  const handlers = {
    open: () => "open",
    closed: authed<typeof guarded.closed>({
      a: ({ context }) => context.user.name,
      b: () => "b",
    }),
    stream: authed(async function* ({ context }) {
      yield context.user.name
    }),
  } satisfies Handlers<typeof guarded, Visitor>

  test("lets pass with what it knows, calls and streams", async () => {
    const client = serveAs({ name: "ada" }, app.implement(guarded, handlers))
    expect(await client.closed.a()).toBe("ada")
    for await (const name of client.stream()) expect(name).toBe("ada")
  })

  test("or not, and then the handler was not entered", async () => {
    const client = serveAs(undefined, app.implement(guarded, handlers))
    expect(await client.open()).toBe("open")
    const refused = { code: "UNAUTHORIZED", executed: "no" }
    expect(await failure(client.closed.a())).toMatchObject(refused)
    expect(await failure(client.stream()[Symbol.asyncIterator]().next())).toMatchObject(refused)
  })

  test("runs in the order in which it was added, and sees what those before it added", async () => {
    const order: string[] = []
    const chain = app
      .use(async ({ next, path }) => {
        order.push(`first ${path}`)
        const passed = await next({ n: 1 })
        order.push("first after")
        return passed
      })
      .use(async ({ context, next }) => {
        order.push(`second ${context.n}`)
        const passed = await next({ n: context.n + 1, m: true })
        order.push("second after")
        return passed
      })
    const router = app.implement(guarded, {
      ...handlers,
      open: chain(({ context }) => {
        order.push(`handler ${context.n} ${context.m} ${context.user?.name}`)
        return "open"
      }),
    })
    const client = serveAs({ name: "ada" }, router)
    await client.open()
    expect(order).toEqual([
      "first open",
      "second 1",
      "handler 2 true ada",
      "second after",
      "first after",
    ])
  })

  test("a chain that goes on from another leaves it as it was", async () => {
    const seen: string[] = []
    const one = app.use(({ next }) => {
      seen.push("one")
      return next()
    })
    const two = one.use(({ next }) => {
      seen.push("two")
      return next()
    })
    const closed = { a: one(() => "a"), b: two(() => "b") } satisfies Handlers<
      typeof guarded.closed,
      Visitor
    >
    const client = serveAs(undefined, app.implement(guarded, { ...handlers, closed }))
    await client.closed.a()
    expect(seen).toEqual(["one"])
    await client.closed.b()
    expect(seen).toEqual(["one", "one", "two"])
  })

  test("may change nobody's context but its own call's", async () => {
    const context = { user: { name: "ada" } }
    const disguised = app.use(({ next }) => next({ user: { name: "eve" } }))
    const router = app.implement(guarded, {
      ...handlers,
      open: disguised(({ context: { user } }) => user.name),
    })
    const pair = pairOf(router, { serve: { authenticate: () => ({ context }) } })
    const client = createClient(guarded, pair.connection)
    expect(await client.open()).toBe("eve")
    expect(await client.closed.a()).toBe("ada")
    expect(context).toEqual({ user: { name: "ada" } })
  })

  const openWith = (middleware: unknown, handler: () => unknown = () => "open") => {
    const open = app.use(loose(middleware))(loose(handler))
    const log: LogEntry[] = []
    const router = app.implement(guarded, { ...handlers, open: loose(open) })
    const authenticate = () => ({ context: { user: undefined } })
    const pair = pairOf(router, { serve: { authenticate, log: (entry) => log.push(entry) } })
    return { client: createClient(guarded, pair.connection), log }
  }
  type Next = { next(): Promise<unknown> }

  test("that calls next twice enters the handler once", async () => {
    let entered = 0
    const { client, log } = openWith(
      async ({ next }: Next) => {
        await next()
        return next()
      },
      () => ++entered,
    )
    expect(await failure(client.open())).toMatchObject({ code: "INTERNAL", executed: "yes" })
    expect(entered).toBe(1)
    expect(log.map(({ error }) => String(error))).toContain(
      "TypeError: a middleware calls next() once",
    )
  })

  test("that does not return what next gave answers with a bug", async () => {
    const { client, log } = openWith(async ({ next }: Next) => void (await next()))
    expect(await failure(client.open())).toMatchObject({ code: "INTERNAL", executed: "yes" })
    expect(log.map(({ error }) => String(error))).toContain(
      "RpcError: a middleware must return what next() gave",
    )
  })

  test("that never calls next has not entered the handler", async () => {
    const { client } = openWith(async () => "mine")
    expect(await failure(client.open())).toMatchObject({ code: "INTERNAL", executed: "no" })
  })

  test("that does not wait for next cannot say what becomes of the handler", async () => {
    const running = new Signal()
    const { client } = openWith(
      async ({ next }: Next) => {
        void next()
        throw new ServerError("UNAVAILABLE")
      },
      () => running.promise,
    )
    expect(await failure(client.open())).toMatchObject({ code: "UNAVAILABLE", executed: "unknown" })
    running.fire()
  })

  test("that goes on after it has answered finds the handler closed", async () => {
    const gone = new Signal()
    const refused = new Signal<unknown>()
    let entered = 0
    const { client } = openWith(
      async ({ next }: Next) => {
        void gone.promise.then(next).catch((error) => refused.fire(error))
        throw new ServerError("FORBIDDEN")
      },
      () => ++entered,
    )
    expect(await failure(client.open())).toMatchObject({ code: "FORBIDDEN", executed: "no" })
    gone.fire()
    expect(String(await refused.promise)).toBe("TypeError: next() came after the answer")
    expect(entered).toBe(0)
  })

  test("that goes on after its caller has gone finds the handler closed", async () => {
    const waiting = new Signal()
    const left = new Signal()
    const refused = new Signal<unknown>()
    let entered = 0
    const { client } = openWith(
      async ({ next, signal }: Next & { signal: AbortSignal }) => {
        signal.addEventListener("abort", () => left.fire())
        waiting.fire()
        await left.promise
        return await next().catch((error) => refused.fire(error))
      },
      () => ++entered,
    )
    const abort = new AbortController()
    const outcome = failure(client.open(undefined, { signal: abort.signal }))
    await waiting.promise
    abort.abort()
    expect(await outcome).toMatchObject({ code: "CANCELLED" })
    expect(await refused.promise).toMatchObject({ code: "CANCELLED", executed: "no" })
    expect(entered).toBe(0)
  })

  test("sees what the handler threw, and may answer with another error", async () => {
    const { client } = openWith(
      async ({ next }: Next) => {
        try {
          return await next()
        } catch {
          throw new ServerError("UNAVAILABLE", { message: "later" })
        }
      },
      () => {
        throw new Error("the database's own words")
      },
    )
    expect(await failure(client.open())).toMatchObject({
      code: "UNAVAILABLE",
      message: "later",
      executed: "yes",
    })
  })

  test("is a function", () => {
    expect(() => app.use(loose(undefined))).toThrow(
      new TypeError("use: a middleware is a function"),
    )
  })
})

describe("what a handler throws, as its caller sees it", () => {
  const failing = contract({
    call: call({ errors: { FULL: z.object({ size: z.number() }), LOCKED: null } }),
  })
  const thrownBy = async (run: () => never): Promise<RpcError> => {
    const pair = pairOf(implement(failing, { call: run }))
    return (await failure(createClient(failing, pair.connection).call())) as RpcError
  }
  const raise = (error: unknown) => () => {
    throw error
  }

  test("a declared error has its data and its text", async () => {
    const error = new ServerError("FULL", { data: { size: 3, more: 1 }, message: "no room" })
    expect(await thrownBy(raise(error))).toMatchObject({
      code: "FULL",
      data: { size: 3 },
      message: "no room",
      executed: "yes",
    })
    expect(await thrownBy(raise(new ServerError("LOCKED")))).toMatchObject({ code: "LOCKED" })
  })

  test("what it claims of its execution is not believed", async () => {
    const error = new ServerError("FORBIDDEN", { executed: "no" })
    expect(await thrownBy(raise(error))).toMatchObject({ code: "FORBIDDEN", executed: "yes" })
  })

  test.each([
    ["an error of its own", new Error("postgres://user:password@db")],
    ["no error", "postgres://user:password@db"],
    ["nothing", undefined],
    ["a code that it did not declare", new ServerError("OTHER", { message: "password" })],
    ["data that does not fit", new ServerError("FULL", { data: "password" })],
    ["data for an error without", new ServerError("LOCKED", { data: "password" })],
    ["a licence that only the runtime gives", new ServerError("BUSY", { message: "password" })],
    ["INTERNAL itself", new ServerError("INTERNAL", { message: "password" })],
  ])("%s is INTERNAL, without a word", async (_, thrown) => {
    const error = await thrownBy(raise(thrown))
    expect(error).toMatchObject({ code: "INTERNAL", executed: "yes", data: undefined })
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain("password")
  })

  test("a result that cannot be written tells the caller only that", async () => {
    const bad = contract({ call: call({ output: z.unknown() }) })
    const log: LogEntry[] = []
    const router = implement(bad, { call: () => Object.defineProperty({}, "a", secretive) })
    const pair = pairOf(router, { serve: { log: (entry) => log.push(entry) } })
    const error = (await failure(createClient(bad, pair.connection).call())) as RpcError
    expect(error).toMatchObject({ code: "UNENCODABLE", executed: "yes" })
    expect(error.message).toBe("call: UNENCODABLE")
    expect(log.map(({ error: logged }) => String(logged)).join()).toContain("password")
  })

  test("a log that throws keeps nobody from the answer", async () => {
    const cause = new Error("the log's own")
    const uncaught = new Signal<unknown>()
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    process.once("uncaughtException", uncaught.fire)
    const log = ({ level }: LogEntry) => {
      if (level === "error") throw cause
    }
    const pair = pairOf(implement(failing, { call: raise(new Error("x")) }), { serve: { log } })
    const error = await failure(createClient(failing, pair.connection).call())
    expect(error).toMatchObject({ code: "INTERNAL" })
    expect(await uncaught.promise).toBe(cause)
    for (const listener of listeners) process.on("uncaughtException", listener)
  })
})

const secretive = {
  enumerable: true,
  get() {
    throw new Error("password")
  },
}

describe("limits of a session", () => {
  const slow = contract({ wait: call({}), watch: subscription({ item: z.number() }) })

  test("so many handlers run at a time, those that nobody waits for included", async () => {
    const clock = new VirtualClock()
    const release = new Signal()
    let running = 0
    const router = implement(slow, {
      wait: async () => {
        running++
        await release.promise
      },
      async *watch() {},
    })
    const pair = pairOf(router, { clock, serve: { limits: { handlers: 2 } } })
    const client = createClient(slow, pair.connection)
    const left = failure(client.wait(undefined, { timeout: 10 }))
    const one = client.wait(undefined, { timeout: 120_000 })
    await clock.advance(10)
    expect(await left).toMatchObject({ code: "TIMEOUT" })
    // Its five further attempts may be spread over 31 seconds.
    const busy = failure(client.wait(undefined, { timeout: 40_000 }))
    await clock.advance(40_000)
    expect(await busy).toMatchObject({ code: "BUSY", executed: "no" })
    expect(running).toBe(2)
    release.fire()
    await one
    await client.wait()
    expect(running).toBe(3)
  })

  test("so many streams are open at a time", async () => {
    const clock = new VirtualClock()
    const feed = new Feed<number>()
    const router = implement(slow, { wait: () => {}, watch: ({ signal }) => feed.read(signal) })
    const pair = pairOf(router, { clock, serve: { limits: { streams: 1 } } })
    const client = createClient(slow, pair.connection)
    const first = client.watch()[Symbol.asyncIterator]()
    const read = first.next()
    await feed.entered.promise
    const second = failure(client.watch()[Symbol.asyncIterator]().next())
    await clock.advance(60_000)
    expect(await second).toMatchObject({ code: "BUSY", executed: "no" })
    feed.end()
    await read
  })
})

describe("delivery", () => {
  const item = z.object({ key: z.string(), n: z.number() })
  const paced = contract({
    latest: subscription({ item, delivery: "latest" }),
    byField: subscription({ item, delivery: { conflate: "key" } }),
    byFunction: subscription({ item, delivery: { conflate: ({ n }) => n % 2 } }),
  })
  const values = Array.from({ length: 1_000 }, (_, n) => ({ key: n % 2 ? "odd" : "even", n }))

  /** A reader that stops at the first item until the source has yielded everything. */
  async function readSlowly(
    name: keyof typeof paced,
  ): Promise<{ seen: number[]; dropped: number }> {
    const done = new Signal()
    async function* source() {
      yield* values
      done.fire()
    }
    const router = implement(paced, { latest: source, byField: source, byFunction: source })
    const client = createClient(paced, pairOf(router).connection)
    const seen: number[] = []
    let dropped = 0
    for await (const event of client[name]().events()) {
      if ("item" in event) seen.push(event.item.n)
      else if (event.note.type === "dropped") dropped += event.note.count
      await done.promise
    }
    return { seen, dropped }
  }

  test.each([
    ["latest", 1, 10],
    ["byField", 2, 80],
    ["byFunction", 2, 80],
  ] as const)(
    "%s keeps the newest of each key and tells what it dropped",
    async (name, keys, most) => {
      const { seen, dropped } = await readSlowly(name)
      expect(seen.length).toBeLessThan(most)
      expect(seen.slice(-keys).sort()).toEqual([999, 998].slice(0, keys).sort())
      expect(seen.length + dropped).toBe(1_000)
    },
  )
})

describe("a source that cannot wait", () => {
  const news = contract({
    every: subscription({ item: z.number() }),
    latest: subscription({ item: z.number(), delivery: "latest" }),
  })

  test("ends a lossless reader that falls too far behind, and no other", async () => {
    const every = topic(news.every)
    const latest = topic(news.latest)
    const pair = pairOf(implement(news, { every, latest }))
    const client = createClient(news, pair.connection)
    const slow = client.every()[Symbol.asyncIterator]()
    const current = client.latest()[Symbol.asyncIterator]()
    const firsts = [slow.next(), current.next()]
    while (every.readers + latest.readers < 2) await new Promise(setImmediate)
    await every.publish(0)
    await latest.publish(0)
    expect(await Promise.all(firsts)).toMatchObject([{ value: 0 }, { value: 0 }])
    for (let n = 1; n < 1_000; n++) {
      await every.publish(n)
      await latest.publish(n)
    }
    const error = await failure(
      (async () => {
        for (;;) if ((await slow.next()).done) return
      })(),
    )
    expect(error).toMatchObject({ code: "SLOW_CONSUMER" })
    expect(every.readers).toBe(0)
    expect(latest.readers).toBe(1)
    let last: number | undefined
    while (last !== 999) last = (await current.next()).value ?? last
    await current.return?.()
    while (latest.readers > 0) await new Promise(setImmediate)
  })
})

test("a topic ends the streams of clients that do not accept an item, and no session", async () => {
  const news = contract({ every: subscription({ item: z.string() }) })
  const every = topic(news.every)
  const limits = { messageBytes: 1_000 }
  const pair = pairOf(implement(news, { every }), { connect: { limits } })
  const next = createClient(news, pair.connection).every()[Symbol.asyncIterator]().next()
  while (every.readers < 1) await new Promise(setImmediate)
  await every.publish("x".repeat(1_000))
  expect(await failure(next)).toMatchObject({ code: "TOO_LARGE" })
  expect([every.readers, pair.connection.state]).toEqual([0, "open"])
})

test("a topic checks what is published with a schema that is a function, too", async () => {
  const isNumber = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) =>
        typeof value === "number" ? { value } : { issues: [{ message: "no number" }] },
    },
  }
  const source = topic(subscription({ item: Object.assign(() => {}, isNumber) }))
  expect(await failure(source.publish(loose("1")))).toMatchObject({ code: "VALIDATION" })
  await source.publish(loose(1))
})

test("serve needs to know where a context comes from", () => {
  const router = scope<Visitor>().implement(none, { a: () => {}, b: { c: () => {} } })
  // @ts-expect-error: no authenticate
  serve(router)
  // @ts-expect-error: a context of another type
  serve(router, { authenticate: () => ({ context: { user: 1 } }) })
})
