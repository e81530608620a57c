import { describe, expect, it } from "vitest"
import { Doubt } from "./doubt.js"

const since = { epoch: "e1", now: 1_000, wall: 50_000 }
const terms = { epoch: "e1", ttlMs: 10_000 }

describe("the key of a call in doubt", () => {
  it("is the id of the first attempt that may have been entered", () => {
    expect(new Doubt(5, since).key({ ...since, now: 1_500 }, terms)).toBe(5)
  })

  it("is told only while the record is certainly kept, by either clock", () => {
    const ages = [
      { now: 10_999, wall: 50_000 },
      { now: 1_000, wall: 59_999 },
      { now: 11_000, wall: 50_000 },
      { now: 1_000, wall: 60_000 },
    ]
    const keys = ages.map((age) => new Doubt(5, since).key({ epoch: "e1", ...age }, terms))
    expect(keys).toEqual([5, 5, undefined, undefined])
  })

  it("does not outlive the epoch of that attempt", () => {
    const another = { epoch: "e2", ttlMs: 10_000 }
    expect(new Doubt(5, since).key({ ...since, epoch: "e2" }, another)).toBeUndefined()
  })

  it("is none where the server kept no keys, then or now", () => {
    expect(new Doubt(5, undefined).key(since, terms)).toBeUndefined()
    expect(new Doubt(5, since).key(undefined, undefined)).toBeUndefined()
  })

  it("stays out once it was left out", () => {
    const doubt = new Doubt(5, since)
    doubt.key({ ...since, epoch: "e2" }, { epoch: "e2", ttlMs: 10_000 })
    expect(doubt.key(since, terms)).toBeUndefined()
    const old = new Doubt(5, since)
    old.key({ ...since, wall: 90_000 }, terms)
    expect(old.key(since, terms)).toBeUndefined()
  })

  it("is good again when somebody sets the clock back before it was asked for", () => {
    expect(new Doubt(5, since).key({ ...since, wall: 1 }, terms)).toBe(5)
  })
})
