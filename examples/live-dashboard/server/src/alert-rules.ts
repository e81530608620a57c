import { randomUUID } from "node:crypto"
import type { Alert, Metric, Rule, RuleInput, Sample } from "@trunkline-example/dashboard-contract"
import { Watched } from "./watched.js"

/** What one rule has seen. */
interface Sight {
  /** Since when every sample was above, in milliseconds since 1970. */
  since: number | undefined
  /** What was measured last. */
  value: number
}

/** What viewers want to be told of. Each sample is held against each rule. */
export class AlertRules {
  readonly list: Watched<readonly Rule[]> = new Watched<readonly Rule[]>([])
  readonly #raise: (alert: Alert) => void
  readonly #sights = new Map<string, Sight>()

  /** @param raise tells of an alert */
  constructor(raise: (alert: Alert) => void) {
    this.#raise = raise
  }

  add(input: RuleInput): Rule {
    const rule = { id: randomUUID(), raised: false, ...input }
    this.list.value = [...this.list.value, rule]
    return rule
  }

  /** `undefined`: there is no such rule. What it has seen so far was seen by another rule. */
  change(id: string, input: RuleInput): Rule | undefined {
    const old = this.#find(id)
    if (!old) return undefined
    this.#forget(old)
    const rule = { id, raised: false, ...input }
    this.#replace(rule)
    return rule
  }

  remove(id: string): void {
    const old = this.#find(id)
    if (!old) return
    this.#forget(old)
    this.list.value = this.list.value.filter((rule) => rule.id !== id)
  }

  check(sample: Sample): void {
    for (const rule of this.list.value) {
      const value = measuredBy(sample, rule.metric)
      if (value !== undefined) this.#hold(rule, value, sample.at)
    }
  }

  #hold(rule: Rule, value: number, at: number): void {
    const above = value > rule.above
    const since = above ? (this.#sights.get(rule.id)?.since ?? at) : undefined
    this.#sights.set(rule.id, { since, value })
    const due = since !== undefined && at - since >= rule.seconds * 1_000
    if (above ? due && !rule.raised : rule.raised) {
      this.#tell(rule, above ? "raised" : "cleared", value, at)
      this.#replace({ ...rule, raised: above })
    }
  }

  #forget(rule: Rule): void {
    const sight = this.#sights.get(rule.id)
    this.#sights.delete(rule.id)
    if (rule.raised && sight) this.#tell(rule, "cleared", sight.value, Date.now())
  }

  #tell(rule: Rule, type: Alert["type"], value: number, at: number): void {
    const { metric, above, seconds } = rule
    this.#raise({ at, type, value, rule: { metric, above, seconds } })
  }

  #find(id: string): Rule | undefined {
    return this.list.value.find((rule) => rule.id === id)
  }

  #replace(rule: Rule): void {
    this.list.value = this.list.value.map((old) => (old.id === rule.id ? rule : old))
  }
}

/** In the unit of the metric; `undefined`: this system does not tell it. */
export function measuredBy(sample: Sample, metric: Metric): number | undefined {
  const { cpu, memory, load, network, disk } = sample
  const megabytes = (bytes: number | undefined) =>
    bytes === undefined ? undefined : bytes / 1_000_000
  switch (metric) {
    case "cpu":
      return cpu
    case "memory":
      return (memory.used / memory.total) * 100
    case "load":
      return load?.[0]
    case "networkIn":
      return megabytes(network?.in)
    case "networkOut":
      return megabytes(network?.out)
    case "diskRead":
      return megabytes(disk?.read)
    case "diskWritten":
      return megabytes(disk?.written)
  }
}
