import { type Broker, memoryBroker } from "@trunkline/server"
import type { BrokerEngine } from "@trunkline/testing/conformance"
import { systemHost } from "@trunkline/transport"

const age = 100_000
const entries = 2_000

/** `memoryBroker` as the kit takes it: all nodes are one process, and each publishing takes a millisecond. */
export function memoryEngine(): BrokerEngine {
  let now = 0
  const times = new Map<string, number[]>()
  const host = { ...systemHost, now: () => now }
  const make = (): Broker => {
    const broker = memoryBroker({ age, entries, host })
    return {
      capabilities: broker.capabilities,
      publish: (topic, payload, options) => {
        times.set(topic, [...(times.get(topic) ?? []), ++now])
        return broker.publish(topic, payload, options)
      },
      open: (topic, from) => broker.open(topic, from),
      position: (topic) => broker.position(topic),
      close: () => broker.close(),
    }
  }
  let broker = make()
  const readAll = async (topic: string): Promise<number> => {
    const reader = await broker.open(topic, "the.start")
    const kept = await reader.read(10 * entries)
    reader.close()
    return kept.length
  }
  return {
    connect: () => broker,
    trim: async (topic, keep) => {
      const before = now
      now = (times.get(topic)?.at(-keep) ?? now) + age
      await readAll(topic)
      now = before
    },
    reset: async () => {
      await broker.close()
      broker = make()
    },
    bound: { entries, kept: readAll },
  }
}
