import { createClient, type LostEvents } from "@trunkline/client"
import { call, contract, event } from "@trunkline/contract"
import * as limits from "@trunkline/protocol/limits"
import { type Handlers, implement, type LogEntry, RpcError, scope } from "@trunkline/server"
import { type Pair, VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { failure, pairOf, Signal } from "./support.js"

const room = contract({
  typing: event({ input: z.object({ user: z.string(), n: z.number().optional() }) }),
  count: event({ input: z.string().transform(Number) }),
  ping: event({}),
  read: call({ output: z.array(z.unknown()) }),
  late: event({ input: z.string().transform(async (text) => text.length) }),
})

/** A service that writes down what it is sent. */
function notebook(over: Partial<Handlers<typeof room>> = {}) {
  const heard: unknown[] = []
  const router = implement(room, {
    typing: ({ input }) => void heard.push(input),
    count: ({ input }) => void heard.push(input),
    ping: () => void heard.push("ping"),
    late: ({ input }) => void heard.push(input),
    read: () => heard,
    ...over,
  })
  return { heard, router }
}

function thrown(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error("it threw nothing")
}

/** The client has heard of it. */
function moved({ connection }: Pair): Promise<void> {
  return new Promise((resolve) => {
    const off = connection.on("state", () => {
      off()
      resolve()
    })
  })
}

function loose(value: unknown): never {
  return value as never
}

describe("an event", () => {
  test("returns nothing, and reaches its handler before a call that came later", async () => {
    const { router } = notebook()
    const client = createClient(room, pairOf(router).connection)
    expect(client.typing({ user: "ada" })).toBeUndefined()
    client.ping()
    client.count("7")
    expect(await client.read()).toEqual([{ user: "ada" }, "ping", 7])
  })

  test("can be sent by a client that has the contract's type alone", async () => {
    const { router } = notebook()
    const { connection } = pairOf(router)
    const outline = { typing: "event", count: "event", ping: "event", late: "event" } as const
    const client = createClient<typeof room>(connection, outline)
    client.ping()
    expect(await client.read()).toEqual(["ping"])
  })

  test("has a session and a signal, and takes what middleware knows", async () => {
    const app = scope<{ user: string }>()
    const heard: unknown[] = []
    const shouted = app.use(({ context, next }) => next({ user: context.user.toUpperCase() }))
    const { typing, ping } = room
    const router = app.implement(
      { typing, ping, read: room.read },
      {
        typing: shouted(({ input, context, session, path, signal, correlationId }) => {
          heard.push(input.user, context.user, path, session.id === correlationId, signal.aborted)
        }),
        ping: () => {},
        read: () => heard,
      },
    )
    const serve = { authenticate: () => ({ context: { user: "ada" } }) }
    const client = createClient({ typing, read: room.read }, pairOf(router, { serve }).connection)
    client.typing({ user: "x" })
    expect(await client.read()).toEqual(["x", "ADA", "typing", true, false])
  })
})

describe("what cannot be sent", () => {
  test("throws at once: no value of the wire, and one that is too large", () => {
    const client = createClient(room, pairOf(notebook().router).connection)
    expect(thrown(() => client.typing(loose({ user: () => {} })))).toMatchObject({
      code: "UNENCODABLE",
      executed: "no",
    })
    expect(thrown(() => client.typing({ user: "x".repeat(65_536) }))).toMatchObject({
      code: "TOO_LARGE",
      executed: "no",
      message: "typing: TOO_LARGE",
    })
  })

  test("throws for a connection that is closed, or draining", async () => {
    const { connection } = pairOf(notebook().router)
    const client = createClient(room, connection)
    const drained = connection.drain()
    expect(thrown(() => client.ping())).toMatchObject({ code: "CLOSED", executed: "no" })
    await drained
    expect(thrown(() => client.ping())).toMatchObject({ code: "CLOSED" })
  })

  test("throws for more than may wait without a line", async () => {
    const { router } = notebook()
    const pair = pairOf(router, { connect: { queue: { calls: 2 } } })
    const client = createClient(room, pair.connection)
    client.count("1")
    client.count("2")
    expect(thrown(() => client.count("3"))).toMatchObject({ code: "OFFLINE_QUEUE_FULL" })
    await moved(pair)
    expect(await client.read()).toEqual([1, 2])
  })

  test("throws for more in a second than a server takes, and harms nothing else by it", async () => {
    const clock = new VirtualClock()
    const { heard, router } = notebook()
    const pair = pairOf(router, { clock })
    const client = createClient(room, pair.connection)
    await clock.advance(100)
    const { session } = pair.connection.info
    const sent = (code: string): number => {
      for (let count = 0; ; count++) {
        if (count > 5_000) return count
        try {
          client.ping()
        } catch (error) {
          expect(error).toMatchObject({ code, executed: "no" })
          return count
        }
      }
    }
    expect(sent("OFFLINE_QUEUE_FULL")).toBe(1_000)
    await clock.advance(2_000)
    expect(sent("OFFLINE_QUEUE_FULL")).toBe(1_000)
    await clock.advance(100)
    expect(sent("BUSY")).toBe(100)
    pair.unplug()
    await clock.advance(10_000)
    expect(sent("OFFLINE_QUEUE_FULL")).toBe(900)
    pair.plug()
    await clock.advance(5_000)
    expect(sent("OFFLINE_QUEUE_FULL")).toBe(1_000)
    await clock.advance(5_000)
    expect(heard).toHaveLength(4_000)
    expect(pair.connection.info.session).toBe(session)
    expect(pair.server.stats().eventsDropped).toBe(0)
  })

  test("throws for a group, and for a path that no frame carries", () => {
    const { connection } = pairOf(notebook().router)
    const long = { ["x".repeat(257)]: "event" }
    const client = createClient<Record<string, typeof room.ping>>(connection, loose(long))
    expect(thrown(() => client["x".repeat(257)]?.())).toMatchObject({ code: "NOT_FOUND" })
  })
})

describe("what a server drops", () => {
  async function dropping(
    send: (client: ReturnType<typeof createClient<typeof room>>) => unknown,
    over: Partial<Handlers<typeof room>> = {},
  ) {
    const entries: LogEntry[] = []
    const { heard, router } = notebook(over)
    const log = (entry: LogEntry) => void entries.push(entry)
    const pair = pairOf(router, { serve: { log, limits: { rates: { events: 100_000 } } } })
    const client = createClient(room, pair.connection)
    await send(client)
    await client.read()
    return { entries, heard, dropped: pair.server.stats().eventsDropped, pair }
  }

  test("an input that does not fit is counted, and logged without it", async () => {
    const { entries, heard, dropped } = await dropping(({ typing }) =>
      typing(loose({ user: 17, secret: "hush" })),
    )
    expect({ heard, dropped }).toEqual({ heard: [], dropped: 1 })
    expect(entries).toEqual([
      {
        level: "warn",
        message: "event dropped",
        path: "typing",
        code: "VALIDATION",
        session: expect.any(String),
        issues: [{ message: expect.any(String), path: ["user"] }],
      },
    ])
    expect(JSON.stringify(entries)).not.toContain("hush")
  })

  test("so is a path that it does not have, or that is no event's", async () => {
    const other = contract({ nowhere: event({}), read: event({}) })
    const entries: LogEntry[] = []
    const { router } = notebook()
    const pair = pairOf(router, { serve: { log: (entry) => void entries.push(entry) } })
    const client = createClient(other, pair.connection)
    client.nowhere()
    client.read()
    await createClient(room, pair.connection).read()
    expect(pair.server.stats().eventsDropped).toBe(2)
    expect(entries.map(({ path, code }) => [path, code])).toEqual([
      ["nowhere", "NOT_FOUND"],
      ["read", "NOT_FOUND"],
    ])
  })

  test("so are those that come while too many are not done with", async () => {
    const clock = new VirtualClock()
    const gate = new Signal()
    const entries: LogEntry[] = []
    let entered = 0
    const { router } = notebook({
      typing: async () => {
        entered++
        await gate.promise
      },
    })
    const log = (entry: LogEntry) => void entries.push(entry)
    const pair = pairOf(router, { clock, serve: { log } })
    const client = createClient(room, pair.connection)
    for (let second = 0; second < 3; second++) {
      await clock.advance(2_000)
      for (let n = 0; n < 700; n++) client.typing({ user: "a" })
    }
    await clock.advance(2_000)
    expect(entered).toBe(limits.runningEvents)
    expect(pair.server.stats().eventsDropped).toBe(2_100 - limits.runningEvents)
    expect(entries[0]).toMatchObject({ code: "BUSY", path: "typing" })
    gate.fire()
    await clock.advance(10)
    client.typing({ user: "d" })
    await clock.advance(10)
    expect(entered).toBe(limits.runningEvents + 1)
  })

  test("but not one of many that come together, if its handler does not wait", async () => {
    const { router, heard } = notebook()
    const pair = pairOf(router, { serve: { limits: { handlers: 1 } } })
    const client = createClient(room, pair.connection)
    await client.read()
    for (let n = 0; n < 200; n++) client.count(String(n))
    await expect.poll(() => heard.length).toBe(200)
    expect(pair.server.stats().eventsDropped).toBe(0)
  })

  test("so is what middleware refuses", async () => {
    const entries: LogEntry[] = []
    const guard = scope<unknown>().use(() => {
      throw new RpcError("UNAUTHORIZED")
    })
    const { heard, router } = notebook({ ping: guard(() => void heard.push("never")) })
    const pair = pairOf(router, { serve: { log: (entry) => void entries.push(entry) } })
    const client = createClient(room, pair.connection)
    client.ping()
    expect(await client.read()).toEqual([])
    await expect.poll(() => pair.server.stats().eventsDropped).toBe(1)
    expect(entries).toMatchObject([{ level: "warn", code: "UNAUTHORIZED", path: "ping" }])
  })

  test("a handler that throws is logged, and harms nothing else", async () => {
    const bug = new Error("a bug")
    const { entries, dropped, heard } = await dropping(
      (client) => {
        client.ping()
        client.count("1")
      },
      {
        ping: () => {
          throw bug
        },
      },
    )
    expect({ heard, dropped }).toEqual({ heard: [1], dropped: 0 })
    expect(entries).toEqual([
      {
        level: "error",
        message: "a handler failed",
        error: bug,
        path: "ping",
        correlationId: expect.any(String),
      },
    ])
  })
})

describe("events and lost lines", () => {
  test("events sent without a line arrive when there is one, once and in order", async () => {
    const pair = pairOf(notebook().router)
    const client = createClient(room, pair.connection)
    await client.read()
    pair.unplug()
    await moved(pair)
    for (const n of ["1", "2", "3"]) client.count(n)
    pair.plug()
    expect(await client.read()).toEqual([1, 2, 3])
    expect(pair.connection.info.framesOut).toBe(5)
  })

  test("a crash of the server: what may not have arrived is told as a count", async () => {
    const lost: LostEvents[] = []
    const { heard, router } = notebook()
    const pair = pairOf(router)
    const client = createClient(room, pair.connection)
    pair.connection.on("lost", (told) => lost.push(told))
    await client.read()
    client.count("1")
    await expect.poll(() => heard).toEqual([1])
    client.count("2")
    pair.restart()
    await moved(pair)
    client.count("3")
    await expect.poll(() => heard.at(-1)).toBe(3)
    const handled = heard.length
    expect(lost).toHaveLength(1)
    expect(lost[0]?.events).toBeGreaterThanOrEqual(3 - handled)
    expect(lost[0]?.events).toBeLessThanOrEqual(2)
  })

  test("a session that expired tells how far it came, and only the rest is counted", async () => {
    const clock = new VirtualClock()
    const lost: LostEvents[] = []
    const { heard, router } = notebook()
    const pair = pairOf(router, { clock, serve: { session: { grace: 1_000 } } })
    const client = createClient(room, pair.connection)
    pair.connection.on("lost", (told) => lost.push(told))
    await clock.advance(100)
    client.count("1")
    await clock.advance(10)
    client.count("2")
    await new Promise<void>((resolve) => clock.endOfTurn(resolve))
    pair.unplug()
    await clock.advance(1)
    client.count("3")
    await clock.advance(5_000)
    pair.plug()
    await clock.advance(5_000)
    expect(heard).toEqual([1, 3])
    expect(lost).toEqual([{ events: 1 }])
  })

  test("another user's session gets none of them", async () => {
    const lost: LostEvents[] = []
    let user = "ada"
    const { heard, router } = notebook()
    const pair = pairOf(router, {
      connect: { token: () => user },
      serve: {
        authenticate: ({ token }) => ({ principal: String(token), context: {} }),
      },
    })
    const client = createClient(room, pair.connection)
    pair.connection.on("lost", (told) => lost.push(told))
    await client.read()
    pair.unplug()
    await moved(pair)
    client.count("1")
    user = "bob"
    const read = failure(client.read())
    pair.plug()
    expect(await read).toMatchObject({ code: "CANCELLED" })
    expect(await client.read()).toEqual([])
    expect({ heard, lost }).toEqual({ heard: [], lost: [{ events: 1 }] })
  })

  test("close counts what may be under way, drain waits for it", async () => {
    for (const [leave, events] of [
      ["close", [1]],
      ["abort", [1]],
      ["drain", []],
    ] as const) {
      const { heard, router } = notebook()
      const { connection } = pairOf(router)
      const client = createClient(room, connection)
      const lost: number[] = []
      connection.on("lost", (told) => lost.push(told.events))
      await client.read()
      client.ping()
      await connection[leave]()
      expect(lost, leave).toEqual(events)
      expect(heard, leave).toEqual(leave === "drain" ? ["ping"] : [])
    }
  })

  test.each(["drop", "restart"] as const)(
    "drain waits for them over a line that is lost by %s",
    async (lose) => {
      const { heard, router } = notebook()
      const pair = pairOf(router)
      const client = createClient(room, pair.connection)
      await client.read()
      pair.unplug()
      if (lose === "restart") pair.restart()
      await moved(pair)
      client.ping()
      const drained = pair.connection.drain()
      expect(pair.connection.state).not.toBe("closed")
      pair.plug()
      await drained
      expect(heard).toEqual(["ping"])
      expect(pair.connection.state).toBe("closed")
    },
  )

  test("a listener of lost events that throws stops nothing", async () => {
    const { connection } = pairOf(notebook().router)
    connection.on("lost", () => {
      throw new Error("mine")
    })
    const uncaught = new Signal<unknown>()
    process.once("uncaughtException", uncaught.fire)
    createClient(room, connection).ping()
    await connection.close()
    expect(await uncaught.promise).toEqual(new Error("mine"))
    expect(connection.state).toBe("closed")
  })
})

describe("the signal of an event's handler", () => {
  test("fires when the session is over", async () => {
    const entered = new Signal<AbortSignal>()
    const aborted = new Signal<unknown>()
    const { router } = notebook({
      ping: ({ signal }) => {
        signal.addEventListener("abort", () => aborted.fire(signal.reason))
        entered.fire(signal)
        return aborted.promise.then(() => {})
      },
    })
    const pair = pairOf(router)
    createClient(room, pair.connection).ping()
    expect((await entered.promise).aborted).toBe(false)
    await pair.connection.close()
    expect(await aborted.promise).toMatchObject({ code: "CLOSED" })
  })

  test("one that waits in middleware until then is not entered", async () => {
    const gate = new Signal()
    const waiting = new Signal()
    const entries: LogEntry[] = []
    const heard: unknown[] = []
    const slow = scope<unknown>().use(async ({ next }) => {
      waiting.fire()
      await gate.promise
      return next()
    })
    const { router } = notebook({ ping: slow(() => void heard.push("never")) })
    const pair = pairOf(router, { serve: { log: (entry) => void entries.push(entry) } })
    createClient(room, pair.connection).ping()
    await waiting.promise
    await pair.connection.close()
    await expect.poll(() => pair.server.stats().sessions).toBe(0)
    gate.fire()
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([])
    expect(entries.filter(({ level }) => level !== "info")).toEqual([])
  })

  test("a schema that takes its time ends before the session, or is for nothing", async () => {
    const { heard, router } = notebook()
    const client = createClient(room, pairOf(router).connection)
    client.late("four")
    await expect.poll(() => heard).toEqual([4])
  })
})
