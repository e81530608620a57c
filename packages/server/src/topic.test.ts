import { createClient } from "@trunkline/client"
import { contract, RpcError, subscription } from "@trunkline/contract"
import { ReplaySource } from "@trunkline/endpoint"
import { connectedPair, VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { type Broker, implement, type LogEntry, memoryBroker, topic } from "./index.js"

const Room = z.object({ room: z.string() })
const api = contract({
  alerts: subscription({ item: z.number(), replay: "topic" }),
  rooms: subscription({ input: Room, item: z.string(), replay: "topic", onGap: "continue" }),
  board: subscription({ item: z.number(), replay: "topic", state: z.array(z.number()) }),
  shared: subscription({ item: z.number() }),
  prices: subscription({ item: z.object({ id: z.string() }), delivery: { conflate: "id" } }),
})

/** A memory broker of which parts are replaced. */
function brokerWith(parts: Partial<Broker>): Broker {
  const broker = memoryBroker()
  return {
    capabilities: broker.capabilities,
    publish: (...given) => broker.publish(...given),
    open: (...given) => broker.open(...given),
    position: (...given) => broker.position(...given),
    close: () => broker.close(),
    ...parts,
  }
}

const loose = <T>(value: unknown) => value as T

describe("a topic that replays", () => {
  test("is continued on another server that shares its broker", async () => {
    const alerts = topic(api.alerts, { broker: memoryBroker() })
    const handlers = { alerts }
    const pair = connectedPair(implement({ alerts: api.alerts }, handlers))
    const client = createClient({ alerts: api.alerts }, pair.connection)
    const cursor = await alerts.position()
    await alerts.publish(1)
    const seen: unknown[] = []
    for await (const event of client.alerts(undefined, { from: cursor }).events()) {
      seen.push("item" in event ? event.item : event.note)
      if (seen.length === 1) {
        pair.restart()
        await alerts.publish(2)
        await alerts.publish(3)
      }
      if (seen.length === 3) break
    }
    expect(seen).toEqual([1, 2, 3])
    await pair.close()
  })

  test("resolves publishing with the item's cursor, which reading goes on from", async () => {
    const alerts = topic(api.alerts, { broker: memoryBroker() })
    const pair = connectedPair(implement({ alerts: api.alerts }, { alerts }))
    const client = createClient({ alerts: api.alerts }, pair.connection)
    const cursors = [await alerts.publish(1), await alerts.publish(2)]
    expect(await alerts.position()).toBe(cursors[1])
    for await (const event of client.alerts(undefined, { from: cursors[0] }).events()) {
      expect(event).toEqual({ item: 2, cursor: cursors[1] })
      break
    }
    await pair.close()
  })

  test("tells of a gap behind a cursor that was never given out, and goes on", async () => {
    const rooms = topic(api.rooms, { broker: memoryBroker(), key: ({ room }) => room })
    const pair = connectedPair(implement({ rooms: api.rooms }, { rooms }))
    const client = createClient({ rooms: api.rooms }, pair.connection)
    const first = await rooms.publish({ room: "a" }, "1")
    const seen: unknown[] = []
    for await (const event of client.rooms({ room: "a" }, { from: "gone" }).events()) {
      seen.push(event)
      if (seen.length === 2) break
    }
    expect(seen).toMatchObject([{ note: { type: "gap" } }, { item: "1", cursor: first }])
    await pair.close()
  })

  test("has one log a key", async () => {
    const rooms = topic(api.rooms, { broker: memoryBroker(), key: ({ room }) => room })
    const pair = connectedPair(implement({ rooms: api.rooms }, { rooms }))
    const client = createClient({ rooms: api.rooms }, pair.connection)
    const from = await rooms.position({ room: "a" })
    await rooms.publish({ room: "b" }, "of b")
    await rooms.publish({ room: "a" }, "of a")
    for await (const item of client.rooms({ room: "a" }, { from })) {
      expect(item).toBe("of a")
      break
    }
    await expect(async () => {
      for await (const _ of client.rooms({ room: "x".repeat(1_020) }));
    }).rejects.toMatchObject({ code: "VALIDATION" })
    await pair.close()
  })

  test("counts its readers, and lets go of them", async () => {
    const alerts = topic(api.alerts, { broker: memoryBroker() })
    const pair = connectedPair(implement({ alerts: api.alerts }, { alerts }))
    const client = createClient({ alerts: api.alerts }, pair.connection)
    await alerts.publish(1)
    const stream = client.alerts()[Symbol.asyncIterator]()
    const first = stream.next()
    while (alerts.readers === 0) await new Promise(setImmediate)
    await alerts.publish(2)
    expect(await first).toEqual({ done: false, value: 2 })
    await stream.return?.()
    while (alerts.readers > 0) await new Promise(setImmediate)
    await pair.close()
  })
})

describe("a topic with a state", () => {
  async function firstEvents(board: ReturnType<typeof boardOf>, count: number) {
    const pair = connectedPair(implement({ board: api.board }, { board }))
    const events: unknown[] = []
    for await (const event of createClient({ board: api.board }, pair.connection)
      .board()
      .events()) {
      events.push("item" in event ? event.item : event.note)
      if (events.length === count) break
    }
    await pair.close()
    return events
  }
  const boardOf = (
    snapshot: Parameters<
      typeof topic<undefined, z.ZodNumber, object, "topic", z.ZodArray<z.ZodNumber>>
    >[1]["snapshot"],
    broker = memoryBroker(),
  ) => topic(api.board, { broker, snapshot })

  test("begins with what its loader read, and goes on exactly there", async () => {
    const broker = memoryBroker()
    const state: number[] = []
    let cursor = ""
    const board = boardOf(() => ({ state: [...state], cursor }), broker)
    for (const item of [1, 2]) {
      cursor = await board.publish(item)
      state.push(item)
    }
    const events = firstEvents(board, 2)
    await new Promise(setImmediate)
    await board.publish(3)
    expect(await events).toEqual([{ type: "reset", state: [1, 2], cursor }, 3])
  })

  test("reads the position first where the loader has none: what comes between comes twice", async () => {
    const broker = memoryBroker()
    const board = boardOf(
      {
        atLeastOnce: async () => {
          await board.publish(7)
          return [7]
        },
      },
      broker,
    )
    expect(await firstEvents(board, 2)).toMatchObject([{ type: "reset", state: [7] }, 7])
  })
})

describe("a topic with a broker that does not replay", () => {
  test("reaches the readers of all nodes", async () => {
    const broker = memoryBroker()
    const nodes = [1, 2].map(() => {
      const shared = topic(api.shared, { broker })
      return { shared, pair: connectedPair(implement({ shared: api.shared }, { shared })) }
    })
    const read = nodes.map(async ({ pair }) => {
      const seen: number[] = []
      for await (const item of createClient({ shared: api.shared }, pair.connection).shared()) {
        if (seen.push(item) === 3) return seen
      }
      return seen
    })
    while (nodes.some(({ shared }) => shared.readers === 0)) await new Promise(setImmediate)
    for (const item of [1, 2, 3]) await nodes[item % 2]?.shared.publish(item)
    expect(await Promise.all(read)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
    for (const { pair, shared } of nodes) {
      await pair.close()
      expect(shared.readers).toBe(0)
    }
  })

  test.each([
    [api.shared, "GAP"],
    [api.prices, undefined],
  ])("ends a lossless stream at a gap, and no lossy one", async (procedure, code) => {
    const broker = memoryBroker()
    let breaks = () => {}
    const broken = new Promise<void>((resolve) => {
      breaks = resolve
    })
    const steps = [[{ gap: true as const, cursor: "x" }]]
    const lossy = brokerWith({
      capabilities: { replay: false, durable: false, dedupe: 0 },
      open: async (name) => {
        const reader = await broker.open(name)
        const read = async (most: number) => {
          await broken
          return steps.pop() ?? reader.read(most)
        }
        return { start: "s", gap: false, close: () => reader.close(), read }
      },
    })
    const source = topic(loose<typeof api.prices>(procedure), { broker: lossy, name: "a" })
    const pair = connectedPair(
      implement({ source: loose<typeof api.prices>(procedure) }, { source }),
    )
    const stream = createClient(
      { source: loose<typeof api.prices>(procedure) },
      pair.connection,
    ).source()
    const read = Promise.allSettled([stream[Symbol.asyncIterator]().next()])
    while (source.readers === 0) await new Promise(setImmediate)
    breaks()
    await broker.publish("a", '{"id":"1"}', { dedupeId: "1" })
    const [outcome] = await read
    expect(outcome).toMatchObject(code ? { reason: { code } } : { value: { value: { id: "1" } } })
    await pair.close()
  })
})

describe("publishing", () => {
  const publishing = (publish: Broker["publish"], dedupe = 120_000) => {
    const clock = new VirtualClock()
    const capabilities = { replay: true, durable: false, dedupe }
    const alerts = topic(api.alerts, { broker: brokerWith({ publish, capabilities }), host: clock })
    return { clock, alerts }
  }
  const no = new RpcError("UNAVAILABLE", { executed: "no" })

  test("tries again with the same id until the broker answers", async () => {
    const ids: string[] = []
    const { clock, alerts } = publishing(async (_, __, { dedupeId }) => {
      if (ids.push(dedupeId) < 3) throw new Error("the connection broke")
      return "c.1"
    })
    const published = alerts.publish(1)
    await clock.advance(5_000)
    expect(await published).toBe("c.1")
    expect(new Set(ids)).toHaveProperty("size", 1)
    expect(ids).toHaveLength(3)
  })

  test("gives every item an id of its own", async () => {
    const ids = new Set<string>()
    const { alerts } = publishing(async (_, __, { dedupeId }) => {
      ids.add(dedupeId)
      return "c.1"
    })
    await Promise.all([alerts.publish(1), alerts.publish(1)])
    expect(ids.size).toBe(2)
  })

  test.each([
    ["surely not there", () => Promise.reject(no), "UNAVAILABLE", "no", 120_000],
    ["unheard of", () => new Promise<never>(() => {}), "OUTCOME_UNKNOWN", "unknown", 120_000],
    ["in doubt", () => Promise.reject(new Error("broke")), "OUTCOME_UNKNOWN", "unknown", 120_000],
    [
      "in doubt, where ids are forgotten",
      () => Promise.reject(new Error("broke")),
      "OUTCOME_UNKNOWN",
      "unknown",
      0,
    ],
    ["a cursor that is none", async () => "a b", "OUTCOME_UNKNOWN", "unknown", 120_000],
  ])("says truly what became of an item that is %s", async (_, publish, code, executed, dedupe) => {
    let attempts = 0
    const { clock, alerts } = publishing(() => {
      attempts++
      return publish()
    }, dedupe)
    const published = alerts.publish(1)
    const settled = Promise.allSettled([published])
    await clock.advance(11_000)
    const [outcome] = await settled
    expect(outcome).toMatchObject({ status: "rejected", reason: { code, executed } })
    if (dedupe === 0) expect(attempts).toBe(1)
    // At least one more; whether another fits in is up to the chance in the first retry.
    else expect(attempts).toBeGreaterThan(1)
  })

  test("hands on at once what the broker refuses for good", async () => {
    const refusal = new RpcError("TOO_LARGE", { executed: "no" })
    const { alerts } = publishing(() => Promise.reject(refusal))
    await expect(alerts.publish(1)).rejects.toBe(refusal)
  })

  test("refuses what does not fit, cannot be written, or would be too large for any reader", async () => {
    const broker = memoryBroker()
    const alerts = topic(api.alerts, { broker })
    await expect(alerts.publish(loose("1"))).rejects.toMatchObject({
      code: "VALIDATION",
      message: "VALIDATION: Invalid input: expected number, received string",
    })
    const any = topic(subscription({ item: z.any(), replay: "topic" }), { broker, name: "any" })
    await expect(any.publish(() => 1)).rejects.toMatchObject({
      code: "UNENCODABLE",
      executed: "no",
    })
    const large = any.publish("x".repeat(1_048_576))
    await expect(large).rejects.toMatchObject({ code: "TOO_LARGE", executed: "no" })
    expect(await any.position()).toBe(await broker.position("never"))
  })

  test("bounds what waits for a broker that does not answer", async () => {
    const clock = new VirtualClock()
    const broker = brokerWith({ publish: () => new Promise<never>(() => {}) })
    const any = topic(subscription({ item: z.any() }), { broker, name: "any", host: clock })
    const large = "x".repeat(1_000_000)
    const settled = Promise.allSettled(Array.from({ length: 67 }, () => any.publish(large)))
    await expect(any.publish(large)).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" })
    await clock.advance(11_000)
    expect((await settled).every(({ status }) => status === "rejected")).toBe(true)
    const later = any.publish(large).catch(({ code }) => code)
    await clock.advance(11_000)
    expect(await later).toBe("OUTCOME_UNKNOWN")
  })
})

describe("a topic is refused", () => {
  const broker = memoryBroker()

  test("where it replays without a broker, or with one that does not", () => {
    expect(() => topic(loose<typeof api.shared>(api.alerts))).toThrow("what replays needs a broker")
    const without = brokerWith({ capabilities: { replay: false, durable: false, dedupe: 0 } })
    expect(() => topic(api.alerts, { broker: without })).toThrow(
      "what replays needs a broker that does",
    )
  })

  test("without a name that nodes can agree upon", () => {
    const procedure = subscription({ item: z.number(), replay: "topic" })
    expect(() => topic(procedure, { broker })).toThrow("needs a name")
    contract({ a: procedure })
    topic(procedure, { broker })
    contract({ b: procedure })
    expect(() => topic(procedure, { broker })).toThrow("needs a name")
    topic(procedure, { broker, name: "a" })
  })

  test("where a state has no snapshot", () => {
    expect(() => topic(api.board, loose({ broker }))).toThrow("a state needs a snapshot")
  })

  test("where a key is no text", async () => {
    const rooms = topic(api.rooms, { broker, key: loose(() => 1) })
    await expect(rooms.publish({ room: "a" }, "1")).rejects.toThrow("a key is a text")
  })
})

test.each<[options: object, complaint: string]>([
  [{ broker: 5 }, "topic: no broker, such as memoryBroker() makes"],
  [{ broker: memoryBroker }, "topic: no broker"],
  [{ broker: brokerWith({ publish: loose(undefined) }) }, "topic: no broker"],
  [{ broker: brokerWith({ capabilities: loose({ replay: true }) }) }, "topic: no broker"],
  [{ broker: memoryBroker(), name: 5 }, "topic: a name is a text"],
  [{ broker: memoryBroker(), name: "\ud800" }, "topic: a name is a text"],
  [{ broker: memoryBroker(), log: console }, "topic: log is no function"],
  [{ broker: memoryBroker(), key: "room" }, "topic: key is no function"],
  [{ key: "room" }, "topic: key is no function"],
])("a topic refuses %o where it is given", (options, complaint) => {
  expect(() => topic(api.shared, loose(options))).toThrow(TypeError)
  expect(() => topic(api.shared, loose(options))).toThrow(complaint)
})

test("no name and key make the topic of another name and key", async () => {
  const names = new Set<string>()
  const broker = brokerWith({
    publish: async (name) => {
      names.add(name)
      return "c"
    },
  })
  const procedure = subscription({ input: z.string(), item: z.number(), replay: "topic" })
  const key = (input: string) => input
  for (const [name, input] of [
    ["a", "b:c"],
    ["a:b", "c"],
    ["a", ""],
    ["a%3Ab", "c"],
  ] as const) {
    await topic(procedure, { broker, name, key }).publish(input, 1)
  }
  await topic(subscription({ item: z.number() }), { broker, name: "a" }).publish(1)
  expect(names.size).toBe(5)
})

test("a broker that is out of reach is told of in the log, without its keys", async () => {
  const entries: LogEntry[] = []
  const broker = brokerWith({ open: () => Promise.reject(new Error("down")) })
  const rooms = topic(api.rooms, {
    broker,
    key: ({ room }) => room,
    log: (entry) => entries.push(entry),
  })
  const source: unknown = Reflect.apply(rooms, undefined, [{ input: { room: "secret" } }])
  if (!(source instanceof ReplaySource)) throw new Error("no log")
  await expect(source.open(undefined, () => {})).rejects.toMatchObject({ code: "UNAVAILABLE" })
  expect(entries).toMatchObject([{ message: "the broker cannot be reached", topic: "rooms" }])
  expect(JSON.stringify(entries)).not.toContain("secret")
})
