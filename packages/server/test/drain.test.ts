import { connect, createClient, safe } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { implement, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, beforeEach, expect, test } from "vitest"
import * as z from "zod"
import { LogBook } from "./support/log.js"
import { quickHost } from "./support/quick-host.js"
import { helloBody, RawClient } from "./support/raw-client.js"

/* How a server leaves: at once, or when what was begun is finished. */

const service = contract({
  echo: call({ input: z.string(), output: z.string() }),
  slow: call({ output: z.string() }),
})

let release: (value: string) => void
let aborted: string[]
let server: Server
let listening: Listening
let url: string
let book: LogBook

beforeEach(async () => {
  aborted = []
  book = new LogBook()
  const router = implement(service, {
    echo: ({ input }) => input,
    slow: ({ signal }) =>
      new Promise((resolve) => {
        release = resolve
        signal.addEventListener("abort", () => aborted.push(signal.reason.code))
      }),
  })
  // What has nothing left to do gets some time to find another server.
  server = serve(router, { log: book.log, host: quickHost(20) })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  url = `ws://127.0.0.1:${listening.port}/rpc`
})

afterEach(() => listening.close())

async function running(): Promise<RawClient> {
  const client = await RawClient.welcomed(url)
  client.send([1, 0, [20, 1, "slow"], [20, 3, "echo", "there"]])
  expect(await client.nextOf(17)).toEqual([17, 3, "there"])
  return client
}

test("close ends what is open, and says goodbye", async () => {
  const client = await running()
  await server.close()
  expect(await client.nextOf(10)).toEqual([10, { reason: "the server is closing" }])
  expect((await client.closed).code).toBe(1000)
  expect(aborted).toEqual(["CLOSED"])
  await book.find({ message: "session ended", why: "ended" })
})

test("close tells those that were about to come in", async () => {
  const client = await RawClient.open(url)
  await server.close()
  expect(await client.closed).toEqual({ code: 1001, reason: "the server is closing" })
  const late = await RawClient.open(url)
  expect((await late.closed).code).toBe(1001)
})

test("drain lets a call finish, takes nothing new, and says goodbye", async () => {
  const client = await running()
  const drained = server.drain({ within: 600_000, spread: 0 })
  const [, goAway] = await client.nextOf(6)
  expect(goAway).toMatchObject({ reason: "draining", retryAfterMs: [0, 1_000] })
  expect(server.draining).toBe(true)
  client.send([3, 0, [20, 5, "echo", "new"]])
  expect(await client.nextOf(18)).toEqual([18, 5, "REFUSED", "no"])

  const newcomer = await RawClient.open(url)
  newcomer.send([0, 0, [1, helloBody]])
  expect(await newcomer.next()).toEqual([
    3,
    { code: "draining", message: "the server is draining", retryAfterMs: [500, 5_000] },
  ])
  expect((await newcomer.closed).code).toBe(4503)

  release("done")
  expect(await client.nextOf(17)).toEqual([17, 1, "done"])
  client.send([0, 3])
  expect(await client.nextOf(10)).toEqual([10, { reason: "drained" }])
  expect((await client.closed).code).toBe(1000)
  await drained
  expect(aborted).toEqual([])
  expect(server.stats().sessions).toBe(0)
})

test("a client whose socket is cut while the server drains gets its result all the same", async () => {
  const client = await RawClient.open(url)
  client.hello()
  const [, welcome] = await client.nextOf(2)
  const { sid, secret } = welcome as { sid: string; secret: string }
  client.send([1, 0, [20, 1, "slow"]])
  client.send([0, 0, [4, 1]])
  await client.nextOf(5)
  const drained = server.drain({ within: 600_000, spread: 0 })
  await client.close()
  const back = await RawClient.open(url)
  back.hello({ resume: { sid, secret, attempt: 1, rx: 0, tx: 1 } })
  expect((await back.nextOf(2))[1]).toMatchObject({ resumed: true })
  expect((await back.nextOf(6))[1]).toMatchObject({ reason: "draining" })
  release("done")
  expect(await back.nextOf(17)).toEqual([17, 1, "done"])
  back.send([0, 1])
  await back.nextOf(10)
  await drained
})

test("a client whose session is over learns how far it came, though it gets no other here", async () => {
  const client = await RawClient.open(url)
  client.hello()
  const [, welcome] = await client.nextOf(2)
  const { sid, secret } = welcome as { sid: string; secret: string }
  client.send([1, 0, [20, 1, "echo", "there"], [20, 3, "slow"]])
  expect(await client.nextOf(17)).toEqual([17, 1, "there"])
  const drained = server.drain({ within: 600_000, spread: 0 })
  const back = await RawClient.open(url)
  back.hello({ resume: { sid, secret, attempt: 1, rx: 0, tx: 2, end: true } })
  expect((await back.nextOf(3))[1]).toMatchObject({
    code: "draining",
    why: "ended",
    prior: { rx: 2 },
  })
  await drained
})

test("at the deadline the rest is ended", async () => {
  const client = await running()
  const drained = server.drain({ within: 30, spread: 0 })
  expect(await client.nextOf(10)).toEqual([10, { reason: "the server is closing" }])
  await drained
  expect(aborted).toEqual(["CLOSED"])
})

test("a real client waits for the next server with what this one takes no more", async () => {
  const connection = connect(url, { reconnect: { base: 5, cap: 20 } })
  const client = createClient(service, connection)
  const slow = client.slow()
  await client.echo("there")
  const { port } = listening
  const told = new Promise<void>((resolve) => {
    connection.on("state", ({ to }) => to === "draining" && resolve())
  })
  const drained = server.drain({ within: 600_000, spread: 0 })
  await told
  const waiting = safe(client.echo("meanwhile"))
  release("done")
  expect(await slow).toBe("done")
  await drained
  await listening.close()

  const next = serve(
    implement(service, { echo: ({ input }) => `${input}, elsewhere`, slow: () => "" }),
  )
  listening = await listen(next, { port, hostname: "127.0.0.1" })
  expect(await waiting).toEqual({ ok: true, value: "meanwhile, elsewhere" })
  await connection.close()
})
