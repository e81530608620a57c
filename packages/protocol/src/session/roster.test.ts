import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Roster, type Rostered } from "./roster.js"

class Entry implements Rostered {
  at = 0
  roster: object | undefined
  earlier: this | undefined
  later: this | undefined
}

const never = Number.POSITIVE_INFINITY

describe("Roster", () => {
  it("does as a sorted list would, whatever is put in, moved and taken out", () => {
    const operation = fc.record({
      entry: fc.nat(9),
      at: fc.oneof(fc.nat(5), fc.constant(never)),
      remove: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const entries = Array.from({ length: 10 }, () => new Entry())
        const roster = new Roster<Entry>()
        let model: Entry[] = []
        for (const { entry: index, at, remove } of operations) {
          const entry = entries[index]
          if (!entry) continue
          expect(roster.has(entry)).toBe(model.includes(entry))
          if (remove) expect(roster.remove(entry)).toBe(model.includes(entry))
          else roster.set(entry, at)
          model = model.filter((other) => other !== entry)
          if (!remove) model.push(entry)
          const soonest = Math.min(never, ...model.map((other) => other.at))
          expect(roster.size).toBe(model.length)
          expect(roster.soonest).toBe(soonest)
          expect(new Set(roster)).toEqual(new Set(model))
          const timed = [...roster].map((other) => other.at)
          expect(timed).toEqual([...timed].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
          expect(roster.due(3)?.at).toBe(soonest <= 3 ? soonest : undefined)
        }
      }),
    )
  })

  it("keeps those of one time in their order", () => {
    const roster = new Roster<Entry>()
    const entries = Array.from({ length: 5 }, () => new Entry())
    for (const entry of entries) roster.set(entry, 7)
    expect([...roster].map((entry) => entries.indexOf(entry))).toEqual([0, 1, 2, 3, 4])
  })

  it("does not remove what stands in another", () => {
    const [one, other] = [new Roster<Entry>(), new Roster<Entry>()]
    const entry = new Entry()
    one.set(entry, 1)
    expect(other.remove(entry)).toBe(false)
    expect(one.size).toBe(1)
  })

  it("has nothing due while it is empty", () => {
    const roster = new Roster<Entry>()
    expect(roster.soonest).toBe(never)
    expect(roster.due(never)).toBeUndefined()
  })
})
