import { type Connection, createClient, type StreamEvent, safe } from "@trunkline/client"
import { call, contract, event, subscription } from "@trunkline/contract"
import { type Broker, implement, memoryBroker, type Server, topic } from "@trunkline/server"
import { connectedPair, type Pair, VirtualClock } from "@trunkline/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"

/* A server leaves and another is there: the client makes a new session before it breaks the old one. */

const service = contract({
  echo: call({ input: z.string(), output: z.string() }),
  slow: call({ output: z.string() }),
  plain: subscription({ item: z.string() }),
  fresh: subscription({ item: z.string(), restart: "fresh" }),
  feed: subscription({ item: z.int(), replay: "topic" }),
  typing: event({ input: z.string() }),
})

let clock: VirtualClock
let pair: Pair
let states: string[]
/** Calls of `slow`, in the order in which they were entered. */
let slow: ((value: string) => void)[]
/** Streams that are read, and who reads them. */
let emitted: ((item: string | undefined) => void)[]
let aborted: string[]
let typed: string[]
/** Outlives the servers. */
let broker: Broker

function source(name: string, signal: AbortSignal): AsyncIterable<string> {
  const waiting: (string | undefined)[] = []
  let wake = () => {}
  emitted.push((item) => {
    waiting.push(item)
    wake()
  })
  signal.addEventListener("abort", () => {
    aborted.push(name)
    waiting.push(undefined)
    wake()
  })
  return (async function* () {
    for (;;) {
      while (waiting.length > 0) {
        const item = waiting.shift()
        if (item === undefined) return
        yield item
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  })()
}

const makeRouter = () =>
  implement(service, {
    echo: ({ input }) => input,
    slow: ({ signal }) =>
      new Promise((resolve) => {
        slow.push(resolve)
        signal.addEventListener("abort", () => aborted.push("slow"))
      }),
    plain: ({ signal }) => source("plain", signal),
    fresh: ({ signal }) => source("fresh", signal),
    feed: topic(service.feed, { broker }),
    typing: ({ input }) => void typed.push(input),
  })

function client(connection: Connection = pair.connection) {
  return createClient(service, connection)
}

function read<Item>(stream: { events(): AsyncIterable<StreamEvent<Item>> }) {
  const seen: (Item | string)[] = []
  const ended = (async () => {
    try {
      for await (const event of stream.events()) {
        seen.push("note" in event ? event.note.type : event.item)
      }
      return "end"
    } catch (error) {
      return (error as { code: string }).code
    }
  })()
  return { seen, ended }
}

beforeEach(async () => {
  clock = new VirtualClock()
  slow = []
  emitted = []
  aborted = []
  states = []
  typed = []
  broker = memoryBroker()
  pair = connectedPair(makeRouter(), { clock })
  pair.connection.on("state", ({ to }) => states.push(to))
  await clock.advance(0)
  expect(await client().echo("hello")).toBe("hello")
})

afterEach(async () => {
  const closing = pair.close()
  await clock.advance(60_000)
  await closing
  expect(pair.server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
  await broker.close()
})

/** Another server is there and the first begins to leave. */
function replace(within = 30_000): { readonly first: Server; readonly gone: Promise<void> } {
  const { server: first } = pair
  return { first, gone: pair.replace({ within, spread: 0 }) }
}

describe("when its server is about to leave, a client", () => {
  test("that does nothing moves to another, and is not without a line for a moment", async () => {
    const { session } = pair.connection.info
    const { first, gone } = replace()
    expect(first.draining).toBe(true)
    await clock.advance(1_000)
    await gone
    expect(first.stats().sessions).toBe(0)
    expect(pair.server.stats()).toMatchObject({ sessions: 1, attached: 1 })
    expect(pair.connection.info.session).not.toBe(session)
    expect(states).toEqual(["open", "draining", "open"])
  })

  test("finishes its calls where they run, and begins others at the next", async () => {
    const result = client().slow()
    await clock.advance(0)
    const { first, gone } = replace()
    await clock.advance(0)
    const held = client().echo("held")
    await clock.advance(1_000)
    expect(await held).toBe("held")
    expect(await client().echo("later")).toBe("later")
    expect([first.stats().channels, pair.server.stats().sessions]).toEqual([1, 1])
    expect(pair.connection.state).toBe("draining")
    slow[0]?.("done")
    expect(await result).toBe("done")
    await clock.advance(2_000)
    await gone
    expect(aborted).toEqual([])
    expect(pair.connection.state).toBe("open")
  })

  test("does not hear of a call that was refused on its way", async () => {
    const { gone } = replace()
    const call = client().echo("crossing")
    await clock.advance(1_000)
    expect(await call).toBe("crossing")
    await gone
  })

  test("cancels in whichever session the call is", async () => {
    const controllers = [new AbortController(), new AbortController()]
    const [old, young] = controllers
    const before = safe(client().slow(undefined, { signal: old?.signal }))
    await clock.advance(0)
    const { first } = replace()
    await clock.advance(1_000)
    const after = safe(client().slow(undefined, { signal: young?.signal }))
    await clock.advance(0)
    expect([first.stats().channels, pair.server.stats().channels]).toEqual([1, 1])
    for (const controller of controllers) controller.abort()
    await clock.advance(0)
    expect(await before).toMatchObject({ error: { code: "CANCELLED", executed: "unknown" } })
    expect(await after).toMatchObject({ error: { code: "CANCELLED", executed: "unknown" } })
    expect(aborted).toEqual(["slow", "slow"])
    expect(first.stats().sessions).toBe(0)
  })

  test("reads a stream to its end where it began", async () => {
    const { seen, ended } = read(client().plain())
    await clock.advance(0)
    const { gone } = replace()
    await clock.advance(5_000)
    emitted[0]?.("late")
    emitted[0]?.(undefined)
    await clock.advance(0)
    expect(await ended).toBe("end")
    expect(seen).toEqual(["late"])
    await gone
  })

  test("begins a stream anew as soon as nothing else is left, where the contract allows it", async () => {
    const { seen } = read(client().fresh())
    await clock.advance(0)
    emitted[0]?.("a")
    const { gone } = replace()
    await clock.advance(2_000)
    await gone
    emitted[1]?.("b")
    await clock.advance(0)
    expect(seen).toEqual(["a", "restarted", "b"])
    expect(aborted).toEqual(["fresh"])
    expect(pair.connection.state).toBe("open")
  })

  test("moves a stream of a topic at once, behind what arrived, and drops what comes twice", async () => {
    const feed = topic(service.feed, { broker, name: "feed" })
    const { seen } = read(client().feed())
    await clock.advance(0)
    await feed.publish(1)
    await clock.advance(0)
    const call = client().slow()
    await clock.advance(0)
    const { first, gone } = replace()
    await clock.advance(1_000)
    expect([first.stats().channels, pair.server.stats().channels]).toEqual([1, 1])
    await feed.publish(2)
    await clock.advance(0)
    expect(seen).toEqual([1, 2])
    slow[0]?.("done")
    expect(await call).toBe("done")
    await clock.advance(0)
    await gone
    await feed.publish(3)
    await clock.advance(0)
    expect(seen).toEqual([1, 2, 3])
  })

  test("takes along what waits of a stream that it does not read, and misses nothing of it", async () => {
    const feed = topic(service.feed, { broker, name: "feed" })
    const items = client().feed()[Symbol.asyncIterator]()
    const before = items.next()
    await clock.advance(0)
    const most = 3_000
    for (let item = 1; item <= most; item++) await feed.publish(item)
    await clock.advance(0)
    expect((await before).value).toBe(1)
    const { gone } = replace()
    await clock.advance(2_000)
    await gone
    for (let item = 2; item <= most; item++) {
      const next = items.next()
      await clock.advance(0)
      expect((await next).value).toBe(item)
    }
    await items.return?.()
  })

  test("sends events that wait at the next server, in line with the calls", async () => {
    const { gone } = replace()
    await clock.advance(0)
    client().typing("a")
    const call = client().echo("b")
    expect(typed).toEqual([])
    await clock.advance(1_000)
    expect(await call).toBe("b")
    expect(typed).toEqual(["a"])
    await gone
  })

  test("loses at the deadline what may not begin anew, and is told so", async () => {
    const { ended } = read(client().plain())
    const call = safe(client().slow(undefined, { timeout: 60_000 }))
    await clock.advance(0)
    const { gone } = replace()
    await clock.advance(30_000)
    await gone
    expect(await ended).toBe("STREAM_LOST")
    expect(await call).toMatchObject({ error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } })
    expect(await client().echo("still there")).toBe("still there")
  })

  test("follows from server to server while the first still works for it", async () => {
    const result = client().slow()
    await clock.advance(0)
    const servers = [replace().first]
    await clock.advance(1_000)
    servers.push(replace().first)
    const held = client().echo("held")
    await clock.advance(1_000)
    expect(await held).toBe("held")
    expect(servers.map((server) => server.stats().sessions)).toEqual([1, 0])
    slow[0]?.("done")
    expect(await result).toBe("done")
    await clock.advance(0)
    expect(pair.connection.state).toBe("open")
  })

  test("goes on with calls at both when the line breaks, as far as the balancer lets it", async () => {
    const running = safe(client().slow())
    await clock.advance(0)
    const { gone } = replace()
    await clock.advance(1_000)
    const young = client().slow()
    await clock.advance(0)
    pair.drop()
    await clock.advance(1_000)
    // Its session was at the server that nobody reaches any more.
    expect(await running).toMatchObject({ error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } })
    slow[1]?.("young")
    expect(await young).toBe("young")
    await clock.advance(30_000)
    await gone
    expect(pair.connection.state).toBe("open")
  })

  test("finishes in both sessions what it has when it drains itself", async () => {
    const old = client().slow()
    await clock.advance(0)
    const { gone } = replace()
    await clock.advance(1_000)
    const young = client().slow()
    await clock.advance(0)
    const drained = pair.connection.drain()
    expect(await safe(client().echo("late"))).toMatchObject({ error: { code: "CLOSED" } })
    slow[1]?.("young")
    expect(await young).toBe("young")
    expect(pair.connection.state).toBe("draining")
    slow[0]?.("old")
    expect(await old).toBe("old")
    await drained
    await clock.advance(0)
    expect(pair.connection.state).toBe("closed")
    await gone
    expect(pair.server.stats().sessions).toBe(0)
  })

  test("closes both sessions, and waits for neither", async () => {
    const old = safe(client().slow())
    await clock.advance(0)
    const { first } = replace()
    await clock.advance(1_000)
    const young = safe(client().slow())
    await clock.advance(0)
    await pair.connection.close()
    await clock.advance(0)
    for (const result of [await old, await young]) {
      expect(result).toMatchObject({ error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } })
    }
    expect([first.stats().sessions, pair.server.stats().sessions]).toEqual([0, 0])
    expect(states.at(-1)).toBe("closed")
  })
})
