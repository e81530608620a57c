import { createClient as clientOf, connect } from "@trunkline/client"
import { call, contract, type Executed, event, subscription } from "@trunkline/contract"
import { createClient, implement, type Server, safe, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { LogBook } from "./support/log.js"
import { RawClient, type RawFrame } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/*
 * A server that calls its clients, over real sockets: a correct one, and those of another make that answer
 * what nobody asked, too much, or nothing. Each case runs while a witness reads its stream.
 */

const viewer = contract({
  add: call({ input: z.object({ a: z.number(), b: z.number() }), output: z.number() }),
  watch: subscription({ item: z.number() }),
  blob: call({ output: z.string() }),
  show: event({ input: z.string() }),
})

const service = contract({
  ...witnessContract,
  /** Has the server call its client; tells how that ended. */
  call: call({ input: z.number().optional(), output: z.unknown() }),
  blob: call({ output: z.number() }),
  watch: call({ output: z.unknown() }),
  show: call({ input: z.string() }),
})

interface Told {
  readonly code: string
  readonly executed: Executed
}

const ends: Told[] = []
const told = ({ code, executed }: Told): Told => ({ code, executed })

const router = implement(service, {
  ...witnessHandlers,
  call: async ({ session, input }) => {
    const { add } = createClient(viewer, session)
    const result = await safe(add({ a: 1, b: 2 }, { timeout: input }))
    if (!result.ok) ends.push(told(result.error))
    return result.ok ? result.value : told(result.error)
  },
  blob: async ({ session }) => (await createClient(viewer, session).blob()).length,
  watch: async ({ session }) => {
    const items: number[] = []
    try {
      for await (const item of createClient(viewer, session).watch()) items.push(item)
    } catch (error) {
      ends.push(told(error as Told))
    }
    return items
  },
  show: ({ session, input }) => createClient(viewer, session).show(input),
})

const book = new LogBook()
let server: Server
let listening: Listening
let witness: Witness
let url: string

beforeAll(async () => {
  server = serve(router, { log: book.log, session: { grace: 0 } })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  url = `ws://127.0.0.1:${listening.port}/rpc`
  witness = await Witness.watch(url)
})

afterAll(async () => {
  await witness.close()
  await listening.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
})

/** Nothing is left of what a test had the server do. */
afterEach(async () => {
  await expect.poll(() => server.stats().sessions).toBe(1)
  ends.length = 0
})

test("a client of ours is called, streams, and gets events and large results through", async () => {
  const shown: string[] = []
  const connection = connect(url, {
    serve: implement(viewer, {
      add: ({ input: { a, b } }) => a + b,
      async *watch() {
        yield* [1, 2, 3]
      },
      blob: () => "x".repeat(500_000),
      show: ({ input }) => void shown.push(input),
    }),
  })
  const client = clientOf(service, connection)
  expect(await Promise.all([client.call(), client.watch(), client.blob()])).toEqual([
    3,
    [1, 2, 3],
    500_000,
  ])
  await client.show("a")
  await expect.poll(() => shown).toEqual(["a"])
  await connection.close()
})

/** A client of another make that has had the server call it; gives the OPEN that came. */
async function opened(path: string, ...rest: readonly unknown[]) {
  const client = await RawClient.welcomed(url)
  client.send([1, 0, [20, 1, path, ...rest]])
  const open = await client.nextOf(20)
  return { client, open }
}

test("the wire has even ids, from 2", async () => {
  const { client, open } = await opened("call")
  expect(open.slice(0, 4)).toEqual([20, 2, "add", { a: 1, b: 2 }])
  client.send([2, 1, [17, 2, 3]])
  expect(await client.nextOf(17)).toEqual([17, 1, 3])
  client.send([3, 2, [20, 3, "call"]])
  expect((await client.nextOf(20))[1]).toBe(4)
  await client.close()
})

describe("answers that no correct client gives end its session with 4400", () => {
  const at: RawFrame = [25, 2, "at", { window: 4 }]
  test.each<[what: string, path: string, frames: readonly RawFrame[]]>([
    ["a result of a call never made", "call", [[17, 4, 3]]],
    ["an error of one", "call", [[18, 4, "FULL", "yes"]]],
    ["an item of one", "call", [[21, 4, 1]]],
    ["a part of one", "call", [[15, 4, 0, '[17,4,"x"]']]],
    ["an id opened that is the server's", "call", [[20, 2, "call"]]],
    ["a cancel of the server's call", "call", [[19, 2]]],
    ["an item before the window is told", "watch", [[21, 2, 1]]],
    ["items beyond the credit", "watch", [at, [26, 2, [1, 2, 3, 4, 5]]]],
    ["cursors for some of the items", "watch", [at, [26, 2, [1, 2], ["c"]]]],
    ["parts that join to another id", "call", [[15, 2, 0, '[17,4,"x"]']]],
    ["parts of a result that is none", "call", [[15, 2, 0, "[22,2]"]]],
  ])("%s", async (what, path, frames) => {
    const { client } = await opened(path)
    client.send([2, 1, ...frames])
    const mismatch = what === "an item before the window is told"
    if (mismatch) {
      expect(await client.nextOf(19)).toEqual([19, 2])
      await client.close()
      expect(ends).toEqual([{ code: "VALIDATION", executed: "unknown" }])
      return
    }
    expect(await client.closed).toMatchObject({ code: 4400 })
    const lost = path === "call" ? "OUTCOME_UNKNOWN" : "STREAM_LOST"
    await expect.poll(() => ends).toEqual([{ code: lost, executed: "unknown" }])
  })
})

describe("a client that answers", () => {
  test("another kind than was called fails that call alone", async () => {
    const { client } = await opened("call")
    client.send([2, 1, [25, 2, "at", { window: 4 }]])
    expect(await client.nextOf(19)).toEqual([19, 2])
    expect(await client.nextOf(17)).toEqual([17, 1, { code: "VALIDATION", executed: "unknown" }])
    client.send([3, 3, [18, 2, "CANCELLED", "unknown"], [20, 3, "call"]])
    expect((await client.nextOf(20))[1]).toBe(4)
    await client.close()
  })

  test("late, behind the timeout, is ignored", async () => {
    const { client } = await opened("call", 200)
    expect(await client.nextOf(19)).toEqual([19, 2])
    client.send([2, 3, [17, 2, 3], [17, 2, 3], [20, 3, "call"]])
    expect((await client.nextOf(20))[1]).toBe(4)
    await client.close()
  })

  test("without executed, or with one that is none, has broken the protocol", async () => {
    const { client } = await opened("call")
    client.send([2, 1, [18, 2, "FULL", "maybe"]])
    expect(await client.closed).toMatchObject({ code: 4400 })
  })

  test("nothing holds nothing once it is gone", async () => {
    const { client } = await opened("call")
    await client.close()
    await expect.poll(() => ends).toEqual([{ code: "OUTCOME_UNKNOWN", executed: "unknown" }])
    await expect.poll(() => server.stats().sessions).toBe(1)
  })

  test("nothing, and acknowledges nothing, is sent no more than a window", async () => {
    const limits = { window: 16_384, calls: 2 ** 40, streams: 2 ** 40, messageBytes: 1_048_576 }
    const client = await RawClient.welcomed(url, { limits })
    const many = Array.from({ length: 200 }, (_, n) => [20, 2 * n + 1, "call"])
    client.send([1, 0, ...many])
    for (let heard = 0; heard < 200; heard++) await client.nextOf(20)
    const events = Array.from({ length: 100 }, (_, n) => [20, 2 * n + 401, "show", "x".repeat(600)])
    client.send([201, 0, ...events])
    await expect.poll(() => server.stats().retained).toBeGreaterThan(16_000)
    expect(server.stats().retained).toBeLessThan(40_000)
    await client.close()
  })
})

test("events of a client that nobody takes are dropped, counted and logged, and answered by nothing", async () => {
  const before = server.stats().eventsDropped
  const client = await RawClient.welcomed(url)
  client.send([1, 0, [24, "nowhere", 1], [24, "call"], [24, "show", { $: "?" }]])
  const { code } = await client.closed
  expect(code).toBe(4400)
  expect(server.stats().eventsDropped - before).toBe(2)
})
