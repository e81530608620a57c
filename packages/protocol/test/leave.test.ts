import { describe, expect, it } from "vitest"
import { drainAway } from "../src/durations.js"
import { failureOf, itemsOf, type Opened, takeAll, type Wired, wired } from "./wired.js"

/* A session that another took over from: what goes there, what stays, and when the first one ends. */

const lossless = { rx: undefined, subjectChanged: false, why: undefined }

/** Leaves the first session for the second; gives what has moved. */
function leave(before: Wired, after: Wired, loss = lossless): number {
  before.client.step((session) => session.leave("moved"))
  return carryOver(before, after, loss)
}

/** Does what a connection does about what was displaced. */
function carryOver(before: Wired, after: Wired, loss = lossless): number {
  const displaced = before.client.effects.filter((effect) => effect.type === "displaced")
  before.client.effects.length = 0
  for (const { entry } of displaced) {
    after.client.step((session) => session.adopt(entry, before.client.session, loss))
    before.client.step(() => {})
  }
  return displaced.length
}

/** A stream whose place in its topic is known, with room for four items. */
function reading(line: Wired, kind: "subscription" | "duplex" = "subscription"): Opened {
  const opened = line.client.open("feed", { kind })
  line.settle()
  line.server.say(25, opened.channel.id, "at", { window: 4, cursor: "e.1" })
  line.settle()
  return opened
}

describe("a session that is left", () => {
  it("ends with BYE when nothing is open in it and everything is acknowledged", () => {
    const [before, after] = [wired(), wired()]
    const call = before.client.open("a")
    before.settle()
    expect(leave(before, after)).toBe(0)
    before.settle()
    expect(before.client.over).toBeUndefined()
    before.server.result(before.server.accepted[0], 1)
    before.settle()
    expect(call.outcomes).toEqual([{ ok: true, value: 1 }])
    expect(before.client.over).toEqual({ why: "ended", rx: undefined, reason: "moved" })
    expect(before.server.over).toMatchObject({ why: "bye" })
  })

  it("opens nothing more: what waits goes on in the next, in order", () => {
    const [before, after] = [wired({ server: { calls: 1 } }), wired()]
    before.client.open("running")
    before.settle()
    before.client.open("a")
    before.client.open("b", { input: "x".repeat(70_000), kind: "subscription" })
    before.client.step((session) => session.hold())
    before.client.open("c")
    expect(leave(before, after)).toBe(3)
    before.settle()
    after.settle()
    expect(before.server.accepted.map(({ path }) => path)).toEqual(["running"])
    expect(after.server.accepted.map(({ path }) => path).sort()).toEqual(["a", "b", "c"])
    expect(after.server.accepted[0]?.path).toBe("a")
  })

  it("hands on what comes back refused", () => {
    const [before, after] = [wired(), wired()]
    const call = before.client.open("a")
    before.server.serving.refusing = true
    before.flush()
    leave(before, after)
    before.settle()
    expect(carryOver(before, after)).toBe(1)
    after.settle()
    after.server.result(after.server.accepted[0], "there")
    after.settle()
    expect(call.outcomes).toEqual([{ ok: true, value: "there" }])
    before.settle()
    expect(before.client.over?.reason).toBe("moved")
  })

  it("lets a stream go whose place is known: with its cursor and less credit, and nothing late", () => {
    const [before, after] = [wired(), wired()]
    const stream = reading(before)
    before.server.say(26, 1, ["a", "b", "c"], ["e.2", "e.3", "e.4"])
    before.settle()
    expect(stream.channel.inflow?.shift()).toEqual({ item: "a", cursor: "e.2" })
    before.server.say(21, 1, "late", "e.5")
    before.flush()
    expect(leave(before, after)).toBe(1)
    before.settle()
    after.settle()
    expect(before.client.frames.at(-1)).toEqual([19, 1])
    expect(after.client.frames).toEqual([[20, 1, "feed", { $: "u" }, 2, { u: 1, a: 1, f: "e.4" }]])
    after.server.say(25, 1, "at", { window: 4, cursor: "e.4" })
    after.server.say(21, 1, "d", "e.5")
    after.settle()
    expect(itemsOf(takeAll(stream, after.client))).toEqual(["b", "c", "d"])
    before.settle()
    expect(before.client.over?.reason).toBe("moved")
  })

  it("sends no credit any more for a stream that went", () => {
    const [before, after] = [wired(), wired()]
    const stream = reading(before)
    before.server.say(26, 1, ["a", "b", "c", "d"], ["e.2", "e.3", "e.4", "e.5"])
    before.settle()
    before.cut()
    takeAll(stream, before.client)
    // Ids go on in the next session.
    after.client.open("other")
    leave(before, after)
    after.settle()
    expect(after.client.frames[1]?.slice(0, 5)).toEqual([20, 3, "feed", { $: "u" }, 4])
    after.server.say(25, 3, "at", { window: 4, cursor: "e.5" })
    after.server.say(26, 3, ["e", "f", "g"], ["e.6", "e.7", "e.8"])
    after.settle()
    takeAll(stream, after.client)
    before.join()
    before.settle()
    after.settle()
    const credits = (line: Wired) => line.client.frames.filter(([kind]) => kind === 23)
    expect(credits(before)).toEqual([])
    expect(credits(after)).toEqual([[23, 3, 7]])
  })

  it("lets a stream go as soon as its place is told", () => {
    const [before, after] = [wired(), wired()]
    before.client.open("feed", { kind: "subscription" })
    before.settle()
    expect(leave(before, after)).toBe(0)
    before.server.say(25, 1, "at", { window: 4, cursor: "e.1" })
    before.settle()
    expect(carryOver(before, after)).toBe(1)
    after.settle()
    expect(after.client.frames[0]?.[5]).toMatchObject({ u: 1, f: "e.1" })
  })

  it("keeps a stream without cursor, and a duplex with one", () => {
    const [before, after] = [wired(), wired()]
    reading(before, "duplex")
    const plain = before.client.open("samples", { kind: "subscription" })
    before.settle()
    before.server.say(25, plain.channel.id, "at", { window: 4 })
    before.settle()
    expect(leave(before, after)).toBe(0)
  })

  it("is no way back for who cancels in between", () => {
    const [before, after] = [wired(), wired()]
    const stream = reading(before)
    before.client.step((session) => session.leave("moved"))
    before.client.step(({ calling }) => calling.giveUp(stream.channel, "CANCELLED"))
    carryOver(before, after)
    before.settle()
    after.settle()
    expect(failureOf(stream)).toMatchObject({ code: "CANCELLED", executed: "unknown" })
    expect(after.client.frames).toEqual([])
    expect(before.client.over?.reason).toBe("moved")
  })

  it("gives nothing to another user", () => {
    const [before, after] = [wired(), wired()]
    const stream = reading(before)
    const running = before.client.open("running")
    before.settle()
    before.client.step((session) => session.hold())
    const waiting = before.client.open("waiting")
    leave(before, after, { ...lossless, subjectChanged: true })
    after.settle()
    expect(after.client.frames).toEqual([])
    expect(failureOf(stream)).toMatchObject({ code: "PRINCIPAL_CHANGED", executed: "unknown" })
    expect(failureOf(waiting)).toMatchObject({ code: "CANCELLED", executed: "no" })
    expect(running.outcomes).toEqual([])
  })

  it("holds what is new within the bounds of a line that is down", () => {
    const line = wired({ queue: { calls: 2, units: 1_000 } })
    line.client.step((session) => session.hold())
    const calls = ["a", "b", "c"].map((path) => line.client.open(path))
    expect(calls.map(({ outcomes }) => outcomes.length)).toEqual([0, 0, 1])
    expect(calls[2] && failureOf(calls[2])).toMatchObject({ code: "OFFLINE_QUEUE_FULL" })
  })
})

