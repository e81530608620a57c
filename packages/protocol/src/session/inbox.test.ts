import { describe, expect, it } from "vitest"
import { Inbox } from "./inbox.js"

describe("Inbox", () => {
  it("owes nothing until something came", () => {
    const inbox = new Inbox(3, 100)
    expect(inbox.isDue(1e9)).toBe(false)
    expect(inbox.dueAt).toBe(Number.POSITIVE_INFINITY)
  })

  it("owes an acknowledgement after so many frames, units or milliseconds", () => {
    const frames = new Inbox(3, 100)
    frames.delay = 1_000
    frames.received(2, 10, 0)
    expect(frames.isDue(0)).toBe(false)
    frames.received(1, 10, 0)
    expect(frames.isDue(0)).toBe(true)
    const units = new Inbox(3, 100)
    units.delay = 1_000
    units.received(1, 100, 0)
    expect(units.isDue(0)).toBe(true)
    const time = new Inbox(3, 100)
    time.delay = 1_000
    time.received(1, 1, 5)
    time.received(1, 1, 500)
    expect(time.dueAt).toBe(1_005)
    expect([time.isDue(1_004), time.isDue(1_005)]).toEqual([false, true])
  })

  it("has paid when a message has left", () => {
    const inbox = new Inbox(1, 100)
    inbox.received(1, 1, 0)
    inbox.applied = 1
    expect(inbox.acknowledge()).toBe(1)
    expect(inbox.isDue(1e9)).toBe(false)
  })
})
