import { UNSUPPORTED_DATA } from "../close-code.js"
import { partUnits } from "../limits.js"
import { Unencodable, Violation } from "../violation.js"
import type { Codec, Decoded, Encoded } from "./codec.js"
import { escapeValue, isPlain, reviveValue } from "./value-json.js"

/** `trunkline.v1.json`: text messages, readable in any browser's network panel. */
export const jsonCodec: Codec = {
  subprotocol: "trunkline.v1.json",

  encode(value: unknown): string {
    try {
      return JSON.stringify(isPlain(value) ? value : escapeValue(value))
    } catch (error) {
      if (error instanceof Unencodable) throw error
      // A getter of the value threw, or its text is longer than the engine's longest string.
      throw new Unencodable(String(error))
    }
  },

  array(elements: readonly (number | Encoded)[]): string {
    if (elements.length === 0) return "[]"
    // Adding up is quicker than joining: the text is made once, when the message is written out.
    let text = `[${elements[0]}`
    for (let index = 1; index < elements.length; index++) text += `,${elements[index]}`
    return `${text}]`
  },

  decode(wire: Encoded): Decoded {
    if (typeof wire !== "string") throw new Violation("binary on a text codec", UNSUPPORTED_DATA)
    return { value: parse(wire), revive: reviverFor(wire) }
  },

  cut(frame: Encoded): string[] {
    const text = String(frame)
    const slices: string[] = []
    for (let start = 0; start < text.length; ) {
      const end = sliceEnd(text, start + partUnits)
      slices.push(JSON.stringify(text.slice(start, end)))
      start = end
    }
    return slices
  },

  join(slices: readonly unknown[]): string {
    for (const slice of slices) {
      if (typeof slice !== "string") throw new Violation("a slice that is not text")
    }
    return slices.join("")
  },
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Violation("not JSON")
  }
}

/** A surrogate pair stays together: half of it alone would not survive UTF-8. */
function sliceEnd(text: string, end: number): number {
  if (end >= text.length) return text.length
  const unit = text.charCodeAt(end)
  return unit >= 0xdc00 && unit <= 0xdfff ? end - 1 : end
}

/**
 * Most messages need no second look at their payloads, and these tests are cheaper than the walk: a
 * marker is written with `"$"`, a bad key with its name or with an escape, and a text this short
 * cannot nest too deep. Searching begins at the rare character: quotes are everywhere.
 */
function reviverFor(text: string): Decoded["revive"] {
  if (text.includes('$"')) return reviveMarked
  const suspicious = text.length >= 130 || text.includes("__proto__") || text.includes("\\u")
  return suspicious ? revivePlain : undefined
}

const reviveMarked = (payload: unknown): unknown => reviveValue(payload, true)
const revivePlain = (payload: unknown): unknown => reviveValue(payload, false)
