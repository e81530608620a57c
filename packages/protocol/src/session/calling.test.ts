import { describe, expect, it } from "vitest"
import { failureOf, itemsOf, type Opened, takeAll, Wired, wired } from "../../test/wired.js"
import { defaultLimits, reissues } from "../limits.js"
import type { Loss } from "./loss.js"

/** The server's end of the newest channel, as a stream. */
function serveStream(line: Wired, window = 4, policy: "every" | "latest" | "conflate" = "every") {
  const channel = line.server.accepted.at(-1)
  if (!channel) throw new Error("nothing was opened")
  line.server.serve((serving) => {
    serving.admit(channel, "subscription")
    serving.begin(channel, policy, window)
  })
  return channel
}

/** Lets the server send a frame, and the client have it. */
function answer(line: Wired, ...frame: readonly unknown[]): void {
  line.server.say(...frame)
  line.settle()
}

describe("a call", () => {
  it("is settled once, by its result", () => {
    const line = wired()
    const call = line.client.open("a")
    line.settle()
    line.server.result(line.server.accepted[0], { done: true })
    line.settle()
    answer(line, 17, 1, "again")
    expect(call.outcomes).toEqual([{ ok: true, value: { done: true } }])
    expect(line.client.closed).toBeUndefined()
  })

  it("is settled by an error, with its message and data", () => {
    const line = wired()
    const call = line.client.open("a")
    line.settle()
    line.server.serve((serving) => {
      const [channel] = line.server.accepted
      const failure = {
        code: "LOCKED",
        executed: "yes",
        message: "by b",
        data: { by: "b" },
      } as const
      if (channel) serving.fail(channel, failure)
    })
    line.settle()
    expect(line.server.frames).toEqual([[18, 1, "LOCKED", "yes", "by b", { by: "b" }]])
    expect(failureOf(call)).toEqual({
      code: "LOCKED",
      executed: "yes",
      message: "by b",
      data: { by: "b" },
    })
  })

  it("that is cancelled fails at once, and is cancelled at the server", () => {
    const line = wired()
    const call = line.client.open("a")
    line.settle()
    line.client.step(({ calling }) => calling.giveUp(call.channel, "CANCELLED"))
    expect(failureOf(call)).toEqual({ code: "CANCELLED", executed: "unknown" })
    line.settle()
    expect(line.client.frames.at(-1)).toEqual([19, 1])
    expect(line.server.cancelled).toEqual(["CANCELLED"])
  })

  it("that is cancelled before it was numbered never ran", () => {
    const line = wired()
    const call = line.client.open("a")
    line.client.step(({ calling }) => calling.giveUp(call.channel, "CANCELLED"))
    line.client.step(({ calling }) => calling.giveUp(call.channel, "CANCELLED"))
    line.settle()
    expect(failureOf(call)).toEqual({ code: "CANCELLED", executed: "no" })
    expect(line.client.frames).toEqual([])
  })

  it("may be cancelled while its result is on the way", () => {
    const line = wired()
    const call = line.client.open("a")
    line.settle()
    line.server.result(line.server.accepted[0], "late")
    line.flush()
    line.client.step(({ calling }) => calling.giveUp(call.channel, "CANCELLED"))
    line.settle()
    expect(call.outcomes).toHaveLength(1)
    expect(failureOf(call)).toMatchObject({ code: "CANCELLED" })
    expect(line.server.cancelled).toEqual([])
    expect(line.client.session.calling.size).toBe(0)
    expect(line.server.closed).toBeUndefined()
  })

  it("times out here, and at the server when it is told of the deadline", () => {
    const line = wired()
    const call = line.client.open("a", { timeout: 1_000, tellDeadline: true })
    line.settle()
    expect(line.client.frames).toEqual([[20, 1, "a", { $: "u" }, null, { d: 1_000 }]])
    line.cut()
    line.wait(1_000)
    expect(failureOf(call)).toEqual({ code: "TIMEOUT", executed: "unknown" })
    expect(line.server.cancelled).toEqual(["TIMEOUT"])
  })

  it("tells what is left of its deadline when it is numbered", () => {
    const line = wired()
    line.cut()
    line.client.open("a", { timeout: 1_000, tellDeadline: true })
    line.wait(400)
    line.join()
    line.settle()
    expect(line.client.frames[0]?.[5]).toEqual({ d: 600 })
  })

  it("tells no deadline that the wire has no number for", () => {
    const line = wired()
    line.client.open("a", { timeout: 1e300, tellDeadline: true })
    line.settle()
    expect(line.server.closed).toBeUndefined()
    expect(line.server.accepted[0]?.meta?.d).toBe(Number.MAX_SAFE_INTEGER)
  })

  it("whose deadline has passed is not sent", () => {
    const line = wired()
    expect(failureOf(line.client.open("a", { timeout: 0 }))).toEqual({
      code: "TIMEOUT",
      executed: "no",
    })
  })

  it("with a path that no frame holds is of no procedure", () => {
    const line = wired()
    const call = line.client.open("x".repeat(257))
    const longest = line.client.open("x".repeat(256))
    expect(failureOf(call)).toEqual({ code: "NOT_FOUND", executed: "no" })
    line.settle()
    expect(line.server.closed).toBeUndefined()
    expect(longest.channel.id).toBe(1)
  })

  it("may turn out larger than the server accepts when it is numbered", () => {
    const line = new Wired({ server: { messageBytes: 2_000 } })
    const large = line.client.open("a", { input: "y".repeat(3_100) })
    const other = line.client.open("b")
    line.join()
    line.settle()
    expect(failureOf(large)).toEqual({ code: "TOO_LARGE", executed: "no" })
    expect(other.channel.id).toBe(1)
    expect(() => line.client.session.encode("z".repeat(2_000))).toThrow("larger than 2000 units")
  })

  it("waits for a place when as many are open as the server takes", () => {
    const line = wired({ server: { calls: 2 } })
    const calls = ["a", "b", "c", "d"].map((path) => line.client.open(path))
    line.client.open("s", { kind: "subscription" })
    line.settle()
    const paths = () => line.server.accepted.map(({ path }) => path)
    expect(paths()).toEqual(["a", "b", "s"])
    line.server.result(line.server.accepted[0])
    line.settle()
    expect(paths()).toEqual(["a", "b", "s", "c"])
    const [, b] = calls
    if (b) line.client.step(({ calling }) => calling.giveUp(b.channel, "CANCELLED"))
    line.settle()
    expect(paths()).toEqual(["a", "b", "s", "c", "d"])
    expect(line.client.frames.slice(-2)).toEqual([
      [19, 3],
      [20, 9, "d"],
    ])
  })

  it("is refused when too many wait for a line", () => {
    const line = wired({ queue: { calls: 2, units: 10 } })
    line.cut()
    line.client.open("a", { input: "123456" })
    expect(failureOf(line.client.open("b", { input: "123" }))).toEqual({
      code: "OFFLINE_QUEUE_FULL",
      executed: "no",
    })
    line.client.open("c")
    expect(failureOf(line.client.open("d"))).toMatchObject({ code: "OFFLINE_QUEUE_FULL" })
    line.join()
    line.settle()
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["a", "c"])
  })

  it("is refused, with a line, only when the server's places are full too", () => {
    const line = wired({ queue: { calls: 1, units: 10 }, server: { calls: 1, streams: 1 } })
    const calls = ["a", "b", "c", "d"].map((path) => line.client.open(path))
    expect(calls.map(({ outcomes }) => outcomes.length)).toEqual([0, 0, 0, 1])
  })

  it("can be settled before it is sent at all", () => {
    const line = wired()
    const { channel, outcomes } = line.client.open("a")
    line.client.step(({ calling }) => calling.refuse(channel, "CLOSED"))
    expect(outcomes).toEqual([{ ok: false, failure: { code: "CLOSED", executed: "no" } }])
  })
})

