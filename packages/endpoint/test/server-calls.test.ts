import { createClient as clientOf, connect, type RpcError } from "@trunkline/client"
import { call, contract, duplex, event, subscription, upload } from "@trunkline/contract"
import {
  createClient,
  type Handlers,
  implement,
  type LogEntry,
  type Router,
  type SessionInfo,
  safe,
  scope,
} from "@trunkline/server"
import { type PairOptions, VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { Feed, failure, pairOf, Signal } from "./support.js"

/** What the server calls. */
const viewer = contract({
  ask: call({
    input: z.string(),
    output: z.string(),
    errors: { AWAY: z.object({ since: z.number() }) },
  }),
  count: call({ input: z.number(), output: z.number() }),
  watch: subscription({ item: z.number() }),
  show: event({ input: z.number() }),
})

/** What the client calls. */
const service = contract({
  hello: call({ output: z.unknown(), idempotency: "safe" }),
  count: call({ input: z.number(), output: z.number() }),
})

type Viewer = ReturnType<typeof createClient<typeof viewer>>

interface Wish extends Omit<PairOptions<unknown>, "connect"> {
  readonly connect?: PairOptions<unknown>["connect"]
  readonly view?: Partial<Handlers<typeof viewer>>
}

/** A pair whose server has been said hello to, so that it can call back. */
async function calling({ view = {}, connect = {}, ...options }: Wish = {}) {
  const shown: number[] = []
  const errors: RpcError[] = []
  const entries: LogEntry[] = []
  const greeted = new Signal<SessionInfo>()
  const serve = implement(viewer, {
    ask: ({ input }) => `${input}!`,
    count: ({ input }) => input,
    async *watch() {
      yield* [1, 2, 3]
    },
    show: ({ input }) => void shown.push(input),
    ...view,
  })
  const router = implement(service, {
    hello: ({ session }) => greeted.fire(session),
    count: ({ input }) => input,
  })
  const log = (entry: LogEntry) => void entries.push(entry)
  const pair = pairOf(router, {
    ...options,
    connect: { serve, ...connect },
    serve: { log, ...options.serve },
  })
  pair.connection.on("error", (error) => errors.push(error))
  const client = clientOf(service, pair.connection)
  const said = client.hello()
  const { clock } = options
  if (clock) await clock.advance(100)
  await said
  const session = await greeted.promise
  const back: Viewer = createClient(viewer, session)
  return { pair, client, session, back, shown, errors, entries, clock }
}

async function take<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe("a server's call to its client", () => {
  test("is answered, from a handler that runs and after it", async () => {
    const router = implement(service, {
      hello: async ({ session }) => createClient(viewer, session).ask("who"),
      count: ({ input }) => input,
    })
    const serve = implement(viewer, {
      ask: ({ input }) => `${input}?`,
      count: ({ input }) => input,
      watch: () => new Feed<number>().read(new AbortController().signal),
      show: () => {},
    })
    const pair = pairOf(router, { connect: { serve } })
    expect(await clientOf(service, pair.connection).hello()).toBe("who?")
    const { back } = await calling()
    expect(await back.ask("later")).toBe("later!")
  })

  test("fails as any call: declared errors, an input that does not fit, no such path", async () => {
    const { back, session } = await calling({
      view: {
        ask: ({ errors }) => {
          throw errors.AWAY({ since: 7 })
        },
      },
    })
    const result = await safe(back.ask("x"))
    expect(result).toMatchObject({ ok: false, error: { code: "AWAY", data: { since: 7 } } })
    expect(await failure(back.count("x" as never))).toMatchObject({
      code: "VALIDATION",
      executed: "no",
    })
    const other = createClient(contract({ nowhere: call({}) }), session)
    expect(await failure(other.nowhere())).toMatchObject({ code: "NOT_FOUND", executed: "no" })
  })

  test("has even ids, and names itself the same at both ends", async () => {
    const { back, session } = await calling({
      view: { ask: ({ correlationId }) => correlationId },
    })
    expect([await back.ask("a"), await back.ask("b")]).toEqual([
      `${session.id}.2`,
      `${session.id}.4`,
    ])
    const error = await failure(back.count("x" as never))
    expect(error).toMatchObject({ correlationId: `${session.id}.6` })
  })

  test("can be cancelled, and has a timeout", async () => {
    const clock = new VirtualClock()
    const entered: AbortSignal[] = []
    const { back } = await calling({
      clock,
      view: {
        ask: ({ signal }) => {
          entered.push(signal)
          return new Promise(() => {})
        },
      },
    })
    const controller = new AbortController()
    const cancelled = failure(back.ask("x", { signal: controller.signal }))
    const late = failure(back.ask("y", { timeout: 1_000 }))
    const slow = failure(back.ask("z"))
    await clock.advance(10)
    controller.abort()
    await clock.advance(1_000)
    expect(await cancelled).toMatchObject({ code: "CANCELLED", executed: "unknown" })
    expect(await late).toMatchObject({ code: "TIMEOUT", executed: "unknown" })
    expect(entered.map(({ aborted }) => aborted)).toEqual([true, true, false])
    await clock.advance(30_000)
    expect(await slow).toMatchObject({ code: "TIMEOUT" })
  })

  test("streams, and sends events, in their order", async () => {
    const { back, shown } = await calling()
    expect(await take(back.watch())).toEqual([1, 2, 3])
    for (const n of [1, 2, 3]) back.show(n)
    expect(await back.ask("x")).toBe("x!")
    expect(shown).toEqual([1, 2, 3])
  })

  test("is answered NOT_FOUND by a client that serves nothing", async () => {
    const { back } = await calling({ connect: { serve: undefined } })
    expect(await failure(back.ask("x"))).toMatchObject({ code: "NOT_FOUND", executed: "no" })
    expect(await failure(take(back.watch()))).toMatchObject({ code: "NOT_FOUND" })
    back.show(1)
    expect(await failure(back.ask("x"))).toMatchObject({ code: "NOT_FOUND" })
  })

  test("calls that call each other do not wait for each other's places", async () => {
    const limits = { calls: 3 }
    const router: Router<unknown> = implement(service, {
      hello: () => {},
      count: async ({ input, session }) =>
        input === 0 ? 0 : (await createClient(viewer, session).count(input - 1)) + 1,
    })
    const serve = implement(viewer, {
      ask: ({ input }) => input,
      count: async ({ input, session }) =>
        input === 0 ? 0 : (await createClient(service, session).count(input - 1)) + 1,
      watch: () => new Feed<number>().read(new AbortController().signal),
      show: () => {},
    })
    const pair = pairOf(router, { connect: { serve, limits }, serve: { limits } })
    expect(await clientOf(service, pair.connection).count(5)).toBe(5)
  })
})

describe("the session that a handler gets", () => {
  test("is the same for all its requests, and may be kept", async () => {
    const seen = new Set<SessionInfo>()
    const router = implement(service, {
      hello: ({ session }) => void seen.add(session),
      count: ({ input }) => input,
    })
    const pair = pairOf(router)
    const client = clientOf(service, pair.connection)
    await client.hello()
    pair.drop()
    await client.hello()
    expect(seen.size).toBe(1)
    const [session] = seen
    expect(session?.signal.aborted).toBe(false)
    const over = new Signal()
    session?.signal.addEventListener("abort", () => over.fire())
    await pair.connection.close()
    await over.promise
    expect(session?.signal.aborted).toBe(true)
  })

  test("takes nothing once it is over: CLOSED, and at once", async () => {
    const { back, pair } = await calling()
    await pair.connection.close()
    await expect.poll(() => pair.server.stats().sessions).toBe(0)
    expect(await failure(back.ask("x"))).toMatchObject({ code: "CLOSED", executed: "no" })
    expect(await failure(take(back.watch()))).toMatchObject({ code: "CLOSED", executed: "no" })
    expect(() => back.show(1)).toThrow("show: CLOSED")
  })

  test("at a client, leads to its server, and tells whose it is", async () => {
    const { back, session } = await calling({
      view: {
        ask: async ({ input, session, context }) => {
          const number = await createClient(service, session).count(input.length)
          const known = [session.id, session.remote, typeof session.principal, context]
          return JSON.stringify([number, ...known])
        },
      },
    })
    expect(JSON.parse(await back.ask("four"))).toEqual([
      4,
      session.id,
      "ws://memory/",
      "string",
      {},
    ])
  })
})

describe("a line that drops under a server's call", () => {
  test("is waited for, and the call goes on: nothing is entered twice", async () => {
    const gate = new Signal()
    const entered: string[] = []
    const { back, pair, shown } = await calling({
      view: {
        ask: async ({ input }) => {
          entered.push(input)
          await gate.promise
          return input
        },
      },
    })
    const asked = back.ask("a")
    await expect.poll(() => entered).toEqual(["a"])
    pair.unplug()
    await expect.poll(() => pair.server.stats().attached).toBe(0)
    const later = back.ask("b")
    back.show(1)
    gate.fire()
    pair.plug()
    expect(await Promise.all([asked, later])).toEqual(["a", "b"])
    expect({ entered, shown }).toEqual({ entered: ["a", "b"], shown: [1] })
  })

  test("a stream goes on behind the last item that arrived", async () => {
    const feed = new Feed<number>()
    const { back, pair } = await calling({ view: { watch: ({ signal }) => feed.read(signal) } })
    const items: number[] = []
    const done = new Signal()
    back.watch().subscribe({ item: (item) => items.push(item), done: () => done.fire() })
    feed.put(1, 2)
    await expect.poll(() => items).toEqual([1, 2])
    pair.drop()
    feed.put(3)
    await expect.poll(() => items).toEqual([1, 2, 3])
    feed.end()
    await done.promise
  })

  test("a queue holds what waits, and no more; timeouts run", async () => {
    const clock = new VirtualClock()
    const { back, pair } = await calling({ clock })
    pair.unplug()
    await clock.advance(1)
    const waiting = failure(back.ask("x", { timeout: 1_000 }))
    const many = Array.from({ length: 999 }, () => failure(back.ask("x")))
    expect(await failure(back.ask("one more"))).toMatchObject({ code: "OFFLINE_QUEUE_FULL" })
    expect(() => back.show(1)).toThrow("OFFLINE_QUEUE_FULL")
    await clock.advance(2_000)
    expect(await waiting).toMatchObject({ code: "TIMEOUT", executed: "no" })
    await clock.advance(30_000)
    expect(await Promise.all(many)).toHaveLength(999)
  })
})

describe("a session that is lost under a server's call", () => {
  const lost = async (lose: (all: Awaited<ReturnType<typeof calling>>) => Promise<unknown>) => {
    const aborted: unknown[] = []
    const feed = new Feed<number>()
    const all = await calling({
      clock: new VirtualClock(),
      serve: { session: { grace: 1_000 } },
      view: {
        ask: ({ signal }) =>
          new Promise((_, reject) =>
            signal.addEventListener("abort", () => {
              aborted.push(signal.reason)
              reject(signal.reason)
            }),
          ),
        watch: ({ signal }) => feed.read(signal),
        show: ({ signal }) =>
          new Promise((resolve) =>
            signal.addEventListener("abort", () => {
              aborted.push(signal.reason)
              resolve()
            }),
          ),
      },
    })
    const { back, pair, clock } = all
    const asked = failure(back.ask("x", { timeout: Number.POSITIVE_INFINITY }))
    const watched = failure(take(back.watch()))
    back.show(1)
    await clock?.advance(10)
    pair.unplug()
    await clock?.advance(1)
    const never = failure(back.ask("never"))
    const unseen = failure(take(back.watch()))
    back.show(2)
    await lose(all)
    return { ...all, aborted, feed, outcomes: await Promise.all([asked, watched, never, unseen]) }
  }
  const fates = [
    { code: "OUTCOME_UNKNOWN", executed: "unknown" },
    { code: "STREAM_LOST", executed: "unknown" },
    { code: "CLOSED", executed: "no" },
    { code: "CLOSED", executed: "no" },
  ]

  test("its client did not come back in time", async () => {
    const { outcomes, entries, aborted, feed, pair, clock } = await lost(({ clock }) =>
      Promise.resolve(clock?.advance(2_000)),
    )
    expect(outcomes).toMatchObject(fates)
    expect(entries).toContainEqual({
      level: "warn",
      message: "events lost",
      session: expect.any(String),
      events: 1,
    })
    expect(aborted).toEqual([])
    pair.plug()
    await clock?.advance(5_000)
    expect(aborted).toMatchObject([{ code: "CLOSED" }, { code: "CLOSED" }])
    await feed.left.promise
    expect(pair.connection.state).toBe("open")
  })

  test("its client is closed", async () => {
    const { outcomes, aborted } = await lost(async ({ pair, clock }) => {
      await pair.connection.close()
      await clock?.advance(2_000)
    })
    expect(outcomes).toMatchObject(fates)
    expect(aborted).toHaveLength(2)
  })

  test("its server leaves", async () => {
    const { outcomes } = await lost(({ pair }) => pair.server.close())
    expect(outcomes).toMatchObject(fates)
  })

  test("the next session's ids begin anew, and nothing of the lost one is issued again", async () => {
    const entered: string[] = []
    const sessions: SessionInfo[] = []
    const router = implement(service, {
      hello: ({ session }) => void sessions.push(session),
      count: ({ input }) => input,
    })
    const serve = implement(viewer, {
      ask: ({ input, correlationId, session }) => {
        entered.push(input)
        return `${correlationId === `${session.id}.2`}`
      },
      count: ({ input }) => input,
      watch: () => new Feed<number>().read(new AbortController().signal),
      show: () => {},
    })
    const pair = pairOf(router, { connect: { serve } })
    const client = clientOf(service, pair.connection)
    await client.hello()
    const [first] = sessions
    if (!first) throw new Error("no session")
    expect(await createClient(viewer, first).ask("a")).toBe("true")
    pair.restart()
    await client.hello()
    const second = sessions.at(-1)
    if (!second || second === first) throw new Error("no other session")
    expect(await createClient(viewer, second).ask("b")).toBe("true")
    expect(entered).toEqual(["a", "b"])
  })
})

describe("a client that serves", () => {
  test("answers BUSY when too many calls, streams or handlers are asked of it", async () => {
    const gate = new Signal()
    const { back, clock } = await calling({
      clock: new VirtualClock(),
      connect: { limits: { handlers: 2, streams: 1 } },
      view: { ask: ({ input }) => gate.promise.then(() => input) },
    })
    const asked = [back.ask("a"), back.ask("b")]
    const busy = failure(back.ask("c", { timeout: 1_000 }))
    await clock?.advance(1_000)
    expect(await busy).toMatchObject({ code: "TIMEOUT", executed: "no" })
    gate.fire()
    await clock?.advance(10)
    expect(await Promise.all(asked)).toEqual(["a", "b"])
  })

  test("reports a handler that fails, and its server is told no word of it", async () => {
    const bug = new Error("secret")
    const { back, errors, session } = await calling({
      view: {
        ask: () => {
          throw bug
        },
        show: () => {
          throw bug
        },
      },
    })
    const error = await failure(back.ask("x"))
    expect(error).toMatchObject({ code: "INTERNAL", executed: "yes", message: "ask: INTERNAL" })
    expect(errors).toMatchObject([
      {
        code: "INTERNAL",
        message: "ask: a handler failed",
        cause: bug,
        correlationId: `${session.id}.2`,
      },
    ])
    back.show(1)
    await expect.poll(() => errors.length).toBe(2)
    expect(errors[1]).toMatchObject({ message: "show: a handler failed", cause: bug })
  })

  test("counts the events that it drops", async () => {
    const { back, pair, shown, errors } = await calling()
    back.show("x" as never)
    back.show(1)
    await back.ask("x")
    expect(shown).toEqual([1])
    expect(pair.connection.info.eventsDropped).toBe(1)
    expect(errors).toEqual([])
  })

  test("has middleware like a server", async () => {
    const loud = scope<unknown>().use(({ next }) => next({ loud: true }))
    const { back } = await calling({
      view: { ask: loud(({ input, context }) => (context.loud ? input.toUpperCase() : input)) },
    })
    expect(await back.ask("x")).toBe("X")
  })

  test("refuses a limit and a router that cannot be", () => {
    const serve = implement(contract({}), {})
    expect(() => connect("ws://x", { serve, limits: { handlers: 0 } })).toThrow("limits.handlers")
  })

  test("a slow reader at the server is felt at its source", async () => {
    const feed = new Feed<number>()
    const { back } = await calling({ view: { watch: ({ signal }) => feed.read(signal) } })
    feed.put(...Array.from({ length: 2_000 }, (_, n) => n))
    feed.end()
    const items: number[] = []
    for await (const item of back.watch()) {
      items.push(item)
      if (items.length === 1) expect(feed.pulled).toBeLessThan(600)
      if (items.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(items).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
  })

  test("an error of a stream that nobody takes goes to the server's log", async () => {
    const { back, entries } = await calling({
      view: {
        // biome-ignore lint/correctness/useYield: it fails at once
        async *watch() {
          throw new Error("dry")
        },
      },
    })
    back.watch().subscribe({ item: () => {} })
    await expect
      .poll(() => entries)
      .toContainEqual({
        level: "error",
        message: "an error that nobody took",
        error: expect.objectContaining({ code: "INTERNAL" }),
        session: expect.any(String),
      })
  })
})

describe("items that a server sends up to its client", () => {
  const sink = contract({
    sum: upload({ item: z.number(), output: z.number() }),
    echo: duplex({ up: z.string(), down: z.string() }),
  })

  async function back(view: Handlers<typeof sink>) {
    const greeted = new Signal<SessionInfo>()
    const router = implement(service, {
      hello: ({ session }) => greeted.fire(session),
      count: ({ input }) => input,
    })
    const pair = pairOf(router, { connect: { serve: implement(sink, view) } })
    await clientOf(service, pair.connection).hello()
    return { pair, to: createClient(sink, await greeted.promise) }
  }

  test("arrive, and are answered", async () => {
    const { to } = await back({
      sum: async ({ items }) => {
        let sum = 0
        for await (const item of items) sum += item
        return sum
      },
      async *echo({ items }) {
        for await (const item of items) yield `${item}!`
      },
    })
    expect(await to.sum(undefined, [1, 2, 3])).toBe(6)
    const echo = to.echo()
    const heard: string[] = []
    const done = (async () => {
      for await (const item of echo) heard.push(item)
    })()
    await echo.send("a")
    await echo.send("b")
    echo.finish()
    await done
    expect(heard).toEqual(["a!", "b!"])
  })

  test("end with the session, at both sides", async () => {
    const reading = new Signal<AbortSignal>()
    const { to, pair } = await back({
      sum: async ({ items, signal }) => {
        reading.fire(signal)
        for await (const _ of items);
        return 0
      },
      async *echo() {},
    })
    async function* forEver() {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        yield 1
      }
    }
    const summed = failure(to.sum(undefined, forEver()))
    const signal = await reading.promise
    await pair.connection.close()
    expect(await summed).toMatchObject({ code: "STREAM_LOST", executed: "unknown" })
    expect(signal.aborted).toBe(true)
  })
})

describe("a call of a server that is cancelled", () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    "after %i turns ends once, and nothing is left",
    async (turns) => {
      const clock = new VirtualClock()
      const entered: AbortSignal[] = []
      const { back, pair } = await calling({
        clock,
        view: {
          ask: async ({ input, signal }) => {
            entered.push(signal)
            await Promise.resolve()
            return input
          },
        },
      })
      const controller = new AbortController()
      const asked = safe(back.ask("x", { signal: controller.signal }))
      for (let turn = 0; turn < turns; turn++) await new Promise<void>((r) => clock.endOfTurn(r))
      controller.abort()
      await clock.advance(2_000)
      const result = await asked
      if (!result.ok) {
        expect(result.error.code).toBe("CANCELLED")
        if (result.error.executed === "no") expect(entered).toEqual([])
      }
      expect(entered.length).toBeLessThanOrEqual(1)
      expect(await Promise.race([back.ask("y"), clock.advance(2_000)])).toBe("y")
      expect(pair.server.stats().channels).toBe(0)
    },
  )
})
