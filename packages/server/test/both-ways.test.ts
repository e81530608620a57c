import { createHash } from "node:crypto"
import { chunks, connect, createClient } from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { call, contract, duplex, upload } from "@trunkline/contract"
import * as limits from "@trunkline/protocol/limits"
import { implement, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { FaultyProxy } from "./support/faulty-proxy.js"
import { RawClient, type RawFrame } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/* Uploads and duplexes over real sockets: as large as files are, cut, and with callers of bad will. */

const service = contract({
  ...witnessContract,
  store: upload({
    item: z.instanceof(Uint8Array),
    output: z.object({ bytes: z.number(), digest: z.string() }),
  }),
  idle: upload({ item: z.string(), output: z.number() }),
  echo: duplex({ up: z.string(), down: z.string() }),
  small: call({ output: z.number() }),
})

/** What the handler does between two items. */
let between: () => unknown = () => {}
let taken = 0
/** What handlers threw or were told by their signal. */
let ends: string[] = []
let server: Server
let listening: Listening
let url: string

beforeEach(async () => {
  between = () => {}
  taken = 0
  ends = []
  const router = implement(service, {
    ...witnessHandlers,
    store: async ({ items }) => {
      const digest = createHash("sha256")
      let bytes = 0
      for await (const item of items) {
        taken++
        bytes += item.length
        digest.update(item)
        await between()
      }
      return { bytes, digest: digest.digest("hex") }
    },
    idle: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          ends.push(signal.reason.code)
          resolve(0)
        })
      }),
    async *echo({ items }) {
      for await (const item of items) {
        taken++
        yield item
      }
    },
    small: () => 1,
  })
  server = serve(router)
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  url = `ws://127.0.0.1:${listening.port}/rpc`
})

afterEach(async () => {
  await listening.close()
})

const turn = () => new Promise(setImmediate)

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex")
}

function someBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 4_099) bytes[at] = at & 255
  return bytes
}

describe("an upload", () => {
  test("of 16 MiB goes at the pace of a slow handler, and calls pass it by", async () => {
    const connection = connect(url)
    const client = createClient(service, connection)
    const file = someBytes(16 * 1_048_576)
    let asked = 0
    let most = 0
    async function* counted() {
      for await (const chunk of chunks(file)) {
        asked++
        most = Math.max(most, asked - taken)
        yield chunk
      }
    }
    let calls = 0
    between = async () => {
      if (taken % 64 === 0) calls += await client.small()
      else await turn()
    }
    const stored = await client.store(undefined, counted())
    expect(stored).toEqual({ bytes: file.length, digest: digestOf(file) })
    expect([asked, taken, calls]).toEqual([1_024, 1_024, 16])
    // Base64 makes 16 KiB 21,850 units: so many fit, one goes beyond, and one is in the hand.
    expect(most).toBeLessThanOrEqual(limits.streamUnits / 21_850 + 2)
    expect(server.stats().retained).toBeLessThan(limits.defaultLimits.window * 2)
    await connection.close()
  })

  test("arrives whole over a wire that is cut again and again", async () => {
    const proxy = await FaultyProxy.to(listening.port)
    const connection = connect(proxy.url, { reconnect: { base: 5, cap: 20 } })
    const client = createClient(service, connection)
    const file = someBytes(2 * 1_048_576)
    between = () => {
      if (taken % 16 === 0) proxy.cut()
    }
    const stored = await client.store(undefined, chunks(file))
    expect(stored).toEqual({ bytes: file.length, digest: digestOf(file) })
    expect(taken).toBe(128)
    expect(connection.info.replayed).toBeGreaterThan(0)
    await connection.close()
    await proxy.close()
  })

  test("of bytes goes as it is on msgpack", async () => {
    const connection = connect(url, { codecs: [msgpack] })
    const client = createClient(service, connection)
    const file = someBytes(1_048_576)
    const stored = await client.store(undefined, chunks(file))
    expect(stored).toEqual({ bytes: file.length, digest: digestOf(file) })
    expect(connection.info.subprotocol).toBe("trunkline.v1.msgpack")
    expect(connection.info.unitsOut).toBeLessThan(1.01 * file.length)
    await connection.close()
  })

  test("is one of many whose handlers do nothing: what they hold together is bounded", async () => {
    const witness = await Witness.watch(url)
    const connection = connect(url)
    const client = createClient(service, connection)
    const item = "x".repeat(30_000)
    let asked = 0
    function* forEver(): Generator<string> {
      for (;;) {
        asked++
        yield item
      }
    }
    const uploads = Array.from({ length: 100 }, () => client.idle(undefined, forEver()))
    const outcomes = Promise.allSettled(uploads)
    while (ends.length === 0) await turn()
    for (let before = -1; asked > before; await witness.undisturbed(64)) before = asked
    expect(asked * item.length).toBeLessThan(100 * (limits.streamUnits + 2 * item.length))
    expect(new Set(ends)).toEqual(new Set(["SLOW_CONSUMER"]))
    expect(ends.length).toBeLessThan(100)
    expect(await client.small()).toBe(1)
    await witness.undisturbed()
    await connection.close()
    const codes = new Set((await outcomes).map((one) => Object(Reflect.get(one, "reason")).code))
    expect(codes).toEqual(new Set(["SLOW_CONSUMER", "CLOSED"]))
    await witness.close()
  })
})