describe("the licence to retry", () => {
  it("sends a call again that was answered BUSY or UNAVAILABLE, with new ids, until it is used up", () => {
    const line = wired()
    const call = line.client.open("a")
    for (let n = 0; n <= reissues; n++) {
      line.settle()
      const code = n % 2 === 0 ? "BUSY" : "UNAVAILABLE"
      answer(line, 18, 1 + 2 * n, code, "no")
      expect(call.outcomes).toHaveLength(n === reissues ? 1 : 0)
      line.wait(60_000)
      line.cut()
      line.join()
    }
    expect(failureOf(call)).toMatchObject({ code: "UNAVAILABLE", executed: "no" })
    const opens = line.client.frames.filter(([kind]) => kind === 20)
    expect(new Set(opens.map(([, id]) => id)).size).toBe(reissues + 1)
    expect(opens.at(-1)?.[5]).toEqual({ a: reissues })
  })

  it("holds until the deadline, and not beyond it", () => {
    const line = wired()
    const call = line.client.open("a", { timeout: 100 })
    line.settle()
    answer(line, 18, 1, "BUSY", "no")
    line.wait(100)
    expect(failureOf(call)).toEqual({ code: "TIMEOUT", executed: "no" })
  })

  it("is not given by other codes, nor when the handler may have been entered", () => {
    for (const [code, executed] of [
      ["BUSY", "unknown"],
      ["UNAVAILABLE", "yes"],
      ["FORBIDDEN", "no"],
    ]) {
      const line = wired()
      const call = line.client.open("a")
      line.settle()
      answer(line, 18, 1, code, executed)
      expect(failureOf(call)).toMatchObject({ code, executed })
    }
  })

  it("holds what was REFUSED for the next session", () => {
    const line = wired()
    const call = line.client.open("a")
    line.settle()
    answer(line, 18, 1, "REFUSED", "no")
    line.wait(3_600_000)
    expect(call.outcomes).toEqual([])
    const next = succeed(line)
    expect(next.client.frames).toEqual([[20, 3, "a", { $: "u" }, null, { a: 1 }]])
  })
})

