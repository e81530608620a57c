import { memoryBroker, topic } from "@trunkline/server"
import type { PartialHandlers } from "@trunkline/testing/msw"
import { dashboard, type Sample } from "@trunkline-example/dashboard-contract"

const broker = memoryBroker()

/** A test publishes them. */
export const samples = topic(dashboard.samples)
export const alerts = topic(dashboard.alerts, { broker, snapshot: { atLeastOnce: () => [] } })

/** The figures of a machine that is always as busy. */
export function sample(number: number): Sample {
  const at = Date.UTC(2030, 0, 1) + number * 1_000
  return { run: "mock", number, at, cpu: 42, memory: { used: 1e9, total: 4e9 }, load: [1, 2, 3] }
}

/** What a page needs to stand; whatever it asks for beyond that says that nobody mocks it. */
export const handlers: PartialHandlers<typeof dashboard> = {
  machine: () => ({
    host: "mock.example",
    system: "a machine that is not there",
    processor: "core",
    cores: 2,
    memory: 4e9,
    upSince: Date.UTC(2030, 0, 1),
    missing: ["network", "disk"],
  }),
  samples,
  pulse: ({ signal }) => lasting({ number: 1, cores: [40, 44] }, signal),
  processes: ({ signal }) =>
    lasting({ pid: 7, name: "mockd", state: "S", cpu: 1, memory: 1e6, threads: 1 }, signal),
  rules: {
    list: ({ signal }) => lasting([], signal),
  },
  alerts,
  notes: {
    changes: topic(dashboard.notes.changes, {
      broker,
      snapshot: { atLeastOnce: () => [{ id: "n1", at: 0, author: "mock", text: "a mocked note" }] },
    }),
  },
  viewers: ({ input, signal }) =>
    lasting([{ id: "v1", name: input.name, since: 0, you: true }], signal),
}

/** One value, of a stream that stays open. */
async function* lasting<Value>(value: Value, signal: AbortSignal): AsyncGenerator<Value> {
  yield value
  await new Promise((resolve) => signal.addEventListener("abort", resolve))
}
