/*
 * A service whose lines are cut, in a program of its own: it may be killed at any moment, so its handlers
 * log what they do before they do anything else, in a file that outlives it.
 */
import { openSync, writeSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { implement, memoryBroker, memoryKeys, serve, topic } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import type { ServiceRecord } from "../cuts/record.js"
import { type Parameters, service } from "../cuts/service.js"

const { file, name, port }: Parameters = JSON.parse(process.argv[2] ?? "{}")
const log = openSync(file, "a")
const note = (record: ServiceRecord): void => void writeSync(log, `${JSON.stringify(record)}\n`)

let runs = 0
const nextRun = (): string => `${name}-${++runs}`

interface Work {
  readonly id: string
  readonly delay: number
  readonly answer: number
  readonly fails: boolean
}

async function work(
  { id, delay, answer, fails }: Work,
  failed: (data: { run: string }) => Error,
): Promise<{ run: string; filler: string }> {
  const run = nextRun()
  note({ type: "entered", id, run })
  if (delay > 0) await setTimeout(delay)
  note({ type: "left", run })
  if (fails) throw failed({ run })
  return { run, filler: "y".repeat(answer) }
}

async function* count(signal: AbortSignal): AsyncGenerator<{ run: string; n: number }> {
  const run = nextRun()
  for (let n = 1; !signal.aborted; n++) {
    yield { run, n }
    if (n % 10 === 0) await setTimeout(20)
  }
}

const ticks = topic(service.ticks, { broker: memoryBroker(), name: "ticks" })
let tick = 0
let ticking = true

async function publish(): Promise<void> {
  for (; ticking; await setTimeout(20)) {
    const n = ++tick
    const cursor = await ticks.publish({ run: name, n })
    note({ type: "published", run: name, n, cursor })
  }
}

const router = implement(service, {
  plain: ({ input, errors }) => work(input, errors.FAILED),
  safe: ({ input, errors }) => work(input, errors.FAILED),
  keyed: ({ input, errors }) => work(input, errors.FAILED),
  said: ({ input, session }) => note({ type: "heard", ...input, session: `${name} ${session.id}` }),
  ticks,
  count: ({ signal }) => count(signal),
  fresh: ({ signal }) => count(signal),
  rest: () => {
    ticking = false
    return ticks.position()
  },
})

const server = serve(router, {
  keys: memoryKeys(),
  log: ({ message, code }) => {
    if (message === "event dropped") note({ type: "dropped", code: String(code) })
  },
  // Every client comes from one address here, and comes back many times a second.
  limits: { entrance: { hellos: 100_000, handshakes: 100_000, connections: 100_000 } },
})
await listen(server, { port, hostname: "127.0.0.1", signals: false })
void publish()
process.stdout.write("listening\n")
