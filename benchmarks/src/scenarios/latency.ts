import type { Scenario } from "../scenario.js"
import { stretchOf, warmUpOf } from "./throughput.js"

/** One call after the other: what a lone call takes, and what it costs both sides together. */
export const latency: Scenario = {
  title: "one call at a time",
  figures: {
    p50: { title: "p50", unit: "µs", ratio: true, digits: 0 },
    p99: { title: "p99", unit: "µs", ratio: true, digits: 0 },
    cpu: { title: "CPU, both sides", unit: "µs", ratio: true, digits: 0 },
  },
  fresh: false,
  async prepare(pair, scale) {
    await pair.connect(1)
    await pair.client.sequence(warmUpOf(scale, 0.2))
  },
  async measure(pair, scale) {
    const cost = await pair.cost(() => pair.client.sequence(stretchOf(scale)))
    const { p50, p99, operations, serverCpu, clientCpu } = cost
    return {
      p50: p50 * 1e3,
      p99: p99 * 1e3,
      cpu: ((serverCpu + clientCpu) / operations) * 1e6,
    }
  },
}
