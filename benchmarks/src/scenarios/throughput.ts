import { type Cost, capacityOf, type Pair } from "../pair.js"
import type { Span } from "../replies.js"
import type { Figures, Scale, Scenario } from "../scenario.js"
import { nameUnits } from "../workload.js"

const figures = {
  capacity: { title: "capacity", unit: "/CPU s", ratio: true, digits: 0 },
  rate: { title: "rate", unit: "/s", ratio: true, digits: 0 },
} as const

function figuresOf(cost: Cost): Figures {
  return { capacity: capacityOf(cost), rate: cost.operations / cost.seconds }
}

export function stretchOf({ stretch }: Scale): Span {
  return { operations: Number.MAX_SAFE_INTEGER, milliseconds: stretch }
}

export function warmUpOf({ warmUp, warmUpAtMost }: Scale, part = 1): Span {
  return { operations: warmUp * part, milliseconds: warmUpAtMost }
}

/** Calls that do not wait for each other. */
export function calls(connections: number, depth: number): Scenario {
  return {
    title: `calls, ${connections} × ${depth} in flight`,
    figures,
    fresh: false,
    async prepare(pair, scale) {
      await pair.connect(connections)
      await pair.client.calls(depth, warmUpOf(scale))
    },
    async measure(pair, scale) {
      return figuresOf(await pair.cost(() => pair.client.calls(depth, stretchOf(scale))))
    },
  }
}

/** A source that never waits, read as fast as it comes. */
export const stream: Scenario = {
  title: "one stream",
  figures,
  fresh: false,
  async prepare(pair, scale) {
    await pair.connect(1)
    await pair.client.streams(scale.items, nameUnits, warmUpOf(scale))
  },
  async measure(pair, scale) {
    const run = () => pair.client.streams(scale.items, nameUnits, stretchOf(scale))
    return figuresOf(await pair.cost(run))
  },
}

/** Publishes to all connections, so many at once, and waits until everybody has them. */
export function fanOut(burst: number): Scenario {
  const published = new WeakMap<Pair, number>()
  const run = async (pair: Pair, { connections }: Scale, { milliseconds, operations }: Span) => {
    const began = performance.now()
    let done = 0
    while (done < operations && performance.now() - began < milliseconds) {
      const total = (published.get(pair) ?? 0) + burst
      published.set(pair, total)
      const heard = pair.client.heard(total * connections)
      await Promise.all([pair.server.publish(burst), heard])
      done += burst * connections
    }
    return { operations: done, seconds: (performance.now() - began) / 1000 }
  }
  return {
    title: `fan-out, ${burst === 1 ? "one" : burst} at a time`,
    figures,
    fresh: false,
    async prepare(pair, scale) {
      await pair.connect(scale.connections)
      await pair.watch(0, scale.connections)
      await run(pair, scale, warmUpOf(scale))
    },
    async measure(pair, scale) {
      return figuresOf(await pair.cost(() => run(pair, scale, stretchOf(scale))))
    },
  }
}
