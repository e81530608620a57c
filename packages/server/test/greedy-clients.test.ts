import { call, contract, subscription } from "@trunkline/contract"
import * as limits from "@trunkline/protocol/limits"
import { implement, type Server, serve, topic } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, beforeEach, expect, test } from "vitest"
import * as z from "zod"
import { helloBody, RawClient } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/*
 * Clients that ask and do not take the answers: what is kept for each of them is bounded, however much
 * they say they would take.
 */

const service = contract({
  ...witnessContract,
  large: call({ output: z.string() }),
  numbers: subscription({ item: z.string() }),
  pushed: subscription({ item: z.string() }),
})

/** Items that the generator was asked for, and calls that were entered. */
let pulled = 0
let entered = 0
let server: Server
let listening: Listening
let witness: Witness
let url: string
const pushed = topic(service.pushed)
const kilobyte = "x".repeat(1_024)

beforeEach(async () => {
  pulled = 0
  entered = 0
  const router = implement(service, {
    ...witnessHandlers,
    large: () => {
      entered++
      return "x".repeat(500_000)
    },
    async *numbers() {
      for (;;) {
        pulled++
        yield kilobyte
      }
    },
    pushed,
  })
  server = serve(router)
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  url = `ws://127.0.0.1:${listening.port}/rpc`
  witness = await Witness.watch(url)
})

afterEach(async () => {
  await witness.close()
  await listening.close()
})

const endless = 2 ** 53 - 1
const greedy = {
  limits: { window: endless, calls: endless, streams: endless, messageBytes: endless },
}

/** Until the server has had every chance to do more than it should. */
async function settled(client: RawClient): Promise<void> {
  client.send([0, 0, [4, 1]])
  await client.nextOf(5)
  await witness.undisturbed()
}

/** OPENs of so many streams, each with all the credit there is. */
function opens(count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => {
    return [20, index * 2 + 1, "numbers", { $: "u" }, endless]
  })
}

/** The sources have been asked for all that they will be. */
async function idle(): Promise<void> {
  for (let before = -1; pulled > before; await witness.undisturbed(64)) before = pulled
}

test("credit without end is worth the window", async () => {
  const client = await RawClient.welcomed(url)
  client.send([1, 0, ...opens(1)])
  await client.nextOf(26)
  await settled(client)
  expect(pulled * kilobyte.length).toBeGreaterThanOrEqual(limits.streamUnits - 1_024)
  expect(pulled * kilobyte.length).toBeLessThanOrEqual(limits.streamUnits + 1_024)
  expect(server.stats().retained).toBeLessThan(2 * helloBody.limits.window)
  await client.close()
})

test("as many streams as there may be hold no more than their session may", async () => {
  const client = await RawClient.welcomed(url)
  client.socket.pause()
  for (let first = 1; first <= 512; first += 128) {
    client.send([first, 0, ...opens(512).slice(first - 1, first + 127)])
  }
  await idle()
  const waiting = limits.waitingItemUnits + helloBody.limits.window
  expect(pulled * kilobyte.length).toBeGreaterThan(limits.waitingItemUnits / 2)
  expect(pulled * kilobyte.length).toBeLessThan(waiting + 512 * 2 * kilobyte.length)
  client.socket.resume()
  await settled(client)
  await client.close()
})

test("a window without end is not believed", async () => {
  const client = await RawClient.welcomed(url, greedy)
  client.socket.pause()
  client.send([1, 0, ...opens(100)])
  await idle()
  expect(server.stats().retained).toBeGreaterThan(1_000_000)
  expect(server.stats().retained).toBeLessThan(17 * 1_048_576)
  await client.close()
})

test("results that are not acknowledged do not pile up: further calls are BUSY", async () => {
  const client = await RawClient.welcomed(url)
  client.send([1, 0, ...Array.from({ length: 200 }, (_, index) => [20, index * 2 + 1, "large"])])
  client.send([
    201,
    0,
    ...Array.from({ length: 200 }, (_, index) => [20, index * 2 + 401, "large"]),
  ])
  client.send([0, 0, [4, 1]])
  await client.nextOf(5)
  // As many as may wait, and those that are on their way.
  expect(entered).toBeGreaterThan(8)
  expect(entered).toBeLessThan(16)
  expect(server.stats().retained).toBeLessThan(2 * helloBody.limits.window)
  await client.close()
  await witness.undisturbed()
})

test("answers that are never acknowledged end the session", async () => {
  const client = await RawClient.welcomed(url)
  for (let first = 1; first < 100_000; first += 250) {
    const opens = Array.from({ length: 250 }, (_, index) => [
      20,
      (first + index) * 2 - 1,
      "nowhere",
    ])
    client.send([first, 0, ...opens])
  }
  expect(await client.closed).toEqual({
    code: 4429,
    reason: "it asks and does not take the answers",
  })
  await witness.undisturbed()
})

test("pings without reading end the socket", async () => {
  const client = await RawClient.welcomed(url)
  client.socket.pause()
  const pings = JSON.stringify([0, 0, ...Array.from({ length: 512 }, () => [4, endless])])
  for (let round = 0; server.stats().attached > 1 && round < 20_000; round++) {
    client.sendText(pings)
    if (round % 50 === 49) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(server.stats().attached).toBe(1)
  await client.close()
  await witness.undisturbed()
})

test("a reader of a topic that takes nothing is let go, and the others are not held up", async () => {
  const client = await RawClient.welcomed(url)
  client.send([1, 0, [20, 1, "pushed"]])
  await client.nextOf(25)
  for (let count = 0; count < 1_000; count++) await pushed.publish(kilobyte)
  expect(await client.nextOf(18)).toEqual([18, 1, "SLOW_CONSUMER", "unknown"])
  expect(pushed.readers).toBe(0)
  await client.close()
  await witness.undisturbed()
})
