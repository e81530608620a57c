import {
  type Connection,
  type ConnectOptions,
  connect,
  createClient,
  safe,
} from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { call, contract, event, subscription } from "@trunkline/contract"
import { type CodecName, implement, type ServeOptions, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { connectedPair, type Pair, VirtualClock } from "@trunkline/testing"
import { afterEach, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"
import { FaultyProxy } from "../../server/test/support/faulty-proxy.js"

/* Which codec is spoken, and what becomes of what waits when that changes. */

const service = contract({
  echo: call({ input: z.unknown(), output: z.unknown() }),
  /** Gives the item back until it is cancelled. */
  repeat: subscription({ input: z.unknown(), item: z.unknown(), restart: "fresh" }),
  hang: call({ input: z.unknown(), output: z.unknown(), idempotency: "safe" }),
  mark: event({ input: z.unknown() }),
})

function makeRouter() {
  const marks: unknown[] = []
  const hanging: ((value: unknown) => void)[] = []
  const router = implement(service, {
    echo: ({ input }) => input,
    async *repeat({ input, signal }) {
      yield input
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
    },
    hang: ({ input }) => new Promise((resolve) => hanging.push(() => resolve(input))),
    mark: ({ input }) => void marks.push(input),
  })
  return { router, marks, hanging }
}

const rich = {
  bytes: new Uint8Array([0, 1, 255]),
  date: new Date(5),
  big: 12n ** 40n,
  map: new Map<unknown, unknown>([[1, new Set(["é", undefined])]]),
  numbers: [-0, Number.NaN, 0.5, 2 ** 53 - 1],
  $: "no marker",
}

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const reconnect = { base: 1, cap: 10 }

async function start(options: ServeOptions<unknown> = {}): Promise<Listening> {
  const listening = await listen(serve(makeRouter().router, options), { port: 0 })
  ends.push(() => listening.close())
  return listening
}

function dial(port: number, options: ConnectOptions = {}): Connection {
  const connection = connect(`ws://127.0.0.1:${port}/rpc`, { reconnect, ...options })
  ends.push(() => connection.close())
  return connection
}

describe("over real sockets", () => {
  test.each<[offered: string, speaks: readonly CodecName[] | undefined, spoken: string]>([
    ["json", undefined, "json"],
    ["msgpack", undefined, "msgpack"],
    ["msgpack", ["json", "msgpack"], "json"],
    ["msgpack", ["json"], "json"],
    ["msgpack", ["msgpack"], "msgpack"],
    ["json", ["json"], "json"],
  ])("%s is offered to a server of %s: they speak %s", async (offered, codecs, spoken) => {
    const { port } = await start({ codecs })
    const connection = dial(port, offered === "msgpack" ? { codecs: [msgpack] } : {})
    const client = createClient(service, connection)
    expect(await client.echo(rich)).toStrictEqual(rich)
    for await (const item of client.repeat(rich)) {
      expect(item).toStrictEqual(rich)
      break
    }
    expect(connection.info.subprotocol).toBe(`trunkline.v1.${spoken}`)
  })

  test("a client of JSON is refused by a server of msgpack, with its reason", async () => {
    const { port } = await start({ codecs: ["msgpack"] })
    const connection = dial(port)
    const result = await safe(createClient(service, connection).echo(1))
    expect(result).toMatchObject({ ok: false, error: { code: "CLOSED", executed: "no" } })
    expect(connection.state).toBe("closed")
  })

  test("large bytes go both ways, in parts", async () => {
    const { port } = await start()
    const client = createClient(service, dial(port, { codecs: [msgpack] }))
    const bytes = new Uint8Array(1_000_000).map((_, index) => index * 7)
    const back = await client.echo(bytes)
    if (!(back instanceof Uint8Array)) throw new Error("no bytes came back")
    expect(Buffer.compare(back, bytes)).toBe(0)
  })

  test("a resume offers what its session speaks, and nothing else", async () => {
    const offers: unknown[] = []
    const { port } = await start({
      authenticate: ({ request }) => {
        offers.push(Reflect.get(Object(request), "headers")["sec-websocket-protocol"])
        return { context: {} }
      },
    })
    const proxy = await FaultyProxy.to(port)
    ends.push(() => proxy.close())
    const connection = dial(proxy.port, { codecs: [msgpack] })
    const client = createClient(service, connection)
    await client.echo(1)
    const { session } = connection.info
    proxy.cut()
    expect(await client.echo(2)).toBe(2)
    expect(connection.info.session).toBe(session)
    const all = "trunkline.v1.msgpack,trunkline.v1.json,trunkline.reject"
    expect(offers).toEqual([all, "trunkline.v1.msgpack,trunkline.reject"])
  })

  test.each([
    ["trunkline.v1.msgpack", "text"],
    ["trunkline.v1.json", "binary"],
  ])("on %s a message that is %s closes 1003", async (subprotocol, sort) => {
    const { port } = await start()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, [subprotocol])
    const codec = subprotocol === msgpack.subprotocol ? msgpack : undefined
    await new Promise((resolve) => socket.once("open", resolve))
    const limits = { window: 262_144, calls: 1, streams: 1, messageBytes: 1_000 }
    const hello = [0, 0, [1, { caps: [], client: "raw", instance: "i", limits }]]
    socket.send(codec ? codec.encode(hello) : JSON.stringify(hello))
    await new Promise((resolve) => socket.once("message", resolve))
    socket.send(sort === "text" ? "[0,0]" : new Uint8Array([0x92, 0, 0]))
    const code = await new Promise((resolve) => socket.once("close", resolve))
    expect(code).toBe(1003)
  })
})

/** A pair whose server may speak otherwise after a restart. */
function changing(first: readonly CodecName[]) {
  let codecs = first
  const clock = new VirtualClock()
  const { router, marks, hanging } = makeRouter()
  const pair: Pair = connectedPair(router, {
    clock,
    connect: { codecs: [msgpack] },
    serve: {
      get codecs() {
        return codecs
      },
    },
  })
  ends.push(() => pair.close())
  const restart = (next: readonly CodecName[]) => {
    codecs = next
    pair.restart()
  }
  const client = createClient(service, pair.connection)
  const subprotocol = () => pair.connection.info.subprotocol.replace("trunkline.v1.", "")
  return { pair, client, clock, restart, marks, hanging, subprotocol }
}

/** Levels that msgpack counts as two and JSON as three. */
const onlyMsgpack = Array.from({ length: 62 }).reduce((inner) => [inner], new Map([[1, 2]]))

describe("what waits for a line that speaks otherwise than was thought", () => {
  test("is written anew", async () => {
    const { pair, client, clock, marks, subprotocol } = changing(["json"])
    expect(subprotocol()).toBe("msgpack")
    const calls = [client.echo(rich), client.echo(undefined), client.echo([1])]
    client.mark(rich)
    client.mark()
    const stream = client.repeat(rich)[Symbol.asyncIterator]()
    const first = stream.next()
    await clock.advance(100)
    expect(await Promise.all(calls)).toStrictEqual([rich, undefined, [1]])
    expect((await first).value).toStrictEqual(rich)
    expect(marks).toStrictEqual([rich, undefined])
    expect(subprotocol()).toBe("json")
    await stream.return?.()
    await pair.close()
  })

  test("fails alone where it has no form, and events are counted", async () => {
    const { pair, client, clock, marks } = changing(["json"])
    const lost: number[] = []
    pair.connection.on("lost", ({ events }) => lost.push(events))
    const unsayable = safe(client.echo(onlyMsgpack))
    const other = client.echo("other")
    client.mark(onlyMsgpack)
    client.mark(new Uint8Array(60_000))
    client.mark("marked")
    await clock.advance(100)
    expect(await unsayable).toMatchObject({ error: { code: "UNENCODABLE", executed: "no" } })
    expect(await other).toBe("other")
    expect(marks).toEqual(["marked"])
    expect(lost).toEqual([2])
  })
})

describe("a server that comes back and speaks otherwise", () => {
  test.each<[readonly CodecName[], readonly CodecName[]]>([
    [["msgpack"], ["json"]],
    [["json"], ["msgpack"]],
  ])("from %s to %s: calls and streams go on", async (before, after) => {
    const { client, clock, restart, hanging, subprotocol } = changing(before)
    const calls = [client.hang(rich), client.hang(7)]
    const stream = client.repeat(rich).events()[Symbol.asyncIterator]()
    const items: unknown[] = []
    const read = (async () => {
      for (let event = await stream.next(); !event.done; event = await stream.next()) {
        items.push("item" in event.value ? event.value.item : event.value.note.type)
      }
    })()
    await clock.advance(100)
    expect(hanging).toHaveLength(2)
    expect(subprotocol()).toBe(before[0])
    restart(after)
    await clock.advance(1)
    const late = client.echo(rich)
    await clock.advance(1_000)
    expect(subprotocol()).toBe(after[0])
    expect(await late).toStrictEqual(rich)
    for (const release of hanging) release(undefined)
    await clock.advance(100)
    expect(await Promise.all(calls)).toStrictEqual([rich, 7])
    expect(items).toStrictEqual([rich, "restarted", rich])
    await stream.return?.()
    await clock.advance(100)
    await read
  })

  test("what may have been entered and cannot be said any more is unknown", async () => {
    const { client, clock, restart } = changing(["msgpack"])
    const call = safe(client.hang(onlyMsgpack))
    await clock.advance(100)
    restart(["json"])
    await clock.advance(1_000)
    expect(await call).toMatchObject({ error: { code: "UNENCODABLE", executed: "unknown" } })
  })
})
