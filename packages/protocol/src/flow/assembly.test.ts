import { describe, expect, it } from "vitest"
import { jsonCodec } from "../codec/codec-json.js"
import { envelopeUnits } from "../limits.js"
import { Violation } from "../violation.js"
import { Assembly } from "./assembly.js"
import { ReceiveBudget } from "./inflow.js"

function assembly(messageBytes = 10_000) {
  const budget = new ReceiveBudget()
  const it = new Assembly(jsonCodec, budget)
  it.messageBytes = messageBytes
  return { budget, it }
}

describe("Assembly", () => {
  it("joins the parts of each id", () => {
    const { it: parts, budget } = assembly()
    expect(parts.add(1, 1, "[20,")).toBeUndefined()
    expect(parts.add(3, 1, "[17,")).toBeUndefined()
    expect([parts.has(1), parts.has(3), parts.has(5)]).toEqual([true, true, false])
    expect(parts.add(1, 0, "1]")).toBe("[20,1]")
    expect(parts.has(1)).toBe(false)
    expect(parts.add(3, 0, "3]")).toBe("[17,3]")
    expect(budget.used).toBe(0)
  })

  it("charges every slice, small ones more than they are", () => {
    const { it: parts, budget } = assembly()
    parts.add(1, 1, "")
    parts.add(1, 1, "x".repeat(1_000))
    expect([budget.used, parts.held(1), parts.held(3)]).toEqual([1_256, 1_256, 0])
    parts.discard(1)
    parts.discard(1)
    expect(budget.used).toBe(0)
  })

  it("takes a frame of exactly the limit, however its slices fall", () => {
    const { it: parts } = assembly()
    parts.add(1, 1, "x".repeat(10_000 + envelopeUnits - 1))
    expect(parts.add(1, 0, "y")).toHaveLength(10_000 + envelopeUnits)
    parts.add(3, 1, "x".repeat(10_000 + envelopeUnits))
    expect(() => parts.add(3, 1, "y")).toThrow(Violation)
  })

  it("knows which id holds most", () => {
    const { it: parts } = assembly()
    expect(parts.heaviest()).toBeUndefined()
    parts.add(1, 1, "x".repeat(300))
    parts.add(3, 1, "x".repeat(500))
    parts.add(5, 1, "x".repeat(400))
    expect(parts.heaviest()).toBe(3)
  })

  it("skips the rest of a frame that it refused, and nothing after it", () => {
    const { it: parts, budget } = assembly()
    parts.add(1, 1, "[20,")
    expect(parts.skips(1, 1)).toBe(false)
    parts.refuse(1)
    expect([budget.used, parts.has(1)]).toEqual([0, true])
    expect([parts.skips(1, 1), parts.skips(1, 1), parts.skips(1, 0), parts.skips(1, 1)]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(parts.has(1)).toBe(false)
    parts.refuse(3)
    parts.discard(3)
    expect(parts.skips(3, 1)).toBe(false)
  })
})
