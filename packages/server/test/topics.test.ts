import { type ConnectOptions, connect, createClient } from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { contract, subscription } from "@trunkline/contract"
import { type Broker, implement, memoryBroker, type Server, serve, topic } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, expect, test } from "vitest"
import * as z from "zod"
import { FaultyProxy } from "./support/faulty-proxy.js"

/* Topics over real sockets: what was published reaches every reader once, from whichever server it reads. */

const Sample = z.object({
  at: z.date(),
  bytes: z.instanceof(Uint8Array),
  count: z.bigint(),
  tags: z.set(z.string()),
})
const service = contract({
  log: subscription({ item: z.number(), replay: "topic" }),
  lenient: subscription({ item: z.string(), replay: "topic", onGap: "continue" }),
  rooms: subscription({
    input: z.object({ topic: z.number(), room: z.number() }),
    item: z.string(),
    replay: "topic",
  }),
  samples: subscription({ item: Sample, replay: "topic" }),
})

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

interface Node {
  readonly server: Server
  readonly listening: Listening
  readonly log: ReturnType<typeof logOf>
  readonly lenient: ReturnType<typeof lenientOf>
  readonly rooms: ReturnType<typeof roomsOf>
}

const logOf = (broker: Broker) => topic(service.log, { broker })
const lenientOf = (broker: Broker) => topic(service.lenient, { broker })
const samplesOf = (broker: Broker) => topic(service.samples, { broker })
const roomsOf = (broker: Broker) =>
  topic(service.rooms, { broker, key: ({ topic, room }) => `${topic}/${room}` })

async function start(broker: Broker, port = 0): Promise<Node> {
  const [log, lenient, rooms] = [logOf(broker), lenientOf(broker), roomsOf(broker)]
  const samples = samplesOf(broker)
  const server = serve(implement(service, { log, lenient, rooms, samples }))
  const listening = await listen(server, { port, hostname: "127.0.0.1" })
  endings.push(() => listening.close())
  return { server, listening, log, lenient, rooms }
}

function clientOf(url: string, options: ConnectOptions = {}) {
  const connection = connect(url, { reconnect: { base: 10, cap: 50 }, ...options })
  endings.push(() => connection.close())
  return createClient(service, connection)
}

const aTurn = () => new Promise(setImmediate)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

test("a reader that moves between two servers misses nothing and hears nothing twice", async () => {
  const broker = memoryBroker()
  const nodes = [await start(broker), await start(broker)]
  const proxy = await FaultyProxy.to(nodes[0]?.listening.port ?? 0)
  endings.push(() => proxy.close())
  const client = clientOf(proxy.url)
  const from = await broker.position("log")
  const items = 1_500
  const seen: number[] = []
  const publishing = (async () => {
    let atCut = -1
    for (const item of numbers(items)) {
      await nodes[item % 2]?.log.publish(item)
      if (item % 10 === 0) await aTurn()
      if (item % 150 === 75) {
        // It reads on where it is now before it has to go.
        while (seen.length <= atCut) await aTurn()
        atCut = seen.length
        proxy.target = nodes[(item / 75) % 4 < 2 ? 1 : 0]?.listening.port ?? 0
        proxy.cut()
      }
    }
  })()
  for await (const item of client.log(undefined, { from })) if (seen.push(item) === items) break
  await publishing
  expect(seen).toEqual(numbers(items))
  expect(proxy.counts.cut).toBeGreaterThan(3)
})

test("what is published while the only server restarts reaches its readers", async () => {
  const broker = memoryBroker()
  const first = await start(broker)
  const { port } = first.listening
  const client = clientOf(`ws://127.0.0.1:${port}/rpc`)
  const stream = client
    .log(undefined, { from: await broker.position("log") })
    [Symbol.asyncIterator]()
  await first.log.publish(0)
  expect((await stream.next()).value).toBe(0)
  await first.listening.close()
  const meanwhile = logOf(broker)
  await meanwhile.publish(1)
  await meanwhile.publish(2)
  const second = await start(broker, port)
  await second.log.publish(3)
  for (const item of [1, 2, 3]) expect((await stream.next()).value).toBe(item)
  await stream.return?.()
})

