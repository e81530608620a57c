import { describe, expect, it } from "vitest"
import { conflatedKeys, conflatedUnits, runLength } from "../limits.js"
import { type Backlog, EveryBacklog, Fixed, LossyBacklog } from "./backlog.js"

/** All that goes next, frames and runs. */
function drain(backlog: Backlog, most = Number.POSITIVE_INFINITY, units = 1_000): unknown[] {
  const all: unknown[] = []
  for (let next = backlog.next(most, units); next; next = backlog.next(most, units)) {
    all.push(next instanceof Fixed ? next.frame : next)
  }
  return all
}

describe("every", () => {
  it("keeps all values, and frames at their places among them", () => {
    const backlog = new EveryBacklog()
    for (const value of ["1", "22"]) expect(backlog.push(value)).toBe(true)
    backlog.fix("note")
    backlog.push("3")
    backlog.close("end")
    expect([backlog.items, backlog.units, backlog.empty]).toEqual([3, 11, false])
    expect(drain(backlog)).toEqual([["1", "22"], "note", ["3"], "end"])
    expect([backlog.items, backlog.units, backlog.empty]).toEqual([0, 0, true])
  })

  it("gives as many values as are asked for, and frames without being asked", () => {
    const backlog = new EveryBacklog()
    for (const value of ["1", "2", "3"]) backlog.push(value)
    backlog.close("end")
    expect(backlog.next(0, 1_000)).toBeUndefined()
    expect(backlog.next(2, 1_000)).toEqual(["1", "2"])
    expect(backlog.next(0, 1_000)).toBeUndefined()
    expect(backlog.next(9, 1_000)).toEqual(["3"])
    expect(backlog.next(0, 0)).toBeInstanceOf(Fixed)
  })

  it("gives no more units than are asked for, but one value at least", () => {
    const backlog = new EveryBacklog()
    for (const value of ["x".repeat(50), "y", "z".repeat(9), "w"]) backlog.push(value)
    expect(backlog.next(9, 10)).toEqual(["x".repeat(50)])
    expect(backlog.next(9, 10)).toEqual(["y", "z".repeat(9)])
    expect(backlog.next(9, 10)).toEqual(["w"])
  })

  it("gives each value with its cursor, which counts for what a frame may hold", () => {
    const backlog = new EveryBacklog()
    for (const n of [1, 2, 3]) backlog.push(String(n), undefined, `c.${n}`)
    backlog.fix("note")
    backlog.push("4", undefined, "c.4")
    expect(backlog.next(9, 14)).toEqual(["1", "2"])
    expect(backlog.cursors).toEqual(["c.1", "c.2"])
    expect(backlog.next(9, 14)).toEqual(["3"])
    expect(backlog.cursors).toEqual(["c.3"])
    backlog.next(9, 14)
    expect([backlog.next(9, 14), backlog.cursors]).toEqual([["4"], ["c.4"]])
    backlog.push("5", undefined, "c.5")
    backlog.clear()
    backlog.push("6", undefined, "c.6")
    expect([backlog.next(9, 14), backlog.cursors]).toEqual([["6"], ["c.6"]])
  })

  it("gives no longer runs than one frame holds", () => {
    const backlog = new EveryBacklog()
    for (let n = 0; n < runLength + 1; n++) backlog.push("1")
    expect(backlog.next(9_999, 99_999)).toHaveLength(runLength)
    expect(backlog.next(9_999, 99_999)).toHaveLength(1)
  })

  it("can be emptied", () => {
    const backlog = new EveryBacklog()
    backlog.push("1")
    backlog.fix("note")
    backlog.clear()
    expect([backlog.items, backlog.units, backlog.empty]).toEqual([0, 0, true])
    expect(drain(backlog)).toEqual([])
  })
})

describe("latest and conflate", () => {
  it("keep the newest value of each key, in the order of their last change", () => {
    const backlog = new LossyBacklog()
    for (const [key, value] of [
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
      ["a", "44"],
    ] as const) {
      expect(backlog.push(value, key)).toBe(true)
    }
    expect([backlog.items, backlog.units, backlog.dropped]).toEqual([3, 4, 1])
    expect(drain(backlog)).toEqual([["2", "3", "44"]])
    expect([backlog.items, backlog.units, backlog.empty]).toEqual([0, 0, true])
  })

  it("give the cursor of the value that is left", () => {
    const backlog = new LossyBacklog()
    for (const [n, key] of ["a", "b", "a", "c"].entries()) backlog.push(`${n}`, key, `c.${n}`)
    expect(backlog.next(2, 100)).toEqual(["1", "2"])
    expect(backlog.cursors).toEqual(["c.1", "c.2"])
    backlog.push("4", "a", "c.4")
    expect(backlog.next(9, 100)).toEqual(["3", "4"])
    expect(backlog.cursors).toEqual(["c.3", "c.4"])
  })

  it("keep one value where there is no key", () => {
    const backlog = new LossyBacklog()
    for (const value of ["1", "2", "3"]) backlog.push(value, undefined)
    expect([backlog.items, backlog.dropped]).toEqual([1, 2])
    expect(drain(backlog)).toEqual([["3"]])
  })

  it("put notes ahead of the values, and the end behind them", () => {
    const backlog = new LossyBacklog()
    backlog.push("1", "a")
    backlog.close("end")
    backlog.fix("at")
    expect(backlog.notes).toBe(1)
    expect(backlog.empty).toBe(false)
    expect(drain(backlog)).toEqual(["at", ["1"], "end"])
    expect([backlog.units, backlog.empty]).toEqual([0, true])
  })

  it("give as much as is asked for", () => {
    const backlog = new LossyBacklog()
    for (const key of ["a", "b", "c"]) backlog.push(key.repeat(5), key)
    expect(backlog.next(0, 100)).toBeUndefined()
    expect(backlog.next(9, 12)).toEqual(["aaaaa", "bbbbb"])
    expect(backlog.next(1, 100)).toEqual(["ccccc"])
  })

  it("are bounded in keys and in units, and still replace what they hold", () => {
    const keys = new LossyBacklog()
    for (let key = 0; key < conflatedKeys; key++) keys.push("1", key)
    expect(keys.push("1", "one more")).toBe(false)
    expect(keys.push("2", 0)).toBe(true)
    const units = new LossyBacklog()
    expect(units.push("x".repeat(conflatedUnits), "a")).toBe(true)
    expect(units.push("1", "b")).toBe(false)
    expect(units.push("1", "a")).toBe(true)
    expect(units.push("1", "b")).toBe(true)
  })

  it("can be emptied", () => {
    const backlog = new LossyBacklog()
    backlog.push("1", "a")
    backlog.fix("note")
    backlog.close("end")
    backlog.clear()
    expect([backlog.items, backlog.units, backlog.empty]).toEqual([0, 0, true])
    expect(drain(backlog)).toEqual([])
  })
})
