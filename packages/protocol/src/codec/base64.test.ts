import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bytesFromBase64, bytesToBase64 } from "./base64.js"

describe("base64", () => {
  it("is what everybody writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64")
        expect(bytesToBase64(bytes)).toBe(text)
        expect(bytesFromBase64(text)).toEqual(bytes)
      }),
    )
  })

  it("uses the engine's own where there is one", () => {
    const bytes = Object.assign(new Uint8Array(1), { toBase64: () => "its own" })
    expect(bytesToBase64(bytes)).toBe("its own")
  })

  it("is not read from anything else", () => {
    for (const text of [
      "A",
      "AA",
      "AAA",
      "A===",
      "====",
      "=AAA",
      "AA=A",
      "AA A",
      "AA-_",
      "\u00e9AAA",
    ]) {
      expect(bytesFromBase64(text), text).toBeUndefined()
    }
  })
})