describe("a stream", () => {
  it("yields its items in order, and ends", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    const channel = serveStream(line)
    line.server.serve((serving) => {
      for (const item of [1, 2, 3]) serving.item(channel, String(item))
      serving.end(channel)
    })
    line.settle()
    expect(line.server.frames).toEqual([
      [25, 1, "at", { window: 4 }],
      [26, 1, [1, 2, 3]],
      [22, 1],
    ])
    expect(itemsOf(takeAll(stream, line.client))).toEqual([1, 2, 3])
    expect(stream.outcomes).toEqual([{ ok: true, value: undefined }])
  })

  it("is sent no more than its reader has room for", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    const channel = serveStream(line, 4)
    line.server.serve((serving) => {
      for (let n = 0; n < 10; n++) serving.item(channel, String(n))
    })
    line.settle()
    expect(stream.channel.inflow?.queued).toBe(4)
    expect(channel.lane?.waitingItems).toBe(6)
    const { inflow } = stream.channel
    const take = () => {
      inflow?.shift()
      if (inflow?.tellDue) line.client.step(({ calling }) => calling.consumed(stream.channel))
    }
    take()
    line.settle()
    expect(line.client.frames.filter(([kind]) => kind === 23)).toEqual([])
    take()
    line.settle()
    expect(line.client.frames.at(-1)).toEqual([23, 1, 6])
    expect(inflow?.queued).toBe(4)
  })

  it("that is cancelled yields nothing more, whatever still arrives", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    const channel = serveStream(line)
    line.server.serve((serving) => serving.item(channel, "1"))
    line.flush()
    line.client.step(({ calling }) => calling.giveUp(stream.channel, "CANCELLED"))
    line.arrive(line.server)
    expect(stream.channel.inflow?.queued ?? 0).toBe(0)
    line.settle()
    expect(line.server.cancelled).toEqual(["CANCELLED"])
    expect(line.client.closed).toBeUndefined()
  })

  it("remembers its place by cursor", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    const { client } = line
    answer(line, 25, 1, "at", { window: 8, cursor: "e1.1" })
    expect(stream.channel.inflow?.cursor).toBe("e1.1")
    answer(line, 21, 1, "a", "e1.2")
    answer(line, 26, 1, ["b", "c"], ["e1.3", "e1.4"])
    expect(stream.channel.inflow?.cursor).toBe("e1.4")
    answer(line, 25, 1, "gap", { cursor: "e1.9" })
    expect(stream.channel.inflow?.cursor).toBe("e1.9")
    answer(line, 25, 1, "at", { cursor: "e1.12" })
    expect(stream.channel.inflow?.cursor).toBe("e1.12")
    expect(takeAll(stream, client)).toEqual([
      { item: "a", cursor: "e1.2" },
      { item: "b", cursor: "e1.3" },
      { item: "c", cursor: "e1.4" },
      { note: "gap", data: { cursor: "e1.9" } },
    ])
  })

  it.each([
    ["a gap without its cursor", [25, 1, "gap"]],
    ["a gap whose cursor is none", [25, 1, "gap", { cursor: "no cursor!" }]],
    ["a reset without its cursor", [25, 1, "reset", { state: 1 }]],
    ["a place whose cursor is none", [25, 1, "at", { cursor: 7 }]],
    ["an item without a cursor", [21, 1, "a"]],
    ["items without cursors", [26, 1, ["a"]]],
  ])("of a log ends the session with %s", (_, frame) => {
    const line = wired()
    line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 8, cursor: "e1.0" })
    expect(line.client.closed).toBeUndefined()
    answer(line, ...frame)
    expect(line.client.closed?.code).toBe(4400)
  })

  it("that stands in no log ends the session with an item's cursor", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 8 })
    answer(line, 25, 1, "of a later version", { cursor: "e1.4" })
    expect(stream.channel.inflow?.cursor).toBeUndefined()
    answer(line, 21, 1, "a", "e1.1")
    expect(line.client.closed?.reason).toBe("cursors for some items")
  })

  it("keeps its place once it is cancelled", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 8, cursor: "e1.0" })
    answer(line, 21, 1, "a", "e1.1")
    line.server.say(21, 1, "b", "e1.2")
    line.server.say(25, 1, "gap", { cursor: "e1.9" })
    line.client.step(({ calling }) => calling.giveUp(stream.channel, "CANCELLED"))
    line.settle()
    const { cursor, taken } = stream.channel.inflow ?? {}
    expect([cursor, taken, line.client.closed]).toEqual(["e1.1", "e1.0", undefined])
  })

  it("takes a window for granted when the server states none", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at")
    expect(stream.channel.inflow?.window).toBe(256)
  })

  it("with a cursor that is none is not sent", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription", from: "no cursor!" })
    expect(failureOf(stream)).toEqual({ code: "VALIDATION", executed: "no" })
    line.client.open("s", { kind: "subscription", from: "e1.7" })
    line.settle()
    expect(line.server.accepted[0]?.meta).toEqual({ f: "e1.7" })
  })

  it("does no harm when it ends with more cursors than items", () => {
    const line = wired()
    line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 8 })
    answer(line, 26, 1, [1, 2], ["e1.1"])
    expect(line.client.closed?.reason).toBe("cursors for some items")
  })

  it("ends the session when an item comes beyond its credit", () => {
    const line = wired()
    line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 2 })
    answer(line, 26, 1, [1, 2])
    expect(line.client.closed).toBeUndefined()
    answer(line, 21, 1, 3)
    expect(line.client.closed).toEqual({ code: 4400, reason: "an item beyond its credit" })
  })
})

