import { expect, it } from "vitest"
import { bytes, mark } from "./format.js"

it("a mark has no zeros behind its point", () => {
  const marks = mark((value) => value.toFixed(2))
  expect([0, 2.5, 5, 10, 0.25].map(marks)).toEqual(["0", "2.5", "5", "10", "0.25"])
  expect([2_000_000, 2_500_000, 20_000_000].map(mark(bytes))).toEqual(["2 MB", "2.5 MB", "20 MB"])
})
