import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { type Connection, connect, createClient } from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import * as z from "zod"
import { median } from "./median.js"
import { Sample, sampleOf } from "./workload.js"

/*
 * What a small call waits while 64 MiB stream past it on the same connection, on both codecs: server and client
 * in a process of their own, in rounds that take turns. `node dist/bulk.js`; see docs/performance.md.
 * With `--brief` so little that it only shows whether it works.
 */

const contractOf = contract({
  echo: call({ input: Sample, output: Sample }),
  bulk: subscription({ input: z.number(), item: z.instanceof(Uint8Array) }),
})

/** As base64 such an item is still within the default `messageBytes`. */
const itemBytes = 699_051
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { brief: { type: "boolean", default: false } },
})
const { items, rounds, warmUp, alone } = values.brief
  ? { items: 2, rounds: 1, warmUp: 10, alone: 10 }
  : { items: 96, rounds: 3, warmUp: 1_000, alone: 2_000 }

const head = [
  "| codec | small call alone, p50 / p99 µs | beside 64 MiB, p50 / p99 µs | ÷ | calls meanwhile | MB/s |",
  "| --- | ---: | ---: | ---: | ---: | ---: |",
]

if (positionals.includes("serve")) await serveAll()
else await measureAll()

async function serveAll(): Promise<void> {
  const item = new Uint8Array(itemBytes).map((_, index) => index * 7)
  const router = implement(contractOf, {
    echo: ({ input }) => input,
    async *bulk({ input }) {
      for (let sent = 0; sent < input; sent++) yield item
    },
  })
  const { port, close } = await listen(serve(router), { port: 0, hostname: "127.0.0.1" })
  process.send?.(port)
  process.once("disconnect", close)
}

interface Times {
  readonly p50: number
  readonly p99: number
}

interface Round {
  readonly alone: Times
  readonly beside: Times
  readonly calls: number
  readonly megabytesPerSecond: number
}

async function measureAll(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ["serve"])
  const port = await new Promise<unknown>((resolve) => server.once("message", resolve))
  const measured = { json: [] as Round[], msgpack: [] as Round[] }
  for (let round = 0; round < rounds; round++) {
    measured.json.push(await measure(Number(port), false))
    measured.msgpack.push(await measure(Number(port), true))
  }
  server.disconnect()
  const rows = Object.entries(measured).map(([codec, all]) => rowOf(codec, all))
  process.stdout.write(`${[...head, ...rows].join("\n")}\n`)
}

async function measure(port: number, binary: boolean): Promise<Round> {
  const codecs = binary ? [msgpack] : []
  const connection = connect(`ws://127.0.0.1:${port}/rpc`, { codecs })
  const client = createClient(contractOf, connection)
  let seq = 0
  const time = async (): Promise<number> => {
    const began = performance.now()
    await client.echo(sampleOf(seq++))
    return performance.now() - began
  }
  for (let call = 0; call < warmUp; call++) await time()
  const quiet: number[] = []
  while (quiet.length < alone) quiet.push(await time())

  let received = 0
  let over = false
  const began = performance.now()
  const bulk = (async () => {
    for await (const bytes of client.bulk(items)) received += bytes.length
  })().finally(() => {
    over = true
  })
  const busy: number[] = []
  while (!over) busy.push(await time())
  await bulk
  const seconds = (performance.now() - began) / 1_000
  await closed(connection, binary)
  return {
    alone: timesOf(quiet),
    beside: timesOf(busy),
    calls: busy.length,
    megabytesPerSecond: received / 1e6 / seconds,
  }
}

async function closed(connection: Connection, binary: boolean): Promise<void> {
  const { subprotocol } = connection.info
  if (subprotocol.endsWith("msgpack") !== binary) throw new Error(`${subprotocol} was spoken`)
  await connection.close()
}

function timesOf(milliseconds: readonly number[]): Times {
  const sorted = Float64Array.from(milliseconds).sort()
  const quantile = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0) * 1e3
  return { p50: quantile(0.5), p99: quantile(0.99) }
}

function rowOf(codec: string, all: readonly Round[]): string {
  const of = (figure: (round: Round) => number) => median(all.map(figure))
  const whole = (figure: (round: Round) => number) => Math.round(of(figure)).toLocaleString("en")
  const ratio = [
    of(({ alone, beside }) => beside.p50 / alone.p50).toFixed(1),
    of(({ alone, beside }) => beside.p99 / alone.p99).toFixed(1),
  ].join(" / ")
  return [
    `| ${codec}`,
    `${whole(({ alone }) => alone.p50)} / ${whole(({ alone }) => alone.p99)}`,
    `${whole(({ beside }) => beside.p50)} / ${whole(({ beside }) => beside.p99)}`,
    ratio,
    whole(({ calls }) => calls),
    `${whole(({ megabytesPerSecond }) => megabytesPerSecond)} |`,
  ].join(" | ")
}
