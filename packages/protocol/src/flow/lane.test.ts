import { describe, expect, it } from "vitest"
import { jsonCodec } from "../codec/codec-json.js"
import { conflatedKeys, messageUnits, streamUnits, turnUnits } from "../limits.js"
import { LossyBacklog } from "./backlog.js"
import { Lane, type Policy } from "./lane.js"
import { frameOf } from "./outbox.js"
import { SendBudget } from "./send-budget.js"

function lane(policy: Policy = "every", credit = 10, id = 1, budget = new SendBudget()) {
  const told = { begun: 0, closed: 0, revived: 0 }
  const laneBegun = () => void told.begun++
  const owner = { id, ready: id > 0, laneBegun, laneClosed: () => void told.closed++ }
  const revived = () => void told.revived++
  const lossy = policy === "every" ? undefined : new LossyBacklog()
  const it = new Lane(owner, { codec: jsonCodec, lossy, window: 10, credit, budget, revived })
  const drain = (): unknown[] => {
    const frames: unknown[] = []
    for (let frame = it.take(turnUnits); frame; frame = it.take(turnUnits)) {
      frames.push(JSON.parse(String(frameOf(frame))))
    }
    return frames
  }
  return { lane: it, owner, told, drain }
}

/** Values in these frames. */
function itemsOf(frames: readonly unknown[]): number {
  return frames.flatMap((frame) => Reflect.get(Object(frame), "2")).length
}

describe("a lane", () => {
  it("sends one value as ITEM and several as ITEMS, as its credit goes", () => {
    const { lane: stream, drain } = lane("every", 3)
    for (const value of ["1", "2", "3", "4", "5"]) stream.item(value)
    expect(drain()).toEqual([[26, 1, [1, 2, 3]]])
    stream.credit(4)
    expect(drain()).toEqual([[21, 1, 4]])
    stream.credit(2)
    expect(drain()).toEqual([])
    stream.credit(9)
    expect(drain()).toEqual([[21, 1, 5]])
    expect([stream.waitingItems, stream.waitingUnits, stream.dropped]).toEqual([0, 0, 0])
  })

  it("sends each value of a log with its cursor", () => {
    const { lane: stream, drain } = lane("every", 4)
    for (const n of [1, 2, 3]) stream.item(String(n), undefined, `c.${n}`)
    expect(drain()).toEqual([[26, 1, [1, 2, 3], ["c.1", "c.2", "c.3"]]])
    stream.item("4", undefined, "c.4")
    expect(drain()).toEqual([[21, 1, 4, "c.4"]])
    const { lane: lossy, drain: drainLossy } = lane("latest", 4)
    for (const n of [1, 2, 3]) lossy.item(String(n), undefined, `c.${n}`)
    expect(drainLossy()).toEqual([[21, 1, 3, "c.3"]])
  })

  it("sends runs of a log within one message, the longest cursors too", () => {
    const { lane: stream } = lane("every", 10)
    const cursor = "c".repeat(64)
    for (let n = 0; n < 10; n++) stream.item("x".repeat(1_600), undefined, cursor)
    const sizes: number[] = []
    for (let frame = stream.take(turnUnits); frame; frame = stream.take(turnUnits)) {
      sizes.push(frameOf(frame).length)
    }
    expect(sizes.length).toBe(2)
    for (const size of sizes) expect(size).toBeLessThan(turnUnits + 100)
  })

  it("tells a source that waits for it when nothing waits any more", () => {
    for (const policy of ["every", "conflate"] as const) {
      const { lane: stream, told, drain } = lane(policy, 1)
      expect([stream.idle, stream.rest()]).toEqual([true, true])
      stream.item("1", "a")
      stream.item("2", "b")
      expect([stream.idle, stream.rest()]).toEqual([false, false])
      drain()
      expect(told.revived).toBe(0)
      stream.credit(2)
      drain()
      expect([stream.idle, told.revived]).toEqual([true, 1])
      stream.credit(3)
      expect(told.revived).toBe(1)
    }
  })

  it("says nothing before its channel has an id", () => {
    const { lane: stream, owner, drain } = lane("every", 3, 0)
    stream.item("1")
    expect(drain()).toEqual([])
    Object.assign(owner, { id: 2, ready: true })
    expect(drain()).toEqual([[21, 2, 1]])
  })

  it("ends behind everything that waits, and tells its channel then", () => {
    const { lane: stream, told, drain } = lane("every", 1)
    stream.item("1")
    stream.item("2")
    stream.close("[22,1]")
    expect(drain()).toEqual([[21, 1, 1]])
    expect(told.closed).toBe(0)
    stream.credit(2)
    expect(drain()).toEqual([
      [21, 1, 2],
      [22, 1],
    ])
    expect(told.closed).toBe(1)
  })

  it("is not closed by a note", () => {
    const { lane: stream, told, drain } = lane()
    stream.note('[25,1,"at"]')
    expect(drain()).toEqual([[25, 1, "at"]])
    expect(told.closed).toBe(0)
  })

  it("killed says nothing more", () => {
    const { lane: stream, told, drain } = lane("latest", 0)
    stream.item("1")
    stream.item("2")
    stream.close("[22,1]")
    stream.kill()
    stream.credit(9)
    expect(drain()).toEqual([])
    expect(told.closed).toBe(0)
  })

  it("sends what is too large for a message in parts, with nothing in between", () => {
    const { lane: stream, drain } = lane()
    const large = JSON.stringify("x".repeat(messageUnits))
    stream.item("1")
    stream.item(large)
    stream.item("2")
    const [first, ...rest] = drain()
    expect(first).toEqual([21, 1, 1])
    const parts = rest.slice(0, -1)
    expect(parts.every((part) => Array.isArray(part) && part[0] === 15)).toBe(true)
    const text = jsonCodec.join(parts.map((part) => Reflect.get(Object(part), "3")))
    expect(text).toBe(`[21,1,${large}]`)
    expect(rest.at(-1)).toEqual([21, 1, 2])
  })

  it("killed between parts leaves the rest out", () => {
    const { lane: stream, drain } = lane()
    stream.item(JSON.stringify("x".repeat(messageUnits * 2)))
    expect(stream.take(turnUnits)).toBeDefined()
    stream.kill()
    expect(drain()).toEqual([])
  })
})

