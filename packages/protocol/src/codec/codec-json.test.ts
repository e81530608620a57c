import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { anyValue } from "../../test/any-value.js"
import { readControl } from "../frames/read-control.js"
import { readSequenced } from "../frames/read-sequenced.js"
import { partUnits } from "../limits.js"
import { Violation } from "../violation.js"
import { jsonCodec } from "./codec-json.js"

/** A payload as it arrives: in a frame, in a message. */
function read(payload: string): unknown {
  const { value, revive } = jsonCodec.decode(`[1,0,[17,1,${payload}]]`)
  return readSequenced(Reflect.get(Object(value), "2"), revive)?.[2]
}

function write(value: unknown): string {
  return String(jsonCodec.encode(value))
}

describe("any value", () => {
  it("is written in one line of JSON", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(write(value)).not.toContain("\n")
        expect(() => JSON.parse(write(value))).not.toThrow()
      }),
    )
  })
})

describe("an instance", () => {
  it("travels by its own properties, and by toJSON", () => {
    class Point {
      readonly x = 1
      readonly #hidden = 2
      get hidden() {
        return this.#hidden
      }
    }
    expect(write(new Point())).toBe('{"x":1}')
    expect(write({ at: new URL("https://a.example/") })).toBe('{"at":"https://a.example/"}')
    expect(write(Object.assign(Object.create(null), { a: 1, b: undefined }))).toBe('{"a":1}')
  })
})

describe("a decoder", () => {
  it("is total: whatever text it gets, it gives a value or a Violation", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `[1,0,[17,1,${json}]]`),
      fc
        .tuple(fc.integer({ min: 0, max: 70 }), fc.json(), fc.json())
        .map(([kind, a, b]) => `[1,0,[${kind},${a},${b}]]`),
    )
    fc.assert(fc.property(hostile, total), { numRuns: 5_000 })
  })

  it("is total for what looks like its own messages", () => {
    const messages = fc.tuple(anyValue, fc.nat()).map(([value, seed]) => {
      const text = `[1,0,[20,1,"path",${write(value)},64,{"u":1,"f":"e1.7"}],[26,1,[${write(value)}]]]`
      return mutate(text, seed)
    })
    fc.assert(fc.property(messages, total), { numRuns: 5_000 })
  })

  it("takes text alone", () => {
    expect(() => jsonCodec.decode(new Uint8Array([91, 93]))).toThrow(
      expect.objectContaining({ code: 1003 }),
    )
  })

  it("takes very deep nesting for what it is", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000)
    expect(() => read(deep)).toThrow(Violation)
  })

  it("leaves no trace on Object.prototype", () => {
    for (const text of ['{"__proto__":{"bad":1}}', '{"constructor":{"prototype":{"bad":1}}}']) {
      try {
        read(text)
      } catch {}
    }
    expect(Reflect.get({}, "bad")).toBeUndefined()
  })

  it("looks for markers where one may be, and leaves others alone", () => {
    expect(jsonCodec.decode('[1,0,[17,1,{"a":1}]]').revive).toBeUndefined()
    expect(jsonCodec.decode('[1,0,[17,1,{"$":"u"}]]').revive).toBeDefined()
    expect(read(`{"a":"${"x".repeat(200)}"}`)).toEqual({ a: "x".repeat(200) })
    expect(read('{"a":"\\u0024"}')).toEqual({ a: "$" })
  })

  function total(text: string): void {
    try {
      const { value, revive } = jsonCodec.decode(text)
      for (const frame of Array.isArray(value) ? value.slice(2) : [value]) {
        for (const reader of [readSequenced, readControl]) {
          try {
            reader(frame, revive)
          } catch (error) {
            expect(error).toBeInstanceOf(Violation)
          }
        }
      }
    } catch (error) {
      expect(error).toBeInstanceOf(Violation)
    }
  }

  /** Swaps, drops or doubles a few characters. */
  function mutate(text: string, seed: number): string {
    let state = seed
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state % below
    }
    const pieces = [
      '"$"',
      "null",
      "[",
      "]",
      "{",
      "}",
      ",",
      "-1",
      '"__proto__":',
      "1e400",
      "\\u0024",
    ]
    let mutated = text
    for (let n = 0; n <= random(4); n++) {
      const at = random(mutated.length)
      const piece = random(3) === 0 ? "" : (pieces[random(pieces.length)] ?? "")
      mutated = mutated.slice(0, at) + piece + mutated.slice(at + random(3))
    }
    return mutated
  }
})

describe("splicing", () => {
  it("puts finished pieces together", () => {
    expect(jsonCodec.array([])).toBe("[]")
    expect(jsonCodec.array([1])).toBe("[1]")
    expect(jsonCodec.array([20, 1, '"a"', '{"b":[]}'])).toBe('[20,1,"a",{"b":[]}]')
  })
})

describe("cutting and joining", () => {
  const slicesOf = (frame: string): unknown[] =>
    jsonCodec.cut(frame).map((slice) => JSON.parse(String(slice)))

  it("gives back what it got", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 50 }), fc.nat(9_000), (text, times) => {
        const frame = text.repeat(times)
        const slices = slicesOf(frame)
        expect(jsonCodec.join(slices)).toBe(frame)
        expect(slices.every((slice) => String(slice).length <= partUnits)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it("keeps surrogate pairs together", () => {
    const frame = `x${"🌍".repeat(partUnits)}`
    for (const slice of slicesOf(frame)) {
      expect(String(slice)).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/)
    }
    expect(jsonCodec.join(slicesOf(frame)) === frame).toBe(true)
  })

  it("joins text alone", () => {
    expect(() => jsonCodec.join(["a", 1])).toThrow(Violation)
  })
})
