/** What a rule can watch, with the most that can be asked of it. No schema: the page imports it too. */
export const metrics = {
  cpu: { label: "CPU", unit: "%", most: 100 },
  memory: { label: "Memory", unit: "%", most: 100 },
  load: { label: "Load", unit: "", most: 10_000 },
  networkIn: { label: "Network in", unit: "MB/s", most: 100_000 },
  networkOut: { label: "Network out", unit: "MB/s", most: 100_000 },
  diskRead: { label: "Disk read", unit: "MB/s", most: 100_000 },
  diskWritten: { label: "Disk written", unit: "MB/s", most: 100_000 },
} as const

export type Metric = keyof typeof metrics

export const metricNames = [
  "cpu",
  "memory",
  "load",
  "networkIn",
  "networkOut",
  "diskRead",
  "diskWritten",
] as const satisfies readonly Metric[]
