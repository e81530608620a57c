/**
 * The dashboard's server. It measures the machine that it runs on, serves the built page and its line on
 * one port, and leaves in good order on SIGINT and SIGTERM.
 */
import { randomUUID } from "node:crypto"
import { createServer, IncomingMessage } from "node:http"
import { fileURLToPath } from "node:url"
import { format } from "node:util"
import { serve } from "@trunkline/server"
import { attach } from "@trunkline/server/node"
import type { Alert, Sample } from "@trunkline-example/dashboard-contract"
import { AlertRules } from "./alert-rules.js"
import { History } from "./history.js"
import { linux } from "./linux.js"
import { describeMachine } from "./machine.js"
import { NoteBoard } from "./note-board.js"
import { pages } from "./pages.js"
import { portable } from "./portable.js"
import { ProcessTable } from "./process-table.js"
import { Pulse } from "./pulse.js"
import { repeat } from "./repeat.js"
import { type Caller, type Parts, routerOf } from "./router.js"
import { Sampler } from "./sampler.js"
import { Viewers } from "./viewers.js"

const { env } = process
const port = Number(env["PORT"] ?? 3_000)
/** Anybody who can connect sees this machine's processes: only itself, unless told otherwise. */
const host = env["HOST"] ?? "127.0.0.1"
const sampleEvery = Number(env["SAMPLE_EVERY"] ?? 1_000)
const pulseEvery = 250
const processesEvery = 2_000
/** Samples that a page gets when it comes: five minutes at one a second. */
const sampleMemory = 300
const alertMemory = 100

const system = process.platform === "linux" ? await linux() : portable()
/** Names this run of the process: the numbers of another run have nothing to do with ours. */
const run = randomUUID()
const samples = new History<Sample>(run, sampleMemory)
const alerts = new History<Alert>(run, alertMemory)
const rules = new AlertRules(alerts)
const sampler = new Sampler(system, samples, (sample) => rules.check(sample))
const pulse = new Pulse(system)
const { processes: read } = system
const parts: Parts = {
  machine: await describeMachine(system),
  samples,
  pulse,
  processes: read && new ProcessTable({ read, every: processesEvery, failed: report }),
  rules,
  alerts,
  notes: new NoteBoard(),
  viewers: new Viewers(),
}
rules.add({ metric: "cpu", above: 90, seconds: 5 })
rules.add({ metric: "memory", above: 90, seconds: 10 })

const server = serve(routerOf(parts), {
  // Asked again whenever a session goes on with another socket, so that this is always the current one.
  authenticate: ({ request }) => ({ context: callerOf(request) }),
  log: ({ level, message, ...rest }) => {
    if (level !== "info") report(message, rest)
  },
})

const page = pages(fileURLToPath(new URL("../../web/dist", import.meta.url)))
const http = createServer((request, response) => {
  if (request.url === "/healthz") response.end("ok\n")
  else page(request, response)
})
attach(server, http)

const stops = [
  repeat(sampleEvery, () => sampler.look(), report),
  repeat(pulseEvery, () => pulse.beat(), report),
]

http.on("error", (error) => {
  report(error.message)
  report(`To listen elsewhere: PORT=${port + 1} npm start`)
  process.exit(1)
})
http.listen(port, host, () => {
  const address = http.address()
  const open = typeof address === "object" && address ? address.port : port
  const name = ["127.0.0.1", "0.0.0.0", "::"].includes(host) ? "localhost" : host
  process.stdout.write(`Live dashboard on http://${name}:${open}\n`)
})
process.once("SIGINT", leave)
process.once("SIGTERM", leave)

/** What is running may finish, within a second. Asked twice, the process ends at once. */
async function leave(): Promise<void> {
  await server.drain({ within: 1_000, spread: 0 })
  for (const stop of stops) stop()
  http.close()
  http.closeAllConnections()
}

function callerOf(request: unknown): Caller {
  return { cut: () => request instanceof IncomingMessage && request.socket.destroy() }
}

function report(...what: readonly unknown[]): void {
  process.stderr.write(`${format(...what)}\n`)
}