describe("room for a source that can wait", () => {
  it("is its credit, less what waits", () => {
    const { lane: stream, drain } = lane("every", 5)
    expect(stream.room()).toBe(5)
    stream.item("1")
    expect(stream.room()).toBe(4)
    drain()
    expect(stream.room()).toBe(4)
    stream.credit(9)
    expect(stream.room()).toBe(8)
  })

  it("ends above so many units, and is told of when there is some again", () => {
    const { lane: stream, told, drain } = lane("every", 100)
    stream.item(`"${"x".repeat(streamUnits)}"`)
    expect(stream.room()).toBe(0)
    drain()
    expect([stream.room(), told.revived]).toEqual([0, 0])
    stream.credit(11)
    expect(told.revived).toBe(1)
    expect(stream.room()).toBe(10)
  })

  it("is none, nor does anything leave, while its reader has so many units to take", () => {
    const { lane: stream, drain } = lane("every", 10)
    const value = "x".repeat(streamUnits / 4)
    for (let item = 0; item < 9; item++) stream.item(`"${value}"`)
    expect(itemsOf(drain())).toBe(4)
    stream.credit(11)
    expect(itemsOf(drain())).toBe(1)
    stream.credit(14)
    expect(itemsOf(drain())).toBe(3)
  })

  it("is never nothing to a reader that has taken all, however large an item is", () => {
    const { lane: stream, drain } = lane("every", 10)
    stream.item(`"${"x".repeat(streamUnits * 2)}"`)
    stream.item("2")
    expect(drain().every((frame) => Array.isArray(frame) && frame[0] === 15)).toBe(true)
    stream.credit(11)
    expect(drain()).toEqual([[21, 1, 2]])
  })

  it("is told of by credit, once, and only to those that had found none or had none from the first", () => {
    const { lane: stream, told } = lane("every", 1)
    stream.credit(2)
    expect(told.revived).toBe(0)
    const fresh = lane("every", 0)
    fresh.lane.credit(1)
    expect(fresh.told.revived).toBe(1)
    const other = lane("every", 0)
    expect(other.lane.room()).toBe(0)
    other.lane.credit(1)
    other.lane.credit(2)
    expect(other.told.revived).toBe(1)
  })
})