describe("what does not fit what was called", () => {
  const cases: readonly [string, "call" | "subscription" | "duplex" | "upload", unknown[]][] = [
    ["an item of a call", "call", [21, 1, 1]],
    ["items of a call", "call", [26, 1, [1]]],
    ["a note of a call", "call", [25, 1, "at", { window: 1 }]],
    ["a note of an upload", "upload", [25, 1, "at", { window: 1 }]],
    ["a note before `at`", "subscription", [25, 1, "stalled"]],
    ["an item before `at`", "subscription", [21, 1, 1]],
    ["a result of a subscription", "subscription", [17, 1, 1]],
    ["a result of a duplex", "duplex", [17, 1, 1]],
    ["the end of a call", "call", [22, 1]],
    ["the end of an upload", "upload", [22, 1]],
    ["credit for a call", "call", [23, 1, 5]],
    ["credit for a subscription", "subscription", [23, 1, 5]],
    ["credit of a duplex before `at`", "duplex", [23, 1, 5]],
  ]
  for (const [what, kind, frame] of cases) {
    it(`${what}: the channel fails alone`, () => {
      const line = wired()
      const opened = line.client.open("p", { kind })
      line.settle()
      answer(line, ...frame)
      expect(failureOf(opened)).toEqual({ code: "VALIDATION", executed: "unknown" })
      expect(line.client.closed).toBeUndefined()
      expect(line.server.closed).toBeUndefined()
    })
  }

  it("a result of a stream that has begun", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 1 })
    answer(line, 17, 1, 1)
    expect(failureOf(stream)).toMatchObject({ code: "VALIDATION" })
    expect(line.client.session.calling.size).toBe(0)
  })
})

