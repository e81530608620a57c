import { connect, createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, type MemoryLimits, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, expect, test } from "vitest"
import * as z from "zod"
import { RawClient } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/* What a server keeps for all its clients together: when it is too much, who is away longest makes room. */

const service = contract({
  ...witnessContract,
  large: call({ output: z.string() }),
  ping: call({ output: z.string(), idempotency: "safe" }),
  numbers: subscription({ item: z.string() }),
})

let server: Server
let listening: Listening | undefined

async function start(memory: Partial<MemoryLimits>): Promise<string> {
  const router = implement(service, {
    ...witnessHandlers,
    large: () => "x".repeat(40_000),
    ping: () => "pong",
    async *numbers() {
      for (;;) yield "x".repeat(1_000)
    },
  })
  server = serve(router, { limits: { memory } })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  return `ws://127.0.0.1:${listening.port}/rpc`
}

afterEach(async () => {
  await listening?.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0, held: 0 })
})

interface Away {
  readonly sid: string
  readonly secret: string
}

/** A client that asked, has its answer, does not acknowledge it, and goes without a word. */
async function goAway(url: string, path: string): Promise<Away> {
  const raw = await RawClient.open(url)
  raw.hello()
  const { sid, secret } = Object((await raw.next())[1])
  raw.send([1, 0, [20, 1, path]])
  await raw.nextOf(17)
  const { detached, evictions } = server.stats()
  await raw.close()
  for (;;) {
    const now = server.stats()
    if (now.detached + now.evictions > detached + evictions) return { sid, secret }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** All of them, before one leaves again. */
async function comeBack(url: string, sessions: readonly Away[]): Promise<unknown[]> {
  const raws = await Promise.all(sessions.map(() => RawClient.open(url)))
  const bodies: unknown[] = []
  for (const [index, raw] of raws.entries()) {
    raw.hello({ resume: { ...sessions[index], attempt: 1, rx: 0, tx: 1 } })
    bodies.push((await raw.next())[1])
  }
  for (const raw of raws) await raw.close()
  return bodies
}

test("the session that was away for longest makes room, and its client is told", async () => {
  const url = await start({ units: 130_000 })
  const witness = await Witness.watch(url)
  const sessions: Away[] = []
  for (let count = 0; count < 4; count++) sessions.push(await goAway(url, "large"))
  await witness.undisturbed()
  const { evictions, ended, held, detached } = server.stats()
  expect({ evictions, ended, detached }).toEqual({
    evictions: 2,
    ended: { overflow: 2 },
    detached: 2,
  })
  expect(held).toBeLessThan(130_000)
  const [first, second, third, fourth] = await comeBack(url, sessions)
  expect(first).toMatchObject({ resumed: false, why: "overflow", prior: { rx: 1 } })
  expect(second).toMatchObject({ resumed: false, why: "overflow", prior: { rx: 1 } })
  expect([third, fourth]).toMatchObject([{ resumed: true }, { resumed: true }])
  await witness.undisturbed()
  await witness.close()
})

test("who holds a large part of all makes room before those who are away", async () => {
  const url = await start({ units: 2_000_000 })
  const witness = await Witness.watch(url)
  const away = await goAway(url, "ping")
  const greedy = await RawClient.welcomed(url, {
    limits: { window: 4_000_000, calls: 100, streams: 100, messageBytes: 1_000_000 },
  })
  greedy.socket.pause()
  const opens = Array.from({ length: 40 }, (_, index) => {
    return [20, index * 2 + 1, "numbers", { $: "u" }, 1_000]
  })
  greedy.send([1, 0, ...opens])
  while (server.stats().evictions === 0) await witness.undisturbed(64)
  expect(server.stats()).toMatchObject({ evictions: 1, detached: 1 })
  greedy.socket.resume()
  expect(await greedy.closed).toMatchObject({ code: 4429, reason: "no room for it" })
  expect(await comeBack(url, [away])).toMatchObject([{ resumed: true }])
  await witness.close()
})

test("sessions without a socket count even if they hold nothing", async () => {
  const url = await start({ units: 10 * 4_096 + 3_000 })
  for (let count = 0; count < 14; count++) await goAway(url, "ping")
  expect(server.stats()).toMatchObject({ detached: 10, evictions: 4, ended: { overflow: 4 } })
})

test("when nobody is away, who holds most and does not read it makes room", async () => {
  const url = await start({ units: 1_000_000 })
  const witness = await Witness.watch(url)
  const reader = await RawClient.welcomed(url)
  const greedy = await RawClient.welcomed(url, {
    limits: { window: 4_000_000, calls: 100, streams: 100, messageBytes: 1_000_000 },
  })
  greedy.socket.pause()
  const opens = Array.from({ length: 40 }, (_, index) => {
    return [20, index * 2 + 1, "numbers", { $: "u" }, 1_000]
  })
  greedy.send([1, 0, ...opens])
  while (server.stats().evictions === 0) await witness.undisturbed(64)
  expect(server.stats()).toMatchObject({ evictions: 1, attached: 2, ended: { overflow: 1 } })
  greedy.socket.resume()
  expect(await greedy.closed).toMatchObject({ code: 4429, reason: "no room for it" })
  reader.send([1, 0, [20, 1, "ping"]])
  expect(await reader.nextOf(17)).toEqual([17, 1, "pong"])
  await witness.undisturbed()
  await reader.close()
  await witness.close()
})

test("sessions that read are left alone, however small the memory is", async () => {
  const url = await start({ units: 0 })
  const connection = connect(url)
  const client = createClient(service, connection)
  await client.ping()
  const { session } = connection.info
  for (let count = 0; count < 20; count++) await client.large()
  expect(connection.info.session).toBe(session)
  await connection.close()
})

test("of the sessions that ended so many are remembered", async () => {
  const url = await start({ tombstones: 2, units: 0 })
  const sessions: Away[] = []
  for (let count = 0; count < 3; count++) sessions.push(await goAway(url, "ping"))
  expect(server.stats()).toMatchObject({ tombstones: 2, evictions: 3 })
  expect(await comeBack(url, sessions)).toMatchObject([
    { why: "unknown" },
    { why: "overflow" },
    { why: "overflow" },
  ])
})
