import { Counter, Gauge, Histogram, type Registry, register as shared } from "prom-client"
import { Server } from "../server.js"
import type { ServerStats } from "../stats.js"

/** How `measureServer` differs from its defaults. */
export interface MeasureOptions {
  /**
   * Where the metrics are registered.
   * @default the one that `prom-client` shares
   */
  readonly register?: Registry | undefined
  /**
   * What the names begin with; for a second server in one register.
   * @default "trunkline_"
   */
  readonly prefix?: string | undefined
  /**
   * Seconds into which the durations of calls are sorted.
   * @default from 0.001 to 30
   */
  readonly buckets?: readonly number[] | undefined
}

export const defaultPrefix = "trunkline_"
const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

type Labels = Readonly<Record<string, string>>
type Value = readonly [labels: Labels, value: number]

/** What is read from the stats when somebody asks: what a metric is, and its values. */
interface Reading {
  readonly type: "gauge" | "counter"
  readonly help: string
  readonly labels?: readonly string[]
  readonly values: (stats: ServerStats) => readonly Value[]
}

/**
 * Gives `prom-client` the metrics of a server: what it holds, what has been, and how its procedures went.
 * Paths are those of the contract, codes those that it declares and the reserved ones, so that the labels
 * stay few.
 *
 * @example
 * ```ts
 * const register = new Registry()
 * measureServer(server, { register })
 * await listen(server, {
 *   port: 8080,
 *   handler: async (request, response) => {
 *     if (request.url !== "/metrics") return void response.writeHead(404).end()
 *     response.setHeader("Content-Type", register.contentType).end(await register.metrics())
 *   },
 * })
 * ```
 *
 * @returns takes it back
 * @throws Error for a registry that has metrics of these names
 */
export function measureServer(server: Server, options: MeasureOptions = {}): () => void {
  if (!(server instanceof Server)) throw new TypeError("not a server, which `serve` makes")
  const { register = shared, prefix = defaultPrefix, buckets = defaultBuckets } = options
  const names = [
    ...readStats(server, register, prefix),
    ...[`${prefix}call_duration_seconds`, `${prefix}served_total`, `${prefix}serving`],
  ]
  const stop = measureCalls(server, register, prefix, buckets)
  return () => {
    stop()
    for (const name of names) register.removeSingleMetric(name)
  }
}

/** Metrics that cost nothing until they are asked for. */
function readStats(server: Server, register: Registry, prefix: string): string[] {
  const stats = once(() => server.stats())
  return Object.entries(readings).map(([short, { type, help, labels = [], values }]) => {
    const Metric = type === "gauge" ? Gauge : Counter
    const name = prefix + short
    const metric: Gauge | Counter = new Metric({
      ...{ name, help, labelNames: [...labels], registers: [register] },
      collect: () => {
        metric.reset()
        for (const [of, value] of values(stats())) metric.inc({ ...of }, value)
      },
    })
    return name
  })
}

/** The metrics are asked one after another in one turn: they are about the same moment. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined
  return () => {
    if (!known) {
      known = { value: read() }
      queueMicrotask(() => {
        known = undefined
      })
    }
    return known.value
  }
}

function measureCalls(
  server: Server,
  register: Registry,
  prefix: string,
  buckets: readonly number[],
): () => void {
  const registers = [register]
  const duration = new Histogram({
    name: `${prefix}call_duration_seconds`,
    help: "From the arrival of a call to its outcome.",
    labelNames: ["path", "code"],
    buckets: [...buckets],
    registers,
  })
  const served = new Counter({
    name: `${prefix}served_total`,
    help: "Calls, streams and events that came to their end, by outcome.",
    labelNames: ["path", "kind", "code", "executed"],
    registers,
  })
  const serving = new Gauge({
    name: `${prefix}serving`,
    help: "Calls, streams and events that have not come to their end.",
    labelNames: ["path", "kind"],
    registers,
  })
  return server.observe({
    started: ({ path, kind = "call" }) => {
      const startedAt = performance.now()
      serving.inc({ path, kind })
      return {
        ended: (failure) => {
          const { code = "OK", executed = "yes" } = failure ?? {}
          serving.dec({ path, kind })
          served.inc({ path, kind, code, executed })
          if (kind !== "call" && kind !== "upload") return
          duration.observe({ path, code }, (performance.now() - startedAt) / 1_000)
        },
      }
    },
  })
}

function one(value: number): readonly Value[] {
  return [[{}, value]]
}

/** The same thing by a label: what is left out has not happened. */
function by(label: string, counts: Readonly<Record<string, number | undefined>>): readonly Value[] {
  return Object.entries(counts).map(([name, value = 0]) => [{ [label]: name }, value])
}

const readings: Readonly<Record<string, Reading>> = {
  sessions: {
    type: "gauge",
    help: "Sessions alive, with a socket and without.",
    labels: ["state"],
    values: ({ attached, detached }) => by("state", { attached, detached }),
  },
  channels: {
    type: "gauge",
    help: "Calls and streams that are open.",
    labels: ["kind"],
    values: ({ calls, streams }) => by("kind", { call: calls, stream: streams }),
  },
  handlers_running: {
    type: "gauge",
    help: "Handlers that have not come to their end, those that nobody waits for included.",
    values: ({ handlers }) => one(handlers),
  },
  retained_units: {
    type: "gauge",
    help: "Units sent and not acknowledged.",
    values: ({ retained }) => one(retained),
  },
  held_units: {
    type: "gauge",
    help: "Units kept for any reason: above limits.memory.units sessions make room.",
    values: ({ held }) => one(held),
  },
  handshakes_pending: {
    type: "gauge",
    help: "Sockets that have not been welcomed.",
    values: ({ handshakes }) => one(handshakes),
  },
  tombstones: {
    type: "gauge",
    help: "Ended sessions that are remembered.",
    values: ({ tombstones }) => one(tombstones),
  },
  sessions_begun_total: {
    type: "counter",
    help: "Sessions begun.",
    values: ({ begun }) => one(begun),
  },
  sessions_resumed_total: {
    type: "counter",
    help: "Sockets that continued a session.",
    values: ({ resumed }) => one(resumed),
  },
  sessions_ended_total: {
    type: "counter",
    help: "Sessions that are over, by why.",
    labels: ["why"],
    values: ({ ended }) => by("why", ended),
  },
  evictions_total: {
    type: "counter",
    help: "Sessions that had to make room for others.",
    values: ({ evictions }) => one(evictions),
  },
  refused_total: {
    type: "counter",
    help: "What was refused, by the limit that was reached or the reason that was given.",
    labels: ["reason"],
    values: ({ refused }) => by("reason", refused),
  },
  sockets_closed_total: {
    type: "counter",
    help: "Sockets that ended, by close code.",
    labels: ["code"],
    values: ({ closes }) => by("code", closes),
  },
  events_dropped_total: {
    type: "counter",
    help: "Events that reached no handler.",
    values: ({ eventsDropped }) => one(eventsDropped),
  },
  messages_total: {
    type: "counter",
    help: "WebSocket messages, by direction.",
    labels: ["direction"],
    values: ({ received, sent }) =>
      by("direction", { received: received.messages, sent: sent.messages }),
  },
  frames_total: {
    type: "counter",
    help: "Numbered frames, by direction.",
    labels: ["direction"],
    values: ({ received, sent }) =>
      by("direction", { received: received.frames, sent: sent.frames }),
  },
  units_total: {
    type: "counter",
    help: "Units of all messages, by direction.",
    labels: ["direction"],
    values: ({ received, sent }) => by("direction", { received: received.units, sent: sent.units }),
  },
}
