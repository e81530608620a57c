import type { Alert, Sample } from "@trunkline-example/dashboard-contract"
import { describe, expect, it } from "vitest"
import { AlertRules } from "./alert-rules.js"

const second = 1_000

function sample(number: number, cpu: number): Sample {
  return { run: "run", number, at: number * second, cpu, memory: { used: 1, total: 4 } }
}

/** What is told after a second of each of these. */
function told(rules: AlertRules, alerts: Alert[], cpu: number[]): string[] {
  cpu.forEach((busy, index) => {
    rules.check(sample(index + 1, busy))
  })
  return alerts.map(({ at, type, value }) => `${at / second} ${type} ${value}`)
}

function made(): { rules: AlertRules; alerts: Alert[] } {
  const alerts: Alert[] = []
  return { rules: new AlertRules((alert) => alerts.push(alert)), alerts }
}

describe("a rule", () => {
  it("is raised once it was above for as long as it says, and cleared when it is not", () => {
    const { rules, alerts } = made()
    rules.add({ metric: "cpu", above: 80, seconds: 2 })
    expect(told(rules, alerts, [90, 91, 92, 93, 80, 70])).toEqual(["3 raised 92", "5 cleared 80"])
    expect(rules.list.value[0]?.raised).toBe(false)
  })

  it("is not raised by less than that, however often", () => {
    const { rules, alerts } = made()
    rules.add({ metric: "cpu", above: 80, seconds: 2 })
    expect(told(rules, alerts, [90, 90, 10, 90, 90, 10])).toEqual([])
  })

  it("of no seconds is raised at once", () => {
    const { rules, alerts } = made()
    rules.add({ metric: "memory", above: 20, seconds: 0 })
    expect(told(rules, alerts, [0])).toEqual(["1 raised 25"])
    expect(rules.list.value[0]?.raised).toBe(true)
  })

  it("about what the system does not tell is never raised", () => {
    const { rules, alerts } = made()
    rules.add({ metric: "networkIn", above: 0, seconds: 0 })
    expect(told(rules, alerts, [50])).toEqual([])
  })

  it("that is changed begins anew", () => {
    const { rules } = made()
    const { id } = rules.add({ metric: "cpu", above: 80, seconds: 1 })
    rules.check(sample(1, 90))
    rules.change(id, { metric: "cpu", above: 85, seconds: 1 })
    rules.check(sample(2, 90))
    expect(rules.list.value[0]).toMatchObject({ id, above: 85, raised: false })
    rules.check(sample(3, 90))
    expect(rules.list.value[0]?.raised).toBe(true)
  })

  it("that is removed while raised is told as cleared", () => {
    const { rules, alerts } = made()
    const { id } = rules.add({ metric: "cpu", above: 80, seconds: 0 })
    rules.check(sample(1, 90))
    rules.remove(id)
    rules.remove(id)
    expect(told(rules, alerts, []).map((line) => line.split(" ")[1])).toEqual(["raised", "cleared"])
    expect(rules.list.value).toEqual([])
  })

  it("that is not there cannot be changed", () => {
    const { rules } = made()
    expect(rules.change("none", { metric: "cpu", above: 1, seconds: 1 })).toBeUndefined()
  })
})
