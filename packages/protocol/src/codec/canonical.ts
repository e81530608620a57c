import { depth } from "../limits.js"
import { escapeValue } from "./value-json.js"

/** A marker takes up to three levels of the JSON that stands for one level of a value. */
const deepest = 3 * depth

/**
 * The one text of a value, whatever codec brought it and in whatever order its keys were written: its
 * JSON form with the keys of every object sorted by UTF-16 units, without blanks (docs/protocol.md,
 * "Idempotency keys"). Maps and sets keep their order, which is theirs.
 *
 * Throws Unencodable for what no codec could have brought.
 */
export function canonicalText(value: unknown): string {
  return textOf(escapeValue(value, deepest))
}

function textOf(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(textOf).join(",")}]`
  if (typeof json !== "object" || json === null) return JSON.stringify(json)
  const members = isRecordMarker(json) ? { $: "o", v: [...json.v].sort(byKey) } : json
  const keys = Object.keys(members).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${textOf(Reflect.get(members, key))}`).join(",")}}`
}

/** An object with a key `$` of its own is written as its entries, which have no order either. */
function isRecordMarker(json: object): json is { readonly $: "o"; readonly v: unknown[] } {
  return Reflect.get(json, "$") === "o" && Array.isArray(Reflect.get(json, "v"))
}

function byKey(a: unknown, b: unknown): number {
  const [left, right] = [keyOf(a), keyOf(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function keyOf(pair: unknown): string {
  return Array.isArray(pair) ? String(pair[0]) : ""
}
