import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { backoff, defaultBackoff, withinRange } from "./backoff.js"

describe("backoff", () => {
  it("is uniform up to an end that doubles, to a cap", () => {
    const ends = [1, 2, 3, 4, 5, 6, 7, 8, 99].map((failures) =>
      backoff(failures, 1, defaultBackoff),
    )
    expect(ends).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    expect(backoff(5, 0.25, defaultBackoff)).toBe(2_000)
    expect(backoff(5, 0, defaultBackoff)).toBe(0)
    expect(backoff(0, 1, defaultBackoff)).toBe(1_000)
  })

  it("never exceeds its cap", () => {
    const options = fc.record({ base: fc.nat(10_000), cap: fc.nat(60_000) })
    fc.assert(
      fc.property(fc.nat(2_000), fc.double({ min: 0, max: 1, noNaN: true }), options, (n, r, o) => {
        const wait = backoff(n, r, o)
        expect(wait).toBeGreaterThanOrEqual(0)
        expect(wait).toBeLessThanOrEqual(o.cap)
      }),
    )
  })

  it("gives way to what the other side asks for", () => {
    expect([0, 0.5, 1].map((random) => withinRange([100, 300], random))).toEqual([100, 200, 300])
  })
})
