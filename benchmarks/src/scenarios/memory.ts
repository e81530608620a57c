import { type Pair, pause } from "../pair.js"
import type { Scenario } from "../scenario.js"

/** What a process loads and compiles with its first connections is not what a connection takes. */
const firstConnections = 100

/** The server's memory, by connections that watch and hear nothing. */
export const idle: Scenario = {
  title: "idle connection with a subscription",
  figures: { rss: { title: "server's memory", unit: "kB", ratio: false, digits: 1 } },
  fresh: true,
  async prepare(pair) {
    await pair.connect(firstConnections)
    await pair.watch(0, firstConnections)
  },
  async measure(pair, { connections }) {
    const before = await pair.server.usage(true)
    await pair.connect(connections)
    await pair.watch(firstConnections, firstConnections + connections)
    const after = await pair.server.usage(true)
    return { rss: (after.rss - before.rss) / connections / 1e3 }
  },
}

/** The text in one item of the flood: a megabyte is about a thousand of them. */
const floodUnits = 1_000
/** A source that has not been asked for this many looks is held back. */
const looksAtRest = 10

/** The server's memory while a reader has stopped reading, and the source never stops by itself. */
export const stalled: Scenario = {
  title: "reader that does not read",
  figures: {
    produced: { title: "produced", unit: "MB", ratio: false, digits: 1 },
    growth: { title: "server's memory grew by", unit: "MB", ratio: false, digits: 1 },
  },
  fresh: true,
  async prepare(pair, scale) {
    await pair.connect(1)
    const some = { operations: scale.flood / 10, milliseconds: 10_000 }
    await pair.client.streams(Math.min(scale.flood, 1_000), floodUnits, some)
  },
  async measure(pair, { flood, look }) {
    const before = await pair.server.usage(true)
    const already = await pair.server.produced()
    await pair.client.begin(flood, floodUnits)
    // Frozen any sooner, a client that sends on a timer would never ask for anything.
    while ((await pair.server.produced()) === already) await pause(1)
    pair.client.freeze()
    const peak = await peakOf(pair, already + flood, look)
    const produced = (await pair.server.produced()) - already
    return { produced: (produced * floodUnits) / 1e6, growth: (peak - before.rss) / 1e6 }
  },
}

/** The most memory until the source is exhausted or at rest. */
async function peakOf(pair: Pair, total: number, look: number): Promise<number> {
  let peak = 0
  let produced = -1
  let rest = 0
  while (rest < looksAtRest) {
    await pause(look)
    peak = Math.max(peak, (await pair.server.usage(true)).rss)
    const now = await pair.server.produced()
    rest = now === produced || now >= total ? rest + 1 : 0
    produced = now
  }
  return peak
}
