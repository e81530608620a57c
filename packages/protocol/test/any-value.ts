import fc from "fast-check"

const leaf = fc.oneof(
  fc.constantFrom(null, true, false, undefined, -0, Number.NaN, Infinity, -Infinity, "$", ""),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.string({ unit: "grapheme" }),
  fc.string({ maxLength: 400 }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 250, maxLength: 300 }),
)
const key = fc.oneof(
  fc.constantFrom("$", "v", "constructor", "toString", "", "\u00e9t\u00e9"),
  fc.string({ unit: "grapheme" }),
)

/** Every sort of value that a payload may be, well within the depth of any codec. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 6 },
    leaf,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(leaf, { minLength: 14, maxLength: 18 }),
    fc.dictionary(
      key.filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 5, noNullPrototype: true },
    ),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 4, unit: "grapheme-ascii" }), leaf, {
      minKeys: 14,
      maxKeys: 18,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(leaf, { maxLength: 4 }).map((values) => new Set(values)),
  ),
})).value

/** A property that is undefined is left out on the way. */
export function withoutUndefined(value: unknown): unknown {
  if (value instanceof Map) {
    return new Map([...value].map((pair) => [withoutUndefined(pair[0]), withoutUndefined(pair[1])]))
  }
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (Object.prototype.toString.call(value) !== "[object Object]") return value
  const entries = Object.entries(Object(value)).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([name, inner]) => [name, withoutUndefined(inner)]))
}
