import { describe, expect, it } from "vitest"
import { receiveUnits } from "../limits.js"
import { Violation } from "../violation.js"
import { Inflow, ReceiveBudget } from "./inflow.js"

function begun(window = 4, allowance = window) {
  const budget = new ReceiveBudget()
  const inflow = new Inflow(budget)
  inflow.begin(window, allowance)
  return { budget, inflow }
}

describe("Inflow", () => {
  it("hands on what arrived, in order, with cursors and notes", () => {
    const { inflow, budget } = begun()
    inflow.place("c.0")
    inflow.push(["a", "b"], ["c.1", "c.2"], 10, 0)
    inflow.note("restarted", undefined, 5)
    inflow.push(["c"], ["c.3"], 7, 0)
    expect([inflow.length, inflow.queued, inflow.units, budget.used]).toEqual([3, 3, 32, 32])
    expect(inflow.cursor).toBe("c.3")
    const arrivals = [1, 2, 3, 4, 5].map(() => inflow.shift())
    expect(arrivals).toEqual([
      { item: "a", cursor: "c.1" },
      { item: "b", cursor: "c.2" },
      { note: "restarted", data: undefined },
      { item: "c", cursor: "c.3" },
      undefined,
    ])
    expect([inflow.length, inflow.queued, inflow.units, budget.used]).toEqual([0, 0, 0, 0])
  })

  it("knows where another session continues, and where another stream does", () => {
    const { inflow } = begun()
    const places = () => [inflow.cursor, inflow.taken]
    inflow.place("c.0")
    expect(places()).toEqual(["c.0", "c.0"])
    inflow.push(["a", "b"], ["c.1", "c.2"], 1, 0)
    inflow.note("stalled", undefined, 1)
    inflow.note("gap", { cursor: "c.7" }, 1, "c.7")
    expect(places()).toEqual(["c.7", "c.0"])
    inflow.place("c.9")
    const taken = [1, 2, 3, 4].map(() => {
      inflow.shift()
      return inflow.taken
    })
    expect(taken).toEqual(["c.1", "c.2", "c.2", "c.9"])
    inflow.push(["d"], ["c.10"], 1, 0)
    inflow.clear()
    expect(places()).toEqual(["c.10", "c.9"])
  })

  it("takes a cursor with every item of a log, and with no other", () => {
    const { inflow } = begun()
    expect(() => inflow.push(["a"], ["c.1"], 1, 0)).toThrow("cursors for some items")
    inflow.place("c.0")
    expect(() => inflow.push(["a"], undefined, 1, 0)).toThrow("cursors for some items")
    inflow.move(new ReceiveBudget())
    inflow.begin(4, 4)
    expect(() => inflow.push(["a"], ["c.1"], 1, 0)).toThrow("cursors for some items")
    inflow.note("gap", { cursor: "c.5" }, 1, "c.5")
    expect(() => inflow.push(["a"], ["c.6"], 1, 0)).not.toThrow()
  })

  it("takes no item beyond what it granted", () => {
    const { inflow } = begun(2)
    inflow.push([1, 2], undefined, 1, 0)
    expect(() => inflow.push([3], undefined, 1, 0)).toThrow(Violation)
  })

  it("grants when half of the window was taken, and only more than before", () => {
    const { inflow } = begun(4)
    expect(inflow.grant()).toBeUndefined()
    inflow.push([1, 2, 3, 4], undefined, 1, 0)
    inflow.shift()
    expect(inflow.grantDue).toBe(false)
    inflow.shift()
    expect(inflow.grantDue).toBe(true)
    inflow.granting = true
    expect(inflow.grantDue).toBe(false)
    inflow.shift()
    expect(inflow.grant()).toBe(7)
    expect(inflow.granting).toBe(false)
    expect(inflow.grant()).toBeUndefined()
  })

  it("with the smallest window grants one by one", () => {
    const { inflow } = begun(1)
    inflow.push([1], undefined, 1, 0)
    expect(inflow.grantDue).toBe(false)
    inflow.shift()
    expect(inflow.grantDue).toBe(true)
    expect(inflow.grant()).toBe(2)
  })

  it("grants nothing before the other side has begun", () => {
    const inflow = new Inflow(new ReceiveBudget())
    expect([inflow.begun, inflow.grantDue, inflow.grant()]).toEqual([false, false, undefined])
  })

  it("moves to another session with what it holds", () => {
    const { inflow, budget } = begun(4)
    inflow.place("c.0")
    inflow.push([1, 2], ["c.1", "c.2"], 10, 0)
    const next = new ReceiveBudget()
    inflow.move(next)
    expect([budget.used, next.used, inflow.begun, inflow.cursor]).toEqual([0, 20, false, "c.2"])
    inflow.begin(4, 2)
    expect(inflow.grantDue).toBe(false)
    inflow.push([3, 4], undefined, 1, 0)
    expect(() => inflow.push([5], undefined, 1, 0)).toThrow(Violation)
  })

  it("forgets what it holds", () => {
    const { inflow, budget } = begun()
    inflow.push([1, 2], undefined, 10, 0)
    inflow.shift()
    inflow.clear()
    expect([inflow.length, inflow.queued, inflow.units, budget.used]).toEqual([0, 0, 0, 0])
    expect(inflow.shift()).toBeUndefined()
  })

  it("tells whoever waits for room, when there is some", () => {
    const { inflow, budget } = begun()
    expect(inflow.tellDue).toBe(false)
    budget.withheld = true
    budget.used = receiveUnits
    expect([budget.scarce, budget.exceeded, budget.relieved, inflow.tellDue]).toEqual([
      true,
      false,
      false,
      false,
    ])
    budget.used = receiveUnits / 2
    expect([budget.relieved, inflow.tellDue]).toEqual([true, true])
    budget.used = receiveUnits + 1
    expect(budget.exceeded).toBe(true)
  })
})
