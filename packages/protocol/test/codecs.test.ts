import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Codec,
  type Encoded,
  jsonCodec,
  msgpackCodec,
  readControl,
  readSequenced,
  Unencodable,
  Violation,
} from "../src/index.js"
import { partUnits } from "../src/limits.js"
import { anyValue, withoutUndefined } from "./any-value.js"
import { systemUtf8 } from "./system-utf8.js"
import { wired } from "./wired.js"

const codecs = [
  ["json", jsonCodec],
  ["msgpack", msgpackCodec()],
  ["msgpack with the runtime's UTF-8", msgpackCodec(systemUtf8)],
] as const

/** A payload as it arrives: in a frame, in a message. */
function read(codec: Codec, payload: Encoded): unknown {
  const { value, revive } = codec.decode(codec.array([1, 0, codec.array([17, 1, payload])]))
  return readSequenced(Reflect.get(Object(value), "2"), revive)?.[2]
}

function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, withoutUndefined(b))
}

/** What every codec has to do, whatever its bytes are. */
describe.each(codecs)("on %s", (_, codec) => {
  const travelled = (value: unknown) => read(codec, codec.encode(value))

  it("any value arrives as it was sent", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(isSame(travelled(value), value)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it("any text arrives as it was sent, whatever its length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 10 }), fc.nat(7_000), (text, times) => {
        expect(travelled(text.repeat(times)) === text.repeat(times)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  const sizes = [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536]
  it.each(sizes)("containers of %i arrive", (size) => {
    const numbers = Array.from({ length: size }, (_, index) => index)
    for (const value of [
      numbers,
      "x".repeat(size),
      "é".repeat(size),
      `${"x".repeat(size)}é`,
      new Uint8Array(size).fill(7),
      Object.fromEntries(numbers.map((number) => [`k${number}`, number])),
      new Map(numbers.map((number) => [number, `v${number}`])),
      new Set(numbers),
    ]) {
      expect(isDeepStrictEqual(travelled(value), value)).toBe(true)
    }
  })

  it("every edge of the integers arrives", () => {
    const edges = [4, 5, 7, 8, 15, 16, 31, 32, 33, 48, 52, 53].flatMap((bits) =>
      [-1, 0, 1].flatMap((by) => [2 ** bits + by, -(2 ** bits) + by]),
    )
    for (const value of edges) expect(travelled(value)).toBe(value)
  })

  it("bytes arrive by themselves, and refer to nothing else", () => {
    const sent = new Uint8Array(new Uint8Array([9, 1, 2, 3, 9]).buffer, 1, 3)
    const wire = codec.array([1, 0, codec.array([17, 1, codec.encode(sent)])])
    sent.fill(0)
    const { value, revive } = codec.decode(wire)
    const bytes = readSequenced(Reflect.get(Object(value), "2"), revive)?.[2]
    if (wire instanceof Uint8Array) wire.fill(0)
    if (!(bytes instanceof Uint8Array)) throw new Error("no bytes arrived")
    expect([...bytes]).toEqual([1, 2, 3])
    expect(bytes.buffer.byteLength).toBe(3)
  })

  it("a buffer of Node arrives as bytes, an instance by its own properties, or by toJSON", () => {
    class Point {
      readonly x = 1
      readonly #hidden = 2
      get hidden() {
        return this.#hidden
      }
    }
    expect(travelled(Buffer.from([1, 2]))).toStrictEqual(new Uint8Array([1, 2]))
    expect(travelled(new Point())).toEqual({ x: 1 })
    expect(travelled({ at: new URL("https://a.example/") })).toEqual({ at: "https://a.example/" })
    expect(travelled(Object.assign(Object.create(null), { a: 1, b: undefined }))).toEqual({ a: 1 })
  })

  it("a hole in an array is undefined", () => {
    const holes: unknown[] = [1]
    holes[2] = 3
    expect(travelled(holes)).toStrictEqual([1, undefined, 3])
  })

  it("a value that writes another while it is written comes to no harm", () => {
    const value = {
      before: "a".repeat(100),
      get written() {
        return codec.encode(["b".repeat(200)]).length > 200
      },
      after: "c",
    }
    expect(travelled(value)).toEqual({ before: "a".repeat(100), written: true, after: "c" })
  })

  it("a map that grows while it is written comes to no harm", () => {
    const map = new Map<string, unknown>()
    const grow = { toJSON: () => map.set(`more ${map.size}`, 1).size }
    map.set("a", grow).set("b", 2)
    expect(travelled(map)).toEqual(
      new Map<string, number>([
        ["a", 3],
        ["b", 2],
      ]),
    )
  })

  describe("what has no form is not sent:", () => {
    const cycle: unknown[] = []
    cycle.push([cycle])
    const twice = Array.from({ length: 60 }).reduce((inner) => [inner, inner], [])
    const cases: readonly [string, unknown][] = [
      ["a function", () => {}],
      ["a function inside", { a: [() => {}] }],
      ["a symbol", Symbol("s")],
      ["a cycle", cycle],
      ["a cycle of maps", new Map([[1, new Map([[2, cycle]])]])],
      ["the same twice at every level", twice],
      ["a promise", Promise.resolve(1)],
      ["a regular expression", [/x/]],
      ["an error", new Error("x")],
      ["an invalid date", new Date(Number.NaN)],
      ["a weak map", new WeakMap()],
      ["another typed array", new Uint16Array(1)],
      ["an array buffer", new ArrayBuffer(1)],
      ["an array of nothing but length", new Array(4_294_967_295)],
      ["65 levels", JSON.parse("[".repeat(65) + "]".repeat(65))],
      ["what toJSON nests for ever", { toJSON: () => cycle }],
      ["a key named __proto__", JSON.parse('{"a":{"__proto__":1}}')],
      ["a bigint of too many digits", 10n ** 4_096n],
    ]
    it.each(cases)("%s", (_, value) => expect(() => codec.encode(value)).toThrow(Unencodable))

    it("a getter that throws, and the next value is right", () => {
      const value = {
        get broken() {
          throw new TypeError("no")
        },
      }
      expect(() => codec.encode(value)).toThrow(Unencodable)
      expect(travelled([1])).toEqual([1])
    })
  })

  it("pieces are put together", () => {
    const array = (...elements: (number | Encoded)[]) => codec.decode(codec.array(elements)).value
    expect(array()).toEqual([])
    expect(array(1)).toEqual([1])
    expect(array(20, 2 ** 53 - 1, codec.encode("a"), codec.encode({ b: [] }))).toEqual([
      20,
      2 ** 53 - 1,
      "a",
      { b: [] },
    ])
    const many = Array.from({ length: 70_000 }, (_, index) => index)
    expect(array(...many.slice(0, 20))).toEqual(many.slice(0, 20))
    expect(codec.decode(codec.array(many)).value).toEqual(many)
  })

  it("what was cut is joined to the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), fc.nat(6_000), (text, times) => {
        const frame = codec.encode(text.repeat(times))
        const slices = codec.cut(frame).map((slice) => codec.decode(slice).value)
        expect(isDeepStrictEqual(codec.join(slices), frame)).toBe(true)
        for (const slice of slices) {
          expect(Reflect.get(Object(slice), "length")).toBeLessThanOrEqual(partUnits)
        }
      }),
      { numRuns: 10 },
    )
  })

  it("a slice of the other codec's is refused", () => {
    const whole = codec.cut(codec.encode("abc")).map((slice) => codec.decode(slice).value)
    for (const slice of [1, null, codec === jsonCodec ? new Uint8Array(1) : "a"]) {
      expect(() => codec.join([...whole, slice])).toThrow(Violation)
    }
  })

  it("a message of the other sort is refused", () => {
    const wrong = codec === jsonCodec ? new Uint8Array([91, 93]) : "[]"
    expect(() => codec.decode(wrong)).toThrow(expect.objectContaining({ code: 1003 }))
  })
})