test("a slow reader gets everything, and nobody waits for it", async () => {
  const broker = memoryBroker()
  const { log, listening, server } = await start(broker)
  const items = 8_000
  const from = await broker.position("log")
  const url = `ws://127.0.0.1:${listening.port}/rpc`
  const slow = clientOf(url).log(undefined, { from })[Symbol.asyncIterator]()
  await log.publish(0)
  expect((await slow.next()).value).toBe(0)
  const quick = numbers(3).map(async () => {
    const seen: number[] = []
    for await (const item of clientOf(url).log(undefined, { from })) {
      if (seen.push(item) === items) return seen
    }
    return seen
  })
  for (const item of numbers(items).slice(1)) {
    await log.publish(item)
    if (item % 50 === 0) await aTurn()
  }
  for (const seen of await Promise.all(quick)) expect(seen).toEqual(numbers(items))
  expect(server.stats().retained).toBeLessThan(300_000)
  for (const item of numbers(items).slice(1)) expect((await slow.next()).value).toBe(item)
  await slow.return?.()
})

test("what a reader leaves unread costs the server no memory, and in the end it hears what it missed", async () => {
  const broker = memoryBroker({ entries: 500 })
  const { lenient, listening, server } = await start(broker)
  const stream = clientOf(`ws://127.0.0.1:${listening.port}/rpc`).lenient(undefined, {
    from: await broker.position("lenient"),
  })
  const events = stream.events()[Symbol.asyncIterator]()
  const text = "x".repeat(1_000)
  await lenient.publish(`0 ${text}`)
  expect(await events.next()).toMatchObject({ value: { item: `0 ${text}` } })
  const items = 5_000
  for (const item of numbers(items).slice(1)) {
    await lenient.publish(`${item} ${text}`)
    if (item % 50 === 0) await aTurn()
  }
  expect(server.stats().retained).toBeLessThan(600_000)
  let expected: number | undefined = 1
  let gaps = 0
  while (expected !== items) {
    const { value } = await events.next()
    if (!value) throw new Error("the stream ended")
    if ("note" in value) {
      gaps += Number(value.note.type === "gap")
      expected = undefined
    } else {
      const item = Number(value.item.split(" ")[0])
      expect(item).toBe(expected ?? item)
      expected = item + 1
    }
  }
  expect(gaps).toBeGreaterThan(0)
  await events.return?.()
})

test("a hundred keys are a hundred logs", async () => {
  const broker = memoryBroker()
  const { rooms, listening } = await start(broker)
  const client = clientOf(`ws://127.0.0.1:${listening.port}/rpc`)
  const inputs = numbers(100).map((n) => ({ topic: n % 10, room: Math.floor(n / 10) }))
  const reading = inputs.map(async (input) => {
    const seen: string[] = []
    for await (const item of client.rooms(input)) if (seen.push(item) === 20) return seen
    return seen
  })
  while (rooms.readers < inputs.length) await aTurn()
  for (const n of numbers(20)) {
    await Promise.all(
      inputs.map((input) => rooms.publish(input, `${input.topic} ${input.room} ${n}`)),
    )
  }
  for (const [n, seen] of (await Promise.all(reading)).entries()) {
    const { topic, room } = inputs[n] ?? {}
    expect(seen).toEqual(numbers(20).map((item) => `${topic} ${room} ${item}`))
  }
  while (rooms.readers > 0) await aTurn()
})

test("readers of either codec get what was published, bytes and all", async () => {
  const broker = memoryBroker()
  const { listening } = await start(broker)
  const samples = samplesOf(broker)
  const from = await samples.position()
  const sample = {
    at: new Date(5),
    bytes: new Uint8Array([0, 255]),
    count: 12n,
    tags: new Set(["a"]),
  }
  await samples.publish(sample)
  const url = `ws://127.0.0.1:${listening.port}/rpc`
  for (const codecs of [[], [msgpack]]) {
    for await (const item of clientOf(url, { codecs }).samples(undefined, { from })) {
      expect(item).toEqual(sample)
      break
    }
  }
})
