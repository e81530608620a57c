import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  areLimits,
  fields,
  isBoolean,
  isCursor,
  isFlag,
  isId,
  isInt,
  isRange,
  listOf,
  oneOf,
  optional,
  text,
  token,
} from "./shape.js"

describe("shapes", () => {
  it("are total", () => {
    const shapes = [
      isInt,
      isId,
      isFlag,
      isBoolean,
      isRange,
      isCursor,
      areLimits,
      text(3),
      token(3),
      oneOf("a", 1),
      listOf(isInt, 2),
      optional(isInt),
      fields({ a: isInt }),
    ]
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const shape of shapes) expect(typeof shape(value)).toBe("boolean")
      }),
    )
  })

  it("of integers are safe and not negative", () => {
    for (const good of [0, 1, Number.MAX_SAFE_INTEGER]) expect(isInt(good)).toBe(true)
    for (const bad of [-1, 0.5, 2 ** 53, Number.NaN, Infinity, "1", null, 1n]) {
      expect(isInt(bad)).toBe(false)
    }
    expect(isId(0)).toBe(false)
    expect(isId(1)).toBe(true)
  })

  it("of texts and tokens count UTF-16 units", () => {
    expect(text(2)("🌍")).toBe(true)
    expect(text(1)("🌍")).toBe(false)
    expect(token(4)("aZ0_")).toBe(true)
    expect(token(4)(".~-")).toBe(true)
    for (const bad of ["", "abcde", "a b", "a\n", "é", 5]) expect(token(4)(bad)).toBe(false)
  })

  it("of objects want their own fields, in no list", () => {
    const shape = fields({ constructor: optional(isInt), a: isInt })
    expect(shape({ a: 1 })).toBe(true)
    expect(shape({ a: 1, b: 2 })).toBe(true)
    expect(shape(Object.create({ a: 1 }))).toBe(false)
    expect(shape(Object.assign([], { a: 1 }))).toBe(false)
    expect(shape(null)).toBe(false)
  })

  it("of ranges go from least to most", () => {
    expect(isRange([1, 1])).toBe(true)
    expect(isRange([2, 1])).toBe(false)
    expect(isRange([1, 2, 3])).toBe(false)
    expect(isRange([1, "2"])).toBe(false)
  })

  it("of lists are bounded", () => {
    expect(listOf(isInt, 2)([1, 2])).toBe(true)
    expect(listOf(isInt, 2)([1, 2, 3])).toBe(false)
    expect(listOf(isInt, 2)(["1"])).toBe(false)
  })
})