describe("from one codec to another", () => {
  it("any value is the same", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        let crossed = value
        for (const [, codec] of codecs) crossed = read(codec, codec.encode(crossed))
        expect(isSame(crossed, value)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe("both ways of reading and writing UTF-8", () => {
  const [, [, byHand], [, bySystem]] = codecs

  it("write the same bytes, halves of surrogate pairs included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        expect(isDeepStrictEqual(byHand.encode(text), bySystem.encode(text))).toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(read(byHand, byHand.encode("a\ud800b\udc00"))).toBe("a\ufffdb\ufffd")
  })

  it("refuse the same bytes", () => {
    const lead = fc.constantFrom(0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xc1, 0x80, 0xbf, 0x41)
    fc.assert(
      fc.property(fc.array(fc.oneof(lead, fc.nat(255)), { maxLength: 80 }), (bytes) => {
        const wire = new Uint8Array([0xd9, bytes.length, ...bytes])
        expect(outcomeOf(byHand, wire)).toEqual(outcomeOf(bySystem, wire))
      }),
      { numRuns: 2_000 },
    )
  })
})

/** The value, or that it was refused; whatever else is thrown fails the test. */
function outcomeOf(codec: Codec, wire: Encoded): unknown {
  try {
    return [codec.decode(wire).value]
  } catch (error) {
    if (error instanceof Violation) return "refused"
    throw error
  }
}

describe("a decoder of msgpack", () => {
  const codec = msgpackCodec(systemUtf8)

  /** Decodes, and reads every frame, as a session would. */
  function total(wire: Encoded): void {
    try {
      const { value, revive } = codec.decode(wire)
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

  it("is total: whatever bytes it gets, it gives a value or a Violation", () => {
    const head = fc.constantFrom(0x93, 0x94, 0xc7, 0xc8, 0xc9, 0xd4, 0xd6, 0xd7, 0xd8, 0xdc, 0xdf)
    const bytes = fc.array(fc.oneof({ weight: 2, arbitrary: fc.nat(255) }, head), { maxLength: 60 })
    fc.assert(
      fc.property(bytes, (wire) => total(new Uint8Array(wire))),
      { numRuns: 10_000 },
    )
  })

  it("is total for what looks like its own messages", () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3), fc.boolean()), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(anyValue, edits, (value, changes) => {
        const payload = codec.encode(value)
        const open = codec.array([20, 1, codec.encode("path"), payload, 64])
        const items = codec.array([26, 1, codec.array([payload, payload])])
        let wire = [...Buffer.from(codec.array([1, 0, open, items]))]
        for (const [at, byte, drop, insert] of changes) {
          wire.splice(at % wire.length, drop, ...(insert ? [byte] : []))
          if (wire.length === 0) wire = [byte]
        }
        total(new Uint8Array(wire))
      }),
      { numRuns: 2_000 },
    )
  })

  it("is total for every message that ends too early", () => {
    const value = { a: [1, "é", new Date(5), 12n, new Map([[1, new Set([2])]]), 0.5, undefined] }
    const whole = Buffer.from(codec.encode([value, new Uint8Array(3), "x".repeat(300), 2 ** 40]))
    for (let end = 0; end < whole.length; end++) {
      expect(() => read(codec, new Uint8Array(whole.subarray(0, end)))).toThrow(Violation)
    }
  })

  it("believes no size before the bytes are there", () => {
    const before = process.memoryUsage().heapUsed
    for (const head of [0xc6, 0xc9, 0xdb, 0xdd, 0xdf]) {
      for (let round = 0; round < 100; round++) {
        expect(() =>
          codec.decode(new Uint8Array([0x91, head, 0xff, 0xff, 0xff, 0xff, 0x01])),
        ).toThrow(Violation)
      }
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000)
  })

  it("takes very deep nesting for what it is", () => {
    expect(() => codec.decode(new Uint8Array(200_000).fill(0x91))).toThrow(Violation)
    expect(() => codec.decode(new Uint8Array(200_000).fill(0x81))).toThrow(Violation)
  })

  it("counts the levels of a payload, wherever it stands", () => {
    const nested = (levels: number, leaf: unknown) =>
      Array.from({ length: levels }).reduce((inner) => [inner], leaf)
    const items = (payload: unknown) => {
      const list = codec.array([codec.encode(1), rawOf(payload)])
      const { value, revive } = codec.decode(codec.array([1, 0, codec.array([26, 1, list])]))
      return readSequenced(Reflect.get(Object(value), "2"), revive)
    }
    const joined = (payload: unknown) => {
      const { value, revive } = codec.decode(codec.array([17, 1, rawOf(payload)]))
      return readSequenced(value, revive)
    }
    for (const read of [items, joined]) {
      expect(() => read(nested(64, 1))).not.toThrow()
      expect(() => read(nested(65, 1))).toThrow(Violation)
      expect(() => read(nested(62, new Map([[1, 2]])))).not.toThrow()
      expect(() => read(nested(63, new Map([[1, 2]])))).toThrow(Violation)
      expect(() => read(nested(63, new Set([1])))).not.toThrow()
      expect(() => read(nested(64, new Set([1])))).toThrow(Violation)
      expect(() => read(nested(64, new Date(0)))).not.toThrow()
    }
  })

  /** As a sender without limits would write it: inner arrays by hand. */
  function rawOf(value: unknown): Encoded {
    if (Array.isArray(value) && value.length === 1) return codec.array([rawOf(value[0])])
    return codec.encode(value)
  }

  it("knows a key that came before, and one that only looks like it", () => {
    const keys = ["id", "di", "name", "naïve", "", "x".repeat(24), "x".repeat(25), "constructor"]
    for (let round = 0; round < 3; round++) {
      for (const key of keys) {
        expect(read(codec, codec.encode({ [key]: round }))).toEqual({ [key]: round })
      }
    }
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 40 }), (names) => {
        const record = Object.fromEntries(names.map((name, index) => [`_${name}`, index]))
        expect(isSame(read(codec, codec.encode(record)), record)).toBe(true)
      }),
    )
  })

  it("leaves no trace on Object.prototype", () => {
    const bad = codec.encode({ bad: 1 })
    for (const name of ["__proto__", "constructor"]) {
      const wire = Buffer.concat([
        Buffer.from([0x81]),
        Buffer.from(codec.encode(name)),
        Buffer.from(bad),
      ])
      try {
        codec.decode(new Uint8Array(wire))
      } catch {}
    }
    expect(Reflect.get({}, "bad")).toBeUndefined()
  })
})

