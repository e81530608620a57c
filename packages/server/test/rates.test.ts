import { connect, createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { implement, type RateLimits, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { RawClient } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/* Who asks for too much in a second loses its session, and nobody else notices. */

const service = contract({
  ...witnessContract,
  echo: call({ input: z.string(), output: z.string(), idempotency: "safe" }),
})

let server: Server
let listening: Listening | undefined

/** What may be open has to fit into what may be opened at once. */
const limits = { calls: 20, streams: 20 }

async function start(rates: RateLimits): Promise<string> {
  const handlers = { ...witnessHandlers, echo: ({ input }: { input: string }) => input }
  server = serve(implement(service, handlers), { limits: { ...limits, rates } })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  return `ws://127.0.0.1:${listening.port}/rpc`
}

afterEach(async () => {
  await listening?.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
})

/** Messages of a client that goes on for ever. */
const floods: Readonly<Record<string, (round: number) => unknown>> = {
  frames: (round) => [round + 1, 0, [23, 1, 1]],
  bytes: () => [0, 0, [64, "x".repeat(60_000)]],
  opens: (round) => [round + 1, 0, [20, 2 * round + 1, "echo", "a"]],
  events: (round) => [round + 1, 0, [24, "nothing"]],
  cancels: (round) => [round + 1, 0, [19, 2 * round + 1]],
  pings: () => [0, 0, [4, 1]],
}

test.each<[rates: RateLimits, flood: string]>([
  [{ frames: 3_000 }, "frames"],
  [{ bytes: 600_000 }, "bytes"],
  [{ opens: 20 }, "opens"],
  [{}, "events"],
  [{}, "cancels"],
  [{}, "pings"],
])("%o ends the session of one who sends more %s", async (rates, flood) => {
  const url = await start(rates)
  const witness = await Witness.watch(url)
  const client = await RawClient.welcomed(url)
  if (flood === "frames") client.send([1, 0, [20, 1, "witness.count", { $: "u" }, 1]])
  const first = flood === "frames" ? 1 : 0
  for (let round = first; client.socket.readyState === client.socket.OPEN; round++) {
    client.send(floods[flood]?.(round))
    if (round % 50 === 49) await new Promise((resolve) => setImmediate(resolve))
  }
  const { code, reason } = await client.closed
  expect(code).toBe(4429)
  expect(reason).toMatch(new RegExp(`^more than \\d+ ${flood} a second$`))
  await witness.undisturbed()
  await witness.close()
})

describe("a correct client", () => {
  test("that asks for too much at once comes back, and has all its answers", async () => {
    const url = await start({ opens: 20 })
    const connection = connect(url, { reconnect: { base: 5, cap: 10 } })
    const client = createClient(service, connection)
    const codes: unknown[] = []
    connection.on("state", ({ code }) => codes.push(code))
    const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`)
    expect(await Promise.all(texts.map((text) => client.echo(text)))).toEqual(texts)
    expect(codes).toContain(4429)
    await connection.close()
  })

  test("is not disturbed by what holds unless options say otherwise", async () => {
    const url = await start({})
    const connection = connect(url)
    const client = createClient(service, connection)
    const first = await client.echo("first")
    const session = connection.info.session
    const texts = Array.from({ length: 1_000 }, (_, index) => `text ${index}`)
    expect(await Promise.all(texts.map((text) => client.echo(text)))).toEqual(texts)
    expect([first, connection.info.session]).toEqual(["first", session])
    await connection.close()
  })
})