describe("the lanes of one session", () => {
  const item = "x".repeat(streamUnits / 2)

  /** As many lanes as it takes until their sources have to wait for each other. */
  function crowd(budget: SendBudget) {
    const lanes = []
    while (!budget.exceeded) {
      const one = lane("every", 10, 1, budget)
      one.lane.item(item)
      lanes.push(one)
    }
    return lanes
  }

  it("find no room above what they may hold together, and hear when half of it is free", () => {
    const budget = new SendBudget()
    const lanes = crowd(budget)
    const late = lane("every", 10, 1, budget)
    expect(late.lane.room()).toBe(0)
    expect(lanes[0]?.lane.room()).toBe(0)
    for (const [index, { drain }] of lanes.entries()) {
      expect(late.told.revived).toBe(index >= lanes.length / 2 ? 1 : 0)
      drain()
    }
    expect(budget.used).toBe(0)
    expect(late.lane.room()).toBe(10)
  })

  it("do without those that have ended", () => {
    const budget = new SendBudget()
    const lanes = crowd(budget)
    const killed = lane("every", 10, 1, budget)
    expect(killed.lane.room()).toBe(0)
    killed.lane.kill()
    for (const { lane: one } of lanes) one.kill()
    expect(budget.used).toBe(0)
    expect(killed.told.revived).toBe(0)
  })

  it("end when they cannot wait and are a part of it", () => {
    const budget = new SendBudget()
    const small = lane("latest", 0, 1, budget)
    const large = lane("conflate", 0, 1, budget)
    expect(large.lane.item(item, "a")).toBe(true)
    crowd(budget)
    expect(large.lane.crowded).toBe(true)
    expect(large.lane.item("1", "b")).toBe(false)
    expect(small.lane.item("1")).toBe(true)
    expect(small.lane.item("2")).toBe(true)
  })
})

describe("a lossy lane", () => {
  it("tells what was dropped behind the notes that stand already", () => {
    const { lane: stream, drain } = lane("latest", 2)
    stream.note('[25,1,"at"]')
    for (const value of ["1", "2", "3"]) stream.item(value)
    expect(stream.dropped).toBe(2)
    stream.tellDropped()
    expect(drain()).toEqual([
      [25, 1, "at"],
      [25, 1, "dropped", { n: 2 }],
      [21, 1, 3],
    ])
    expect(stream.dropped).toBe(0)
  })

  it("tells nothing where nothing was dropped", () => {
    const { lane: stream, drain } = lane("conflate", 2)
    stream.item("1", "a")
    stream.tellDropped()
    expect(drain()).toEqual([[21, 1, 1]])
  })

  it("tells it without credit", () => {
    const { lane: stream, drain } = lane("latest", 0)
    stream.item("1")
    stream.item("2")
    stream.tellDropped()
    expect(drain()).toEqual([[25, 1, "dropped", { n: 1 }]])
  })

  it("says whether there is room", () => {
    const { lane: stream, told, drain } = lane("conflate", 0)
    expect(stream.room()).toBe(conflatedKeys)
    stream.item("x".repeat(4_200_000), "big")
    expect(stream.room()).toBe(0)
    stream.credit(1)
    drain()
    expect([stream.room(), told.revived]).toEqual([conflatedKeys, 1])
    expect(stream.item("x".repeat(5_000_000), "a")).toBe(true)
    expect(stream.item("1", "b")).toBe(false)
  })
})