describe.each(codecs)("on %s", (_, codec) => {
  const line = () => wired({ codec, servesNothing: true })
  let bottomless = codec.array([])
  for (let level = 0; level < 100; level++) bottomless = codec.array([bottomless])
  const open = (id: number, payload: Encoded) =>
    codec.array([20, id, codec.encode("path"), payload])

  it("a payload that may not be read spoils its own frame, and not those ahead of it", () => {
    const { server } = line()
    const frames = [open(1, codec.encode("a")), open(3, bottomless), open(5, codec.encode("b"))]
    server.step((session) => session.receive(codec.array([1, 0, ...frames])))
    expect(server.accepted.map(({ id }) => id)).toEqual([1])
    expect(server.session.applied).toBe(1)
    expect(server.closed?.code).toBe(4400)
  })

  it("nor does one that comes in parts", () => {
    const { server } = line()
    const [slice = bottomless] = codec.cut(open(3, bottomless))
    const message = codec.array([1, 0, open(1, codec.encode("a")), codec.array([15, 3, 0, slice])])
    server.step((session) => session.receive(message))
    expect(server.accepted.map(({ id }) => id)).toEqual([1])
    expect(server.session.applied).toBe(1)
    expect(server.closed?.code).toBe(4400)
  })
})

it("a key with half a surrogate pair is not sent on msgpack: at the receiver it may be another", () => {
  const codec = msgpackCodec()
  expect(() => codec.encode({ "\ud800": 1, "\ud801": 2 })).toThrow(Unencodable)
  expect(() => codec.encode({ "🌍é": 1 })).not.toThrow()
})
