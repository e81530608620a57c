import { createHash } from "node:crypto"
import { describe, expect, it, vi } from "vitest"
import { uniform } from "./host.js"
import { systemHost } from "./system-host.js"

describe("the runtime as a host", () => {
  it("has a clock that does not go back, and one on the wall", () => {
    const before = systemHost.now()
    expect(systemHost.now()).toBeGreaterThanOrEqual(before)
    expect(Math.abs(systemHost.wall() - Date.now())).toBeLessThan(60_000)
  })

  it("has random bytes", () => {
    expect(systemHost.random(32)).toHaveLength(32)
    expect(systemHost.random(32)).not.toEqual(systemHost.random(32))
  })

  it("wakes, at or after the time, and not when it was taken back", async () => {
    const told: string[] = []
    const cancel = systemHost.wakeAt(systemHost.now(), () => told.push("cancelled"))
    cancel()
    const time = systemHost.now() + 5
    await new Promise<void>((resolve) => {
      systemHost.wakeAt(time, resolve)
      systemHost.wakeAt(-1, () => told.push("long ago"))
    })
    expect(systemHost.now()).toBeGreaterThanOrEqual(time)
    expect(told).toEqual(["long ago"])
  })

  it("wakes after a wait that is longer than a timer's longest, or is taken back in it", () => {
    vi.useFakeTimers()
    try {
      const told: string[] = []
      const far = systemHost.now() + 5e9
      systemHost.wakeAt(far, () => told.push("woke"))
      const cancel = systemHost.wakeAt(far, () => told.push("cancelled"))
      vi.advanceTimersByTime(3e9)
      cancel()
      expect(told).toEqual([])
      vi.advanceTimersByTime(2e9)
      expect(told).toEqual(["woke"])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it("ends a turn when chains of promises have run dry", async () => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      systemHost.endOfTurn(() => {
        order.push("end")
        resolve()
      })
      let chain = Promise.resolve()
      for (let hop = 0; hop < 20; hop++) chain = chain.then(() => {})
      void chain.then(() => order.push("promises"))
    })
    expect(order).toEqual(["promises", "end"])
  })

  it("ends a turn for everybody who asked, in order, also when one of them throws", async () => {
    const order: string[] = []
    const thrown = new Error("on purpose")
    const caught: unknown[] = []
    const others = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    process.on("uncaughtException", (error) => caught.push(error))
    try {
      await new Promise<void>((resolve) => {
        systemHost.endOfTurn(() => order.push("first"))
        systemHost.endOfTurn(() => {
          throw thrown
        })
        systemHost.endOfTurn(() => {
          order.push("last")
          systemHost.endOfTurn(resolve)
        })
      })
    } finally {
      process.removeAllListeners("uncaughtException")
      for (const listener of others) process.on("uncaughtException", listener)
    }
    expect(order).toEqual(["first", "last"])
    expect(caught).toEqual([thrown])
  })

  it("hashes a text to 43 characters of base64url", async () => {
    for (const text of ["", "a", "é漢🌍", "x".repeat(1_000)]) {
      const expected = createHash("sha256").update(text).digest("base64url")
      expect(await systemHost.hash(text)).toBe(expected)
    }
  })
})

describe("a number from random bytes", () => {
  it("lies in [0, 1)", () => {
    const host = (byte: number) => ({ ...systemHost, random: () => new Uint8Array(4).fill(byte) })
    expect(uniform(host(0))).toBe(0)
    expect(uniform(host(255))).toBeLessThan(1)
    expect(uniform(host(255))).toBeGreaterThan(0.999)
    expect(uniform(host(128))).toBeCloseTo(0.502, 2)
  })
})