describe("a server that retires a session", () => {
  it("waits for what may not begin anew, and for nothing else", () => {
    const line = wired()
    line.client.open("fresh", { kind: "subscription" })
    line.client.open("call")
    line.settle()
    const [stream, call] = line.server.accepted
    line.server.serve((serving) => {
      if (stream) serving.admit(stream, "subscription", true)
      if (stream) serving.begin(stream, "every", 4)
      if (call) serving.admit(call, "call")
    })
    line.server.step((session) => session.retire("drained"))
    line.settle()
    expect(line.server.cancelled).toEqual([])
    line.server.result(call, 1)
    line.settle()
    expect(line.server.cancelled).toEqual(["CLOSED"])
    expect(line.client.over).toMatchObject({ why: "bye", reason: "drained" })
  })

  function cutWhileCalling(): Wired {
    const line = wired()
    line.settle()
    line.client.open("call")
    line.flush()
    line.cut()
    line.server.step((session) => session.retire("drained"))
    return line
  }

  it("waits for a client whose line broke: what it sent last may not have arrived", () => {
    const line = cutWhileCalling()
    line.wait(drainAway - 1)
    line.join()
    line.settle()
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["call"])
    expect(line.server.over).toBeUndefined()
  })

  it("does not wait for ever for one that does not come back", () => {
    const line = cutWhileCalling()
    line.wait(drainAway)
    expect(line.server.over?.reason).toBe("drained")
    expect(line.server.session.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it("leaves no alarm behind", () => {
    const line = wired()
    line.settle()
    line.server.step((session) => session.retire("drained"))
    line.settle()
    expect(line.server.over?.reason).toBe("drained")
    expect(line.server.session.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it("is not taken back by a socket that breaks", () => {
    const line = wired()
    line.client.open("call")
    line.settle()
    line.server.step((session) => session.retire("drained"))
    line.server.result(line.server.accepted[0], 1)
    line.cut()
    expect(line.server.over).toBeUndefined()
    line.join()
    line.settle()
    expect(line.client.over?.why).toBe("bye")
  })
})
