import {
  type Connection,
  type ConnectOptions,
  connect,
  createClient,
  type StreamEvent,
  safe,
} from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, type ServeOptions, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { type Fate, FaultyProxy } from "../../server/test/support/faulty-proxy.js"
import { LogBook } from "../../server/test/support/log.js"
import { quickHost } from "../../server/test/support/quick-host.js"

/*
 * What becomes of calls and streams when the line is lost: by a cut, by a silence, with the session and
 * without it (docs/protocol.md, "Session lost").
 */

const service = contract({
  /** What the handler got, in order; the test looks whether anything came twice. */
  add: call({ input: z.number(), output: z.number() }),
  hang: call({ output: z.number() }),
  safeHang: call({ output: z.number(), idempotency: "safe" }),
  idempotentHang: call({ output: z.number(), idempotency: "idempotent" }),
  count: subscription({ input: z.number(), item: z.number() }),
  forever: subscription({ item: z.number() }),
  fresh: subscription({ item: z.number(), restart: "fresh" }),
})

/** What one server process saw. */
class Ledger {
  readonly added: number[] = []
  readonly entered: string[] = []
  readonly aborted: string[] = []
  release: (value: number) => void = () => {}
  #seen: () => void = () => {}

  enter(what: string, signal: AbortSignal): Promise<number> {
    this.entered.push(what)
    signal.addEventListener("abort", () => {
      this.aborted.push(what)
      this.#seen()
    })
    this.#seen()
    return new Promise((resolve) => {
      this.release = resolve
    })
  }

  async until(condition: (ledger: this) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#seen = resolve
      })
    }
  }
}

let ledger: Ledger
let book: LogBook
let server: Server
let listening: Listening
let proxy: FaultyProxy
let connection: Connection | undefined

