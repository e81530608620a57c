import { type Connection, createClient, RpcError } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, type LogEntry, scope } from "@trunkline/server"
import { afterEach, describe, expect, test, vi } from "vitest"
import * as z from "zod"
import { connectedPair, type Pair, VirtualClock } from "../index.js"

const api = contract({
  echo: call({ input: z.string(), output: z.string() }),
  hang: call({}),
  count: subscription({ item: z.int() }),
  fresh: subscription({ item: z.int(), restart: "fresh" }),
})

/** Yields from one on, each number when `step` was called for it. */
function counter() {
  const steps: (() => void)[] = []
  const source = async function* () {
    for (let n = 1; ; n++) {
      yield n
      await new Promise<void>((resolve) => steps.push(resolve))
    }
  }
  return { source, step: () => steps.shift()?.() }
}

function makeRouter(source = counter().source) {
  return implement(api, {
    echo: ({ input }) => input,
    hang: ({ signal }) =>
      new Promise<void>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      ),
    count: source,
    fresh: source,
  })
}

const pairs: Pair[] = []
function keep(pair: Pair): Pair {
  pairs.push(pair)
  return pair
}
afterEach(async () => {
  vi.useRealTimers()
  for (const pair of pairs.splice(0)) {
    await pair.close()
    expect(pair.server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
  }
})

function state(connection: Connection, wanted: Connection["state"]): Promise<void> {
  return new Promise((resolve) => {
    if (connection.state === wanted) return resolve()
    const off = connection.on("state", ({ to }) => {
      if (to !== wanted) return
      off()
      resolve()
    })
  })
}

describe("a connected pair", () => {
  test("is a client and a server", async () => {
    const pair = keep(connectedPair(makeRouter()))
    const client = createClient(api, pair.connection)
    expect(await client.echo("a")).toBe("a")
    expect(pair.connection.state).toBe("open")
    expect(pair.server.stats().sessions).toBe(1)
  })

  test("heals after a drop, in the same session and without a gap", async () => {
    const { source, step } = counter()
    const pair = keep(connectedPair(makeRouter(source)))
    const client = createClient(api, pair.connection)
    const numbers = client.count()[Symbol.asyncIterator]()
    expect(await numbers.next()).toEqual({ value: 1, done: false })
    const { session } = pair.connection.info
    pair.drop()
    step()
    step()
    expect(await numbers.next()).toEqual({ value: 2, done: false })
    expect(pair.connection.info.session).toBe(session)
    await numbers.return?.()
  })

  test("waits unplugged until it is plugged in", async () => {
    const pair = keep(connectedPair(makeRouter()))
    const client = createClient(api, pair.connection)
    await client.echo("a")
    pair.unplug()
    await state(pair.connection, "waiting")
    const call = client.echo("b")
    await state(pair.connection, "connecting")
    await state(pair.connection, "waiting")
    pair.plug()
    expect(await call).toBe("b")
  })

  test("a restart loses the sessions", async () => {
    const pair = keep(connectedPair(makeRouter()))
    const client = createClient(api, pair.connection)
    const numbers = client.count()[Symbol.asyncIterator]()
    const events = client.fresh().events()
    expect(await numbers.next()).toEqual({ value: 1, done: false })
    expect(await events.next()).toMatchObject({ value: { item: 1 } })
    const lost = expect(client.hang()).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" })
    await client.echo("behind it")
    const first = pair.server
    pair.restart()
    expect(pair.server).not.toBe(first)
    await lost
    await expect(numbers.next()).rejects.toMatchObject({ code: "STREAM_LOST" })
    expect(await events.next()).toMatchObject({ value: { note: { type: "restarted" } } })
    expect(await events.next()).toMatchObject({ value: { item: 1 } })
    expect(first.stats().sessions).toBe(0)
    await events.return?.()
  })

  test("serves a router with a context", async () => {
    const router = scope<{ user: string }>().implement(
      contract({ me: call({ output: z.string() }) }),
      { me: ({ context }) => context.user },
    )
    const authenticate = ({ token }: { token: string | undefined }) => {
      if (!token) throw new RpcError("FORBIDDEN")
      return { principal: token, context: { user: token } }
    }
    const me = { me: call({ output: z.string() }) }
    const ada = keep(
      connectedPair(router, { connect: { token: () => "ada" }, serve: { authenticate } }),
    )
    expect(await createClient(me, ada.connection).me()).toBe("ada")
    const nobody = keep(connectedPair(router, { serve: { authenticate } }))
    await state(nobody.connection, "closed")
  })

  test("a closed server answers nobody", async () => {
    const pair = keep(connectedPair(makeRouter()))
    const client = createClient(api, pair.connection)
    await client.echo("a")
    await pair.server.close()
    await expect(client.echo("b", { timeout: 30 })).rejects.toMatchObject({ code: "TIMEOUT" })
  })

  test("messages pass under a test's fake timers", async () => {
    vi.useFakeTimers()
    const pair = keep(connectedPair(makeRouter()))
    const client = createClient(api, pair.connection)
    expect(await client.echo("a")).toBe("a")
    const hanging = expect(client.hang(undefined, { timeout: 60_000 })).rejects.toMatchObject({
      code: "TIMEOUT",
    })
    await vi.advanceTimersByTimeAsync(60_000)
    await hanging
  })
})

describe("a pair on a virtual clock", () => {
  test("answers without any time passing", async () => {
    const clock = new VirtualClock()
    const pair = keep(connectedPair(makeRouter(), { clock }))
    expect(await createClient(api, pair.connection).echo("a")).toBe("a")
    expect(clock.now()).toBe(0)
  })

  test("lets a timeout pass when told", async () => {
    const clock = new VirtualClock()
    const pair = keep(connectedPair(makeRouter(), { clock }))
    const outcomes: string[] = []
    const call = createClient(api, pair.connection)
      .hang(undefined, { timeout: 5_000 })
      .catch(({ code }) => outcomes.push(code))
    await clock.advance(4_999)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    await call
    expect(outcomes).toEqual(["TIMEOUT"])
    expect(clock.wall()).toBe(new VirtualClock().wall() + 5_000)
  })

  test("keeps an idle line open for a day", async () => {
    const clock = new VirtualClock()
    const pair = keep(connectedPair(makeRouter(), { clock }))
    await createClient(api, pair.connection).echo("a")
    const changes: string[] = []
    pair.connection.on("state", ({ to }) => changes.push(to))
    await clock.advance(86_400_000)
    expect(changes).toEqual([])
  })

  test("refuses a time that would never be over", async () => {
    const clock = new VirtualClock()
    keep(connectedPair(makeRouter(), { clock }))
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      await expect(clock.advance(time)).rejects.toThrow(`advance cannot be ${time}`)
    }
  })

  test("forgets a session whose client stays away longer than the grace", async () => {
    const clock = new VirtualClock()
    const options = { clock, serve: { session: { grace: 60_000 } } }
    const pair = keep(connectedPair(makeRouter(), options))
    const client = createClient(api, pair.connection)
    await client.echo("a")
    const { session } = pair.connection.info
    pair.unplug()
    await clock.advance(59_000)
    expect(pair.server.stats()).toMatchObject({ sessions: 1, attached: 0 })
    await clock.advance(1_000)
    expect(pair.server.stats().sessions).toBe(0)
    pair.plug()
    await clock.advance(1_000)
    await client.echo("b")
    expect(pair.connection.info.session).not.toBe(session)
  })
})

test("a client of another contract is logged, once a session, and served", async () => {
  const log: LogEntry[] = []
  const other = () => log.filter(({ message }) => message === "another contract")
  const serve = { contract: "a", log: (entry: LogEntry) => void log.push(entry) }
  const same = keep(connectedPair(makeRouter(), { serve, connect: { contract: "a" } }))
  await createClient(api, same.connection).echo("a")
  const silent = keep(connectedPair(makeRouter(), { serve }))
  await createClient(api, silent.connection).echo("a")
  expect(other()).toEqual([])
  const pair = keep(connectedPair(makeRouter(), { serve, connect: { contract: "b" } }))
  const client = createClient(api, pair.connection)
  expect(await client.echo("a")).toBe("a")
  pair.drop()
  expect(await client.echo("b")).toBe("b")
  const { session } = pair.connection.info
  expect(other()).toMatchObject([{ level: "warn", stated: "b", contract: "a", session }])
})