describe("a caller that knows no contract", () => {
  it("learns by the first frame what it opened", () => {
    const line = wired({ server: { calls: 1 } })
    const { client } = line
    const opened = client.open("s", {})
    opened.channel.kind = undefined
    client.open("waits")
    line.settle()
    expect(line.server.accepted).toHaveLength(1)
    answer(line, 25, 1, "at", { window: 4 })
    line.settle()
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["s", "waits"])
    answer(line, 21, 1, "item")
    expect(itemsOf(takeAll(opened, client))).toEqual(["item"])
    answer(line, 22, 1)
    expect(opened.outcomes).toEqual([{ ok: true, value: undefined }])
  })
})

describe("a duplex", () => {
  it("ends when both sides have said so", () => {
    const line = wired()
    const duplex = line.client.open("d", { kind: "duplex" })
    line.settle()
    answer(line, 25, 1, "at", { window: 4 })
    answer(line, 22, 1)
    expect(duplex.outcomes).toEqual([])
    expect(duplex.channel.state).toBe("heard")
    answer(line, 21, 1, 1)
    expect(line.client.closed?.reason).toBe("an item after END")
  })

  it("hears one END only", () => {
    const line = wired()
    line.client.open("d", { kind: "duplex" })
    line.settle()
    answer(line, 25, 1, "at", { window: 4 })
    answer(line, 22, 1)
    answer(line, 22, 1)
    expect(line.client.closed?.reason).toBe("a second END")
  })

  it("is over with the other END when its own was sent", () => {
    const line = wired()
    const duplex = line.client.open("d", { kind: "duplex" })
    line.settle()
    duplex.channel.state = "finished"
    answer(line, 22, 1)
    expect(duplex.outcomes).toEqual([{ ok: true, value: undefined }])
  })
})

describe("frames from the wrong role", () => {
  it("end the session", () => {
    for (const frame of [
      [20, 1, "a"],
      [19, 1],
    ]) {
      const line = wired()
      line.client.open("a")
      line.settle()
      answer(line, ...frame)
      expect(line.client.closed?.reason).toBe("a caller's frame")
    }
    const line = wired()
    answer(line, 17, 1, 1)
    expect(line.client.closed?.reason).toBe("a frame for a channel that was not opened")
  })
})

