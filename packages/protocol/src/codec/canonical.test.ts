import { describe, expect, it } from "vitest"
import { depth } from "../limits.js"
import { canonicalText } from "./canonical.js"
import { jsonCodec } from "./codec-json.js"

describe("the canonical text of a value", () => {
  it("sorts the keys of every object by UTF-16 units and has no blanks", () => {
    const value = { b: 1, a: { d: [{ z: 1, y: 2 }], c: null }, "\u{1F600}": 1, "\uFB33": 2 }
    expect(canonicalText(value)).toBe(
      '{"a":{"c":null,"d":[{"y":2,"z":1}]},"b":1,"\u{1F600}":1,"\uFB33":2}',
    )
  })

  it("is the same in whatever order keys were written, an own `$` among them too", () => {
    const pairs: [object, object][] = [
      [
        { a: 1, b: { c: 2, d: 3 } },
        { b: { d: 3, c: 2 }, a: 1 },
      ],
      [
        { $: 1, a: { y: 1, x: 2 } },
        { a: { x: 2, y: 1 }, $: 1 },
      ],
      [{ a: undefined, b: 1 }, { b: 1 }],
    ]
    for (const [one, other] of pairs) expect(canonicalText(one)).toBe(canonicalText(other))
  })

  it("tells apart what is apart", () => {
    const values = [
      undefined,
      null,
      0,
      -0,
      "0",
      0n,
      Number.NaN,
      new Date(0),
      [],
      {},
      new Map(),
      new Set(),
      new Uint8Array(0),
      new Map([[1, 2]]),
      [[1, 2]],
      { $: "n", v: "0" },
      { $: "o", v: [["a", 1]] },
      new Set([1, 2]),
      new Set([2, 1]),
      "",
    ]
    expect(new Set(values.map(canonicalText)).size).toBe(values.length)
  })

  it("is the same for a value and for what a codec makes of it", () => {
    const value = {
      at: new Date(5),
      list: [1n, undefined],
      own: { $: 1, b: 2 },
      bytes: new Uint8Array([1]),
    }
    const { value: text, revive } = jsonCodec.decode(jsonCodec.encode(value))
    expect(canonicalText(revive?.(text))).toBe(canonicalText(value))
  })

  it("exists for the deepest value that another codec can bring", () => {
    let value: unknown = new Map()
    for (let level = 1; level < depth; level++) value = new Map([[value, 1]])
    expect(canonicalText(value)).toContain('{"$":"m","v":[]}')
  })
})
