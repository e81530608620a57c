import { describe, expect, it } from "vitest"
import { fifoUnits, turnUnits } from "../limits.js"
import { frameOf, Opening } from "./outbox.js"
import { Scheduler } from "./scheduler.js"
import type { Sender } from "./sender.js"

/** Sends so many frames of a size. */
class Source implements Sender {
  scheduled = false
  deficit = 0
  left: number
  readonly #frame: string

  constructor(name: string, units: number, count: number) {
    this.#frame = name.repeat(units)
    this.left = count
  }

  take(): string | undefined {
    return this.left-- > 0 ? this.#frame : undefined
  }
}

function drain(scheduler: Scheduler, most = Number.POSITIVE_INFINITY): string[] {
  const frames: string[] = []
  for (let frame = scheduler.next(); frame !== undefined; frame = scheduler.next()) {
    frames.push(String(frameOf(frame)))
    if (frames.length === most) break
  }
  return frames
}

/** How much of each was sent, by its first letter. */
function shares(frames: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const frame of frames) sums[frame.charAt(0)] = (sums[frame.charAt(0)] ?? 0) + frame.length
  return sums
}

describe("Scheduler", () => {
  it("sends what stands in line in the order in which it came", () => {
    const scheduler = new Scheduler()
    const opener = { id: 1, gone: false, opened: () => {}, replaced: () => {} }
    expect(scheduler.idle).toBe(true)
    scheduler.push("first")
    scheduler.push(new Opening("second", opener, true))
    scheduler.push({ id: 3, write: () => "third" })
    scheduler.push({ id: 5, write: () => undefined })
    scheduler.push("fourth")
    expect([...scheduler.waiting()]).toHaveLength(5)
    expect(drain(scheduler)).toEqual(["first", "second", "third", "fourth"])
    expect(scheduler.idle).toBe(true)
  })

  it("writes a late frame when its turn comes", () => {
    const scheduler = new Scheduler()
    let credit = 1
    scheduler.push({ id: 1, write: () => `credit ${credit}` })
    credit = 9
    expect(drain(scheduler)).toEqual(["credit 9"])
  })

  it("shares the line between streams by their units, not by their frames", () => {
    const scheduler = new Scheduler()
    scheduler.wake(new Source("a", 100, 10_000))
    scheduler.wake(new Source("b", 1_000, 10_000))
    scheduler.wake(new Source("c", 33_000, 10_000))
    const sums = shares(drain(scheduler, 5_000))
    for (const name of ["b", "c"]) {
      expect(Math.abs(Number(sums[name]) / Number(sums["a"]) - 1)).toBeLessThan(0.1)
    }
  })

  it("gives a stream its whole turn", () => {
    const scheduler = new Scheduler()
    scheduler.wake(new Source("a", 1_000, 100))
    scheduler.wake(new Source("b", 1_000, 100))
    const order = drain(scheduler, 60).map((frame) => frame.charAt(0))
    const turn = Math.ceil(turnUnits / 1_000)
    expect(order.slice(0, turn).every((name) => name === "a")).toBe(true)
    expect(order.slice(turn, 2 * turn).every((name) => name === "b")).toBe(true)
  })

  it("lets no line of replies keep the streams waiting for ever, nor streams the replies", () => {
    const scheduler = new Scheduler()
    for (let n = 0; n < 1_000; n++) scheduler.push("r".repeat(1_000))
    const stream = new Source("s", 1_000, 1_000)
    scheduler.wake(stream)
    const frames = drain(scheduler)
    const firstStream = frames.findIndex((frame) => frame.startsWith("s"))
    expect(firstStream).toBe(Math.ceil(fifoUnits / 1_000))
    const half = shares(frames.slice(0, 1_000))
    expect(Number(half["r"])).toBeGreaterThan(3 * Number(half["s"]))
    expect(Number(half["s"])).toBeGreaterThan(100_000)
    expect(frames).toHaveLength(2_000)
  })

  it("drops a sender that has nothing, and takes it back when it is woken", () => {
    const scheduler = new Scheduler()
    const source = new Source("a", 10, 1)
    scheduler.wake(source)
    scheduler.wake(source)
    expect(drain(scheduler)).toEqual(["aaaaaaaaaa"])
    expect([source.scheduled, source.deficit, scheduler.idle]).toEqual([false, 0, true])
    source.left = 1
    scheduler.wake(source)
    expect(drain(scheduler)).toEqual(["aaaaaaaaaa"])
  })

  it("goes back to the line when the ring turns out empty", () => {
    const scheduler = new Scheduler()
    scheduler.push("r".repeat(fifoUnits))
    scheduler.push("last")
    scheduler.wake(new Source("s", 1, 0))
    expect(drain(scheduler).map((frame) => frame.length)).toEqual([fifoUnits, 4])
  })
})