async function start(options: ServeOptions<unknown> = {}, port = 0): Promise<void> {
  const seen = new Ledger()
  ledger = seen
  book = new LogBook()
  const router = implement(service, {
    add: ({ input }) => {
      seen.added.push(input)
      return input
    },
    hang: ({ signal }) => seen.enter("hang", signal),
    safeHang: ({ signal }) => seen.enter("safeHang", signal),
    idempotentHang: ({ signal }) => seen.enter("idempotentHang", signal),
    async *count({ input }) {
      for (let next = 0; next < input; next++) {
        yield next
        if (next % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    async *forever({ signal }) {
      yield 1
      await seen.enter("forever", signal)
    },
    async *fresh({ signal }) {
      yield 1
      await seen.enter("fresh", signal)
    },
  })
  server = serve(router, { log: book.log, ...options })
  listening = await listen(server, { port, hostname: "127.0.0.1" })
}

/** The server's process is gone, without a word to anybody, and another takes its port. */
async function restart(options: ServeOptions<unknown> = {}): Promise<void> {
  proxy.sever()
  await listening.close()
  await start(options)
  proxy.target = listening.port
  proxy.cut()
}

function dial(options: ConnectOptions = {}): ReturnType<typeof createClient<typeof service>> {
  connection = connect(proxy.url, { reconnect: { base: 5, cap: 20 }, ...options })
  return createClient(service, connection)
}

/** Reads all events of a stream, until it ends. */
function listenTo(stream: { events(): AsyncIterable<StreamEvent<number>> }) {
  const events: StreamEvent<number>[] = []
  let arrived = (): void => {}
  const ended = (async () => {
    try {
      for await (const event of stream.events()) {
        events.push(event)
        arrived()
      }
      return undefined
    } catch (error) {
      return error as { code: string; executed: string }
    }
  })()
  const until = async (count: number): Promise<void> => {
    while (events.length < count) {
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
    }
  }
  return { events, ended, until }
}

beforeEach(async () => {
  await start()
  proxy = await FaultyProxy.to(listening.port)
})

afterEach(async () => {
  await connection?.close()
  await proxy.close()
  await listening.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
})

describe("a line that is cut", () => {
  test("at any byte: nothing is lost and nothing comes twice", async () => {
    let random = 20_261_121
    proxy.fate = () => {
      random = (random * 48_271) % 2_147_483_647
      return proxy.counts.cut < 60 ? { end: "cut", after: 300 + (random % 6_000) } : undefined
    }
    const client = dial()
    const items: number[] = []
    const reading = (async () => {
      for await (const item of client.count(6_000)) items.push(item)
    })()
    const results: number[] = []
    for (let round = 0; round < 60; round++) {
      const calls = Array.from({ length: 10 }, (_, index) => client.add(round * 10 + index))
      results.push(...(await Promise.all(calls)))
    }
    await reading
    expect(items).toEqual(Array.from({ length: 6_000 }, (_, index) => index))
    expect(results).toEqual(Array.from({ length: 600 }, (_, index) => index))
    expect(ledger.added).toEqual(results)
    expect(proxy.counts.cut).toBeGreaterThan(20)
    expect(connection?.info.replayed).toBeGreaterThan(0)
    expect(server.stats()).toMatchObject({ sessions: 1, attached: 1 })
  })

  test("in the handshake: another attempt is made", async () => {
    const fates = [1, 100, 250, 400, 600, 800].map((after): Fate => ({ end: "cut", after }))
    proxy.fate = () => fates.shift()
    const client = dial()
    expect(await client.add(7)).toBe(7)
    expect(ledger.added).toEqual([7])
  })

  test("while a handler runs: its result comes on the next socket", async () => {
    const client = dial()
    const pending = client.hang()
    await ledger.until(({ entered }) => entered.length === 1)
    const session = connection?.info.session
    proxy.cut()
    ledger.release(42)
    expect(await pending).toBe(42)
    expect(ledger.entered).toEqual(["hang"])
    expect(connection?.info.session).toBe(session)
  })

  test("and cancelled meanwhile: the handler hears of it when the line is back", async () => {
    const client = dial()
    const controller = new AbortController()
    const pending = safe(client.hang(undefined, { signal: controller.signal }))
    await ledger.until(({ entered }) => entered.length === 1)
    proxy.cut()
    controller.abort()
    expect(await pending).toMatchObject({
      ok: false,
      error: { code: "CANCELLED", executed: "unknown" },
    })
    await ledger.until(({ aborted }) => aborted.length === 1)
  })

  test("states and their reasons are told in order", async () => {
    const client = dial()
    const states: string[] = []
    connection?.on("state", ({ from, to, code }) =>
      states.push(`${from} ${to} ${code ?? ""}`.trim()),
    )
    await client.add(1)
    proxy.cut()
    await client.add(2)
    await connection?.close()
    expect(states).toEqual([
      "connecting open",
      "open waiting 1006",
      "waiting connecting",
      "connecting open",
      "open closed",
    ])
    expect(connection?.latency).toBeGreaterThanOrEqual(0)
  })
})

describe("a line that falls silent", () => {
  test("is found out, and replaced by another: nothing is lost", async () => {
    const client = dial({ host: quickHost(100) })
    const { events, until } = listenTo(client.fresh())
    await until(1)
    expect(await client.add(1)).toBe(1)
    proxy.freeze()
    expect(await client.add(2, { timeout: Number.POSITIVE_INFINITY })).toBe(2)
    expect(ledger.added).toEqual([1, 2])
    expect(ledger.entered).toEqual(["fresh"])
    expect(events).toHaveLength(1)
    expect(proxy.counts.connections).toBeGreaterThan(1)
  })

  test("is found out without anything to say, too", async () => {
    const client = dial({ host: quickHost(100) })
    await client.add(1)
    proxy.freeze()
    await new Promise<void>((resolve) => {
      connection?.on("state", ({ to }) => to === "open" && resolve())
    })
    expect(proxy.counts.connections).toBeGreaterThan(1)
    expect(await client.add(2)).toBe(2)
  })

  test("is found out by the server, which keeps the session", async () => {
    await listening.close()
    await start({ host: quickHost(100) })
    proxy.target = listening.port
    const client = dial()
    await client.add(1)
    proxy.freeze()
    while (server.stats().attached > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(server.stats().sessions).toBe(1)
    proxy.cut()
    await client.add(2)
    expect(ledger.added).toEqual([1, 2])
  })
})

describe("a session that is lost", () => {
  const losses: readonly [what: string, lose: () => Promise<void>][] = [
    ["its server came back without it", () => restart()],
    [
      "its grace ran out",
      async () => {
        proxy.fate = () => ({ end: "cut", after: 0 })
        proxy.cut()
        await book.find({ message: "session ended", why: "expired" })
        proxy.fate = () => undefined
      },
    ],
  ]
  const short: ServeOptions<unknown> = { session: { grace: 30 } }

  beforeEach(async () => {
    await listening.close()
    await start(short)
    proxy.target = listening.port
  })

  test.each(losses)("because %s: a call that may have run is settled", async (_, lose) => {
    const client = dial()
    const pending = safe(client.hang())
    await ledger.until(({ entered }) => entered.includes("hang"))
    await lose()
    expect(await pending).toMatchObject({
      ok: false,
      error: { code: "OUTCOME_UNKNOWN", executed: "unknown" },
    })
    expect(ledger.entered.filter((what) => what === "hang").length).toBeLessThanOrEqual(1)
    expect(await client.add(1)).toBe(1)
  })

  test.each(losses)("because %s: what may run again does", async (_, lose) => {
    const client = dial()
    const calls = [client.safeHang(), client.idempotentHang()]
    await ledger.until(({ entered }) => entered.length === 2)
    const first = ledger
    await lose()
    const twice = first === ledger ? 4 : 2
    await ledger.until(({ entered }) => entered.length === twice)
    for (const pending of calls) pending.catch(() => {})
    ledger.release(9)
    expect(await Promise.race(calls)).toBe(9)
  })

  test.each(losses)(
    "because %s: a stream begins anew and says so, where it may",
    async (_, lose) => {
      const client = dial()
      const fresh = listenTo(client.fresh())
      const forever = listenTo(client.forever())
      await Promise.all([fresh.until(1), forever.until(1)])
      await lose()
      await fresh.until(3)
      expect(fresh.events).toEqual([
        { item: 1, cursor: undefined },
        { note: { type: "restarted" } },
        { item: 1, cursor: undefined },
      ])
      expect(await forever.ended).toMatchObject({ code: "STREAM_LOST", executed: "unknown" })
    },
  )

  test("a call that was never sent is sent to the next", async () => {
    const client = dial()
    await client.add(1)
    proxy.sever()
    await listening.close()
    const lost = new Promise<void>((resolve) => {
      connection?.on("state", ({ to }) => to === "waiting" && resolve())
    })
    proxy.cut()
    await lost
    const pending = client.add(2)
    await start(short)
    proxy.target = listening.port
    expect(await pending).toBe(2)
    expect(ledger.added).toEqual([2])
  })

  test("both sides name a call alike in what they say of it", async () => {
    const client = dial()
    const error = await client.add("no number" as never).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: "VALIDATION", executed: "no" })
    expect(error.correlationId).toMatch(/^[\w-]{21}\.1$/)
    const [session] = error.correlationId.split(".")
    expect(connection?.info.session).toBe(session)
  })
})
