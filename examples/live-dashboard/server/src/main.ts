/**
 * The dashboard's server. It measures the machine that it runs on, serves the built page and its line on
 * one port, and leaves in good order on SIGINT and SIGTERM.
 */
import { randomUUID } from "node:crypto"
import { createServer, IncomingMessage } from "node:http"
import { fileURLToPath } from "node:url"
import { format } from "node:util"
import { memoryBroker, type Server, serve, topic } from "@trunkline/server"
import { attach } from "@trunkline/server/node"
import {
  Alert,
  dashboard,
  feedLength,
  NoteChange,
  type Sample,
} from "@trunkline-example/dashboard-contract"
import { AlertRules } from "./alert-rules.js"
import { Feed } from "./feed.js"
import { FileBroker } from "./file-broker.js"
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
/** A folder in which alerts and notes outlive this process. */
const store = env["STORE"]

const system = process.platform === "linux" ? await linux() : portable()
/** Names this run of the process: the numbers of another run have nothing to do with ours. */
const run = randomUUID()
const samples = new History<Sample>(run, sampleMemory)
const broker = store ? new FileBroker(store) : memoryBroker()
const feed = new Feed<Alert, readonly Alert[]>([], (alerts, alert) =>
  [...alerts, alert].slice(-feedLength),
)
const alerts = topic(dashboard.alerts, { broker, name: "alerts", snapshot: feed.snapshot })
feed.begin(alerts.publish, await keptOf("alerts", Alert))
const notes = new NoteBoard()
const noteChanges = topic(dashboard.notes.changes, {
  broker,
  name: "notes",
  snapshot: notes.feed.snapshot,
})
notes.feed.begin(noteChanges.publish, await keptOf("notes", NoteChange))
const rules = new AlertRules((alert) => void feed.add(alert).catch(report))
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
  noteChanges,
  notes,
  viewers: new Viewers(),
  drain: () => void roll(),
}
rules.add({ metric: "cpu", above: 90, seconds: 5 })
rules.add({ metric: "memory", above: 90, seconds: 10 })

const page = pages(fileURLToPath(new URL("../../web/dist", import.meta.url)))
const http = createServer((request, response) => {
  if (request.url === "/healthz") response.end("ok\n")
  else page(request, response)
})
/** The server that takes new sessions, and how it is taken back from the port. */
let server = newServer()
let takeBack = attach(server, http)

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

function newServer(): Server {
  return serve(routerOf(parts), {
    // Asked again whenever a session goes on with another socket, so that this is always the current one.
    authenticate: ({ request }) => ({ context: callerOf(request) }),
    log: ({ level, message, ...rest }) => {
      if (level !== "info") report(message, rest)
    },
  })
}

/** As a deploy: the next server takes over the port, and this one lets what it began finish. */
async function roll(): Promise<void> {
  const leaving = server
  takeBack()
  server = newServer()
  takeBack = attach(server, http)
  await leaving.drain({ within: 5_000, spread: 0 })
}

/** What the store has of an earlier run. */
async function keptOf<Item>(
  name: string,
  schema: { parse(payload: unknown): Item },
): Promise<{ items: Item[]; cursor: string }> {
  if (!(broker instanceof FileBroker)) return { items: [], cursor: await broker.position(name) }
  const { payloads, cursor } = await broker.kept(name)
  return { items: payloads.map((payload) => schema.parse(JSON.parse(payload))), cursor }
}

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