test("a duplex goes both ways at full load, and neither way waits for ever", async () => {
  const connection = connect(url)
  const client = createClient(service, connection)
  const word = "x".repeat(10_000)
  const echoing = async () => {
    const stream = client.echo()
    const sending = (async () => {
      for (let sent = 0; sent < 400; sent++) await stream.send(`${sent} ${word}`)
      stream.finish()
    })()
    let heard = 0
    for await (const echo of stream) {
      if (!echo.startsWith(`${heard} `)) throw new Error(`${echo.slice(0, 9)} instead of ${heard}`)
      heard++
      if (heard % 50 === 0) await turn()
    }
    await sending
    return heard
  }
  expect(await Promise.all([echoing(), echoing(), echoing()])).toEqual([400, 400, 400])
  expect(server.stats().channels).toBe(0)
  await connection.close()
})

describe("a caller of bad will", () => {
  /** An OPEN of this path, and what the server says to it first. */
  async function opened(path: string): Promise<{ client: RawClient; first: RawFrame }> {
    const client = await RawClient.welcomed(url)
    client.send([1, 0, [20, 1, path]])
    return { client, first: await client.nextOf(23, 25, 18) }
  }

  test("is told by the first frames what it has", async () => {
    const store = await opened("store")
    expect(store.first).toEqual([23, 1, limits.creditWindow.every])
    const echo = await opened("echo")
    expect(echo.first).toEqual([25, 1, "at", { window: limits.creditWindow.every }])
    expect(await echo.client.next()).toEqual([23, 1, limits.creditWindow.every])
    await store.client.close()
    await echo.client.close()
  })

  test.each([
    ["an item before there is credit", [20, 1, "idle"], [21, 1, "a"]],
    ["an item of a call", [20, 1, "small"], [21, 1, "a"]],
    ["a second END", [20, 1, "idle"], [22, 1], [22, 1]],
    ["an item for a channel that nobody opened", [21, 3, "a"]],
    ["a result for its own upload", [20, 1, "idle"], [17, 1, 1]],
  ])("is sent away for %s", async (_, ...frames) => {
    const client = await RawClient.welcomed(url)
    client.send([1, 0, ...frames])
    expect(await client.closed).toMatchObject({ code: 4400 })
  })

  test("is sent away for more items than there is credit, and none of the others notices", async () => {
    const witness = await Witness.watch(url)
    const { client } = await opened("idle")
    const items = Array.from({ length: limits.creditWindow.every + 1 }, () => "a")
    client.send([2, 0, [26, 1, items]])
    expect(await client.closed).toMatchObject({ code: 4400, reason: "an item beyond its credit" })
    expect(ends).toEqual(["CLOSED"])
    await witness.undisturbed()
    await witness.close()
  })

  test("is sent away for an item behind its END", async () => {
    const { client } = await opened("idle")
    client.send([2, 0, [22, 1], [21, 1, "a"]])
    expect(await client.closed).toMatchObject({ code: 4400, reason: "an item after END" })
  })

  test("says nothing by items for what is over, nor by credit of its own", async () => {
    const { client } = await opened("store")
    client.send([2, 0, [23, 1, 1_000_000], [22, 1]])
    expect(await client.nextOf(17)).toMatchObject([17, 1, { bytes: 0 }])
    client.send([4, 0, [21, 1, "a"], [26, 1, ["b", "c"]], [22, 1], [19, 1]])
    client.send([0, 0, [4, 7]])
    expect(await client.nextOf(5)).toEqual([5, 7])
    await client.close()
  })

  test("who leaves an item in the middle leaves no memory behind", async () => {
    for (let round = 0; round < 20; round++) {
      const { client } = await opened("echo")
      const slices = Array.from({ length: 20 }, () => [15, 1, 1, "x".repeat(32_000)])
      client.send([2, 0, [15, 1, 1, '[21,1,"'], slices[0]])
      client.send([4, 0, [19, 1]])
      expect(await client.nextOf(18)).toMatchObject([18, 1, "CANCELLED", "unknown"])
      client.send([5, 0, [20, 3, "store"]])
      expect(await client.nextOf(23)).toEqual([23, 3, limits.creditWindow.every])
      await client.close()
    }
    expect(server.stats().channels).toBeLessThanOrEqual(20)
  })
})