/** The next session of the same client, after the first was lost as `loss` says. */
function succeed(lost: Wired, loss: Partial<Loss> = {}, server = {}): Wired {
  lost.client.step((session) => session.end({ why: "ended", rx: undefined, reason: "lost" }))
  const next = wired({ server })
  next.cut()
  const { calling } = lost.client.session
  next.client.session.calling.nextId = calling.nextId
  const all: Loss = { rx: undefined, subjectChanged: false, why: undefined, ...loss }
  next.client.step((session) => session.inherit(lost.client.session, all))
  next.join()
  next.settle()
  return next
}

describe("a lost session", () => {
  function inFlight(): { line: Wired; numbered: Opened; queued: Opened; stream: Opened } {
    const line = wired({ server: { calls: 1 } })
    const numbered = line.client.open("call")
    const stream = line.client.open("stream", { kind: "subscription" })
    const queued = line.client.open("queued")
    line.settle()
    return { line, numbered, queued, stream }
  }

  it("issues what was open again, in order, in doubt where nothing is proven", () => {
    const { line } = inFlight()
    const next = succeed(line)
    expect(next.client.frames).toEqual([
      [20, 5, "call", { $: "u" }, null, { u: 1, a: 1 }],
      [20, 7, "stream", { $: "u" }, null, { u: 1, a: 1 }],
      [20, 9, "queued"],
    ])
  })

  it("issues anew what is proven not to have arrived", () => {
    const { line } = inFlight()
    const next = succeed(line, { rx: 1 })
    expect(next.client.frames.slice(0, 2)).toEqual([
      [20, 5, "call", { $: "u" }, null, { u: 1, a: 1 }],
      [20, 7, "stream", { $: "u" }, null, { a: 1 }],
    ])
  })

  it("does not send an OPEN again that tells a key which may be told no more", () => {
    const keys = { epoch: "e1", ttlMs: 60_000 }
    const line = wired({ keys })
    const call = line.client.open("pay")
    line.settle()
    const next = wired({ keys })
    next.cut()
    next.client.session.calling.nextId = 3
    const loss: Loss = { rx: undefined, subjectChanged: false, why: undefined }
    next.client.step((session) => session.inherit(line.client.session, loss))
    next.join()
    next.flush()
    expect(next.client.frames.at(-1)).toEqual([
      20,
      3,
      "pay",
      { $: "u" },
      null,
      { u: 1, k: 1, a: 1 },
    ])
    next.cut()
    next.sleep(60_000)
    next.join()
    next.settle()
    expect(failureOf(call)).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(next.client.frames.at(-1)).toEqual([19, 3])
    expect(next.server.accepted).toEqual([])
  })

  it("keeps a doubt, whatever is proven later", () => {
    const line = wired()
    const call = line.client.open("call")
    line.settle()
    const second = succeed(line)
    const third = succeed(second, { rx: 0 })
    expect(third.client.frames[0]?.[5]).toEqual({ u: 1, a: 2 })
    answer(third, 18, Number(third.client.frames[0]?.[1]), "NOT_FOUND", "no")
    expect(failureOf(call)).toMatchObject({ code: "NOT_FOUND", executed: "unknown" })
  })

  it("continues a stream after what its consumer has, with the room that is left", () => {
    const line = wired()
    const stream = line.client.open("s", { kind: "subscription" })
    line.settle()
    answer(line, 25, 1, "at", { window: 8, cursor: "e1.0" })
    answer(line, 26, 1, ["a", "b", "c"], ["e1.1", "e1.2", "e1.3"])
    stream.channel.inflow?.shift()
    const next = succeed(line)
    expect(next.client.frames).toEqual([[20, 3, "s", { $: "u" }, 6, { u: 1, a: 1, f: "e1.3" }]])
    answer(next, 25, 3, "at", { window: 8, cursor: "e1.3" })
    answer(next, 21, 3, "d", "e1.4")
    expect(itemsOf(takeAll(stream, next.client))).toEqual(["b", "c", "d"])
    expect(next.client.closed).toBeUndefined()
  })

  it("never sends again what the server stumbled over", () => {
    const line = wired()
    line.settle()
    const poison = line.client.open("poison")
    line.client.open("good")
    line.flush()
    const next = succeed(line, { rx: 0, why: "protocol" })
    expect(failureOf(poison)).toEqual({ code: "PROTOCOL", executed: "no" })
    expect(next.client.frames.map(([, , path]) => path)).toEqual(["good"])
  })

  it("issues nothing for another user", () => {
    const { line, numbered, queued, stream } = inFlight()
    const next = succeed(line, { rx: 0, subjectChanged: true })
    expect(failureOf(numbered)).toEqual({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(failureOf(queued)).toEqual({ code: "CANCELLED", executed: "no" })
    expect(failureOf(stream)).toEqual({ code: "PRINCIPAL_CHANGED", executed: "unknown" })
    expect(next.client.frames).toEqual([])
  })

  it("issues a call five times again, and not a sixth time", () => {
    let line = wired()
    const call = line.client.open("call")
    line.settle()
    for (let n = 0; n < reissues; n++) {
      line = succeed(line, { rx: n === 0 ? undefined : 0 })
      expect(call.outcomes).toEqual([])
    }
    succeed(line, { rx: 0 })
    expect(failureOf(call)).toEqual({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
  })

  it("does not count what the line lost on its way, of a stream that was answered once", () => {
    let line = wired()
    const stream = line.client.open("stream", { kind: "subscription" })
    const call = line.client.open("call")
    line.settle()
    answer(line, 25, 1, "at", { window: 4 })
    line = succeed(line)
    for (let n = 0; n < 3 * reissues; n++) line = succeed(line, { rx: 0, why: "expired" })
    expect(stream.outcomes).toEqual([])
    expect(line.client.frames).toEqual([
      [20, expect.anything(), "stream", { $: "u" }, 4, { u: 1, a: 1 }],
    ])
    expect(failureOf(call)).toEqual({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    for (let n = 0; n < reissues; n++) line = succeed(line, { rx: 0 })
    expect(failureOf(stream)).toEqual({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
  })

  it("gives a call up that surely never arrived as unavailable", () => {
    let line = wired()
    const call = line.client.open("call")
    line.settle()
    for (let n = 0; n <= reissues; n++) line = succeed(line, { rx: 0 })
    expect(failureOf(call)).toEqual({ code: "UNAVAILABLE", executed: "no" })
  })

  it("aborts what it served", () => {
    const line = wired()
    line.client.open("a")
    line.settle()
    line.server.step((session) => session.end({ why: "expired", rx: undefined, reason: "gone" }))
    expect(line.server.cancelled).toEqual(["CLOSED"])
    expect(line.server.serving.size).toBe(0)
  })
})

describe("a connection closed for good", () => {
  it("settles everything, and whatever comes after it", () => {
    const line = wired({ server: { calls: 1 } })
    const sent = line.client.open("a")
    const stream = line.client.open("s", { kind: "subscription" })
    const queued = line.client.open("b")
    line.settle()
    line.client.step((session) => session.close())
    const late = line.client.open("c")
    expect(failureOf(sent)).toEqual({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(failureOf(stream)).toEqual({ code: "CLOSED", executed: "unknown" })
    expect(failureOf(queued)).toEqual({ code: "CLOSED", executed: "no" })
    expect(failureOf(late)).toEqual({ code: "CLOSED", executed: "no" })
  })
})

describe("limits of the other side", () => {
  it("are those of its last WELCOME or HELLO", () => {
    const line = wired()
    expect(() => line.client.session.encode("x".repeat(defaultLimits.messageBytes))).toThrow()
    line.cut()
    line.client.step((session) =>
      session.attach({
        rx: 0,
        heartbeat: 20_000,
        limits: { ...defaultLimits, messageBytes: 2_000_000 },
      }),
    )
    expect(line.client.session.encode("x".repeat(defaultLimits.messageBytes))).toHaveLength(
      defaultLimits.messageBytes + 2,
    )
  })
})
