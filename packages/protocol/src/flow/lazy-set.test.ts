import { describe, expect, it } from "vitest"
import { LazySet } from "./lazy-set.js"

describe("LazySet", () => {
  it("is empty before anything was put in", () => {
    const set = new LazySet<number>()
    set.clear()
    expect([set.size, set.has(1), set.delete(1), [...set]]).toEqual([0, false, false, []])
  })

  it("holds what a Set would, in the same order", () => {
    const set = new LazySet<number>()
    for (const n of [3, 1, 2, 1]) set.add(n)
    expect([set.size, set.has(1), [...set]]).toEqual([3, true, [3, 1, 2]])
    expect([set.delete(1), set.delete(1), [...set]]).toEqual([true, false, [3, 2]])
    set.clear()
    expect([set.size, [...set]]).toEqual([0, []])
  })

  it("lets its members be taken out while it is walked", () => {
    const set = new LazySet<number>()
    for (const n of [1, 2, 3]) set.add(n)
    const seen: number[] = []
    for (const n of set) {
      seen.push(n)
      set.delete(n)
    }
    expect([seen, set.size]).toEqual([[1, 2, 3], 0])
  })
})
