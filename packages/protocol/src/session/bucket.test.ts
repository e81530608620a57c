import { describe, expect, it } from "vitest"
import { Bucket } from "./bucket.js"

function taken(bucket: Bucket, now: number): number {
  let count = 0
  while (bucket.take(now)) count++
  return count
}

describe("a bucket", () => {
  it("gives twice its rate at once, and then its rate", () => {
    const bucket = new Bucket(10)
    expect(taken(bucket, 5_000)).toBe(20)
    expect(taken(bucket, 5_000)).toBe(0)
    expect(taken(bucket, 5_099)).toBe(0)
    expect(taken(bucket, 5_100)).toBe(1)
    expect(taken(bucket, 6_100)).toBe(10)
  })

  it("holds no more after an hour", () => {
    const bucket = new Bucket(10)
    taken(bucket, 0)
    expect(taken(bucket, 3_600_000)).toBe(20)
  })

  it("gives all or nothing", () => {
    const bucket = new Bucket(10)
    expect(bucket.take(0, 21)).toBe(false)
    expect(bucket.take(0, 20)).toBe(true)
    expect(bucket.take(0, 1)).toBe(false)
  })

  it("keeps a reserve for whoever may use it", () => {
    const bucket = new Bucket(10)
    expect(bucket.take(0, 15)).toBe(true)
    expect(bucket.take(0, 1, 5)).toBe(false)
    expect(bucket.take(0, 5)).toBe(true)
  })

  it("does not mind a clock that goes back", () => {
    const bucket = new Bucket(10)
    expect(bucket.take(1_000, 20)).toBe(true)
    expect(bucket.take(0)).toBe(false)
    expect(bucket.take(1_100)).toBe(true)
  })
})
