import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { closeReason, recoveryOf, rejectCloseCodes } from "./close-code.js"
import { closeReasonBytes } from "./limits.js"

describe("close codes", () => {
  it("tell a client what to do, and resume where they are not known", () => {
    const codes = [1000, 1001, 1003, 1005, 1006, 1007, 1009, 1011, 4001, 4400, 4401, 4403, 4406]
    expect(codes.map(recoveryOf)).toEqual([
      "resume",
      "resume",
      "breach",
      "resume",
      "resume",
      "breach",
      "breach",
      "resume",
      "resume",
      "breach",
      "authenticate",
      "give-up",
      "give-up",
    ])
    expect([4408, 4409, 4429, 4503, 4999].map(recoveryOf)).toEqual([
      "resume",
      "superseded",
      "renew",
      "resume",
      "resume",
    ])
  })

  it("go with every REJECT", () => {
    expect(rejectCloseCodes).toEqual({
      version: 4406,
      origin: 4403,
      forbidden: 4403,
      auth: 4401,
      busy: 4503,
      draining: 4503,
    })
  })
})

describe("a close reason", () => {
  it("is cut between characters, to what a close frame holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (reason) => {
        const cut = closeReason(reason)
        expect(reason.startsWith(cut)).toBe(true)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(closeReasonBytes)
        expect([...cut].join("")).toBe(cut)
        const rest = [...reason.slice(cut.length)][0] ?? ""
        const fits = Buffer.byteLength(cut + rest) <= closeReasonBytes
        expect(fits).toBe(rest === "")
      }),
    )
    expect(closeReason("é".repeat(99))).toBe("é".repeat(61))
    expect(closeReason("漢".repeat(99))).toBe("漢".repeat(41))
    expect(closeReason("🌍".repeat(99))).toBe("🌍".repeat(30))
  })
})
