import { describe, expect, it } from "vitest"
import { failureOf, type Wired, wired } from "../../test/wired.js"
import { messageUnits, waitingAnswers, waitingAnswerUnits, waitingResultUnits } from "../limits.js"
import type { AcceptedChannel } from "./channel.js"

/** What one client sends, and the server that hears it. */
function hearing(...frames: readonly unknown[][]): Wired {
  const line = wired()
  for (const frame of frames) line.server.hear([line.server.session.applied + 1, 0, frame])
  return line
}

/** What the server says to it. */
function replies(line: Wired): unknown[][] {
  line.flush()
  return line.server.frames
}

function opened(line: Wired, path = "p"): AcceptedChannel {
  line.client.open(path)
  line.settle()
  const channel = line.server.accepted.at(-1)
  if (!channel) throw new Error("nothing was opened")
  return channel
}

describe("ids", () => {
  it("may leave gaps, and rise", () => {
    const line = hearing([20, 1, "a"], [20, 7, "b"])
    expect(line.server.accepted.map(({ id }) => id)).toEqual([1, 7])
  })

  it("are taken once", () => {
    expect(hearing([20, 3, "a"], [20, 3, "a"]).server.closed?.reason).toBe("an id taken twice")
    expect(hearing([20, 3, "a"], [20, 1, "a"]).server.closed?.reason).toBe("an id taken twice")
  })

  it("of a client are odd: an even one speaks of a channel that the server opened", () => {
    const line = hearing([20, 2, "a"])
    expect(line.server.closed?.reason).toBe("a caller's frame")
    expect(hearing([17, 2]).server.closed?.reason).toBe("a frame for a channel that was not opened")
  })

  it("are taken by a CANCEL too, which is answered", () => {
    const line = hearing([19, 5], [19, 5])
    expect(replies(line)).toEqual([[18, 5, "CANCELLED", "no"]])
    expect(line.server.accepted).toEqual([])
  })

  it("that were not taken have no frames but those that take them", () => {
    for (const frame of [
      [22, 1],
      [21, 1, 1],
      [23, 1, 1],
      [26, 1, [1]],
    ]) {
      expect(hearing(frame).server.closed?.reason).toBe("a frame for a channel that was not opened")
    }
    expect(hearing([20, 3, "a"], [19, 1], [23, 1, 4]).server.closed).toBeUndefined()
  })

  it("that are closed have frames that say nothing", () => {
    const line = wired()
    line.server.result(opened(line))
    for (const frame of [
      [19, 1],
      [22, 1],
      [21, 1, 1],
      [23, 1, 1],
    ]) {
      line.server.hear([line.server.session.applied + 1, 0, frame])
    }
    expect(line.server.closed).toBeUndefined()
  })
})

describe("a client", () => {
  it("does not send what only the server sends", () => {
    for (const frame of [
      [17, 1],
      [18, 1, "X", "no"],
      [25, 1, "at"],
    ]) {
      expect(hearing([20, 1, "a"], frame).server.closed?.reason).toBe(
        "a callee's frame for a channel that it opened",
      )
    }
  })

  it("sends no items where nobody gave it credit", () => {
    for (const frame of [
      [21, 1, 1],
      [26, 1, [1]],
    ]) {
      expect(hearing([20, 1, "a"], frame).server.closed?.code).toBe(4400)
    }
  })

  it("ends its way once, before anybody knows whether items may come", () => {
    const line = hearing([20, 1, "a"], [22, 1])
    expect(line.server.closed).toBeUndefined()
    line.server.result(line.server.accepted[0], 1)
    expect(replies(line)).toEqual([[17, 1, 1]])
    expect(hearing([20, 1, "a"], [22, 1], [22, 1]).server.closed?.reason).toBe("a second END")
  })
})

describe("an answer", () => {
  it("is given once: whatever follows is dropped", () => {
    const line = wired()
    const channel = opened(line)
    line.server.result(channel, 1)
    line.server.result(channel, 2)
    line.server.serve((serving) => {
      serving.fail(channel, { code: "X", executed: "yes" })
      serving.kill(channel, { code: "X", executed: "yes" })
      serving.end(channel)
      serving.note(channel, "at")
      expect(serving.item(channel, "1")).toBe(true)
    })
    expect(replies(line)).toEqual([[17, 1, 1]])
    expect(line.server.serving.size).toBe(0)
  })

  it("of a stream is its last frame, whatever its source still does", () => {
    for (const end of ["end", "fail", "kill"] as const) {
      const line = wired()
      const channel = opened(line)
      const failure = { code: "X", executed: "yes" } as const
      const finish = () =>
        line.server.serve((serving) => {
          if (end === "end") serving.end(channel)
          else serving[end](channel, failure)
        })
      line.server.serve((serving) => {
        serving.admit(channel, "subscription")
        serving.begin(channel, "every", 1)
        for (const item of ["1", "2"]) serving.item(channel, item)
      })
      line.settle()
      finish()
      line.server.serve((serving) => {
        serving.item(channel, "3")
        serving.note(channel, "stalled")
        serving.end(channel)
        serving.fail(channel, failure)
      })
      line.server.hear([line.server.session.applied + 1, 0, [23, 1, 2]])
      line.settle()
      const terminal = end === "end" ? [22, 1] : [18, 1, "X", "yes"]
      const rest = end === "kill" ? [] : [[21, 1, 2]]
      const at = [25, 1, "at", { window: 1 }]
      expect(line.server.frames, end).toEqual([at, [21, 1, 1], ...rest, terminal])
      expect(line.server.serving.size).toBe(0)
    }
  })

  it("of nothing leaves its value out", () => {
    const line = wired()
    line.server.result(opened(line))
    expect(replies(line)).toEqual([[17, 1]])
  })

  it("whose data has no form on the wire is INTERNAL", () => {
    const line = wired()
    const channel = opened(line)
    line.server.serve((serving) =>
      serving.fail(channel, { code: "X", executed: "yes", data: () => {} }),
    )
    expect(replies(line)).toEqual([[18, 1, "INTERNAL", "yes"]])
  })

  it("that is larger than the caller accepts is INTERNAL", () => {
    const line = wired({ client: { messageBytes: 1_000 } })
    const channel = opened(line)
    const data = "x".repeat(3_000)
    line.server.serve((serving) => serving.fail(channel, { code: "X", executed: "yes", data }))
    expect(replies(line)).toEqual([[18, 1, "INTERNAL", "yes"]])
  })

  it("keeps its code and its message within their limits", () => {
    const line = wired()
    const call = line.client.open("p")
    line.settle()
    const [channel] = line.server.accepted
    const failure = { code: "C".repeat(99), executed: "yes", message: "m".repeat(9_999) } as const
    if (channel) line.server.serve((serving) => serving.fail(channel, failure))
    line.settle()
    expect(failureOf(call)).toMatchObject({ code: "C".repeat(64), message: "m".repeat(2_000) })
  })
})

describe("a cancelled channel", () => {
  it("is the dispatcher's to answer", () => {
    const line = wired()
    const channel = opened(line)
    line.server.hear([2, 0, [19, 1]])
    expect(line.server.cancelled).toEqual(["CANCELLED"])
    line.server.serve((serving) =>
      serving.kill(channel, { code: "CANCELLED", executed: "unknown" }),
    )
    expect(replies(line)).toEqual([[18, 1, "CANCELLED", "unknown"]])
  })

  it("whose handler has failed keeps that outcome, ahead of the items that wait", () => {
    const line = wired()
    const channel = opened(line)
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, "every", 0)
      serving.item(channel, "1")
      serving.fail(channel, { code: "X", executed: "yes" })
      serving.item(channel, "2")
      serving.end(channel)
    })
    line.server.hear([2, 0, [19, 1]])
    expect(line.server.cancelled).toEqual([])
    expect(replies(line)).toEqual([[18, 1, "X", "yes"]])
  })

  it("by its deadline is cancelled once", () => {
    const line = hearing([20, 1, "a", null, null, { d: 50 }])
    line.wait(49)
    expect(line.server.cancelled).toEqual([])
    line.wait(1_000)
    expect(line.server.cancelled).toEqual(["TIMEOUT"])
  })
})

describe("a draining server", () => {
  it("refuses whatever is opened from now on", () => {
    const line = wired()
    opened(line)
    line.server.serving.refusing = true
    const { server } = line
    server.hear([2, 0, [20, 3, "b"]])
    expect(server.accepted).toHaveLength(1)
    expect(replies(line)).toEqual([[18, 3, "REFUSED", "no"]])
  })
})

describe("admission", () => {
  it("counts what is open, by kind, and gives the places back", () => {
    const line = wired({ server: { calls: 1, streams: 1 } })
    line.server.hear([1, 0, [20, 1, "a"], [20, 3, "b"], [20, 5, "c"], [20, 7, "d"]])
    const [a, b, c, d] = line.server.accepted
    if (!a || !b || !c || !d) throw new Error("not accepted")
    const { serving } = line.server
    expect(serving.admit(a, "call")).toBe(true)
    expect(serving.admit(b, "call")).toBe(false)
    expect(serving.admit(c, "subscription")).toBe(true)
    expect(serving.admit(d, "duplex")).toBe(false)
    line.server.result(a)
    line.server.serve(() => serving.kill(c, { code: "X", executed: "no" }))
    expect([serving.calls, serving.streams]).toEqual([0, 0])
    line.server.serve(() => serving.kill(d, { code: "X", executed: "no" }))
    expect([serving.calls, serving.streams]).toEqual([0, 0])
  })
})

describe("a lossy stream", () => {
  function stream(policy: "latest" | "conflate", window: number) {
    const line = wired()
    const channel = opened(line)
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, policy, window)
    })
    const item = (value: number, key?: unknown) =>
      line.server.serve((serving) => serving.item(channel, String(value), key))
    return { line, channel, item }
  }

  it("tells within a second how many values it dropped, once", () => {
    const { line, item } = stream("latest", 1)
    for (const value of [1, 2, 3]) item(value)
    line.settle()
    expect(line.server.frames.slice(-1)).toEqual([[21, 1, 3]])
    line.live(999)
    expect(line.server.frames.slice(-1)).toEqual([[21, 1, 3]])
    line.live(1)
    expect(line.server.frames.slice(-1)).toEqual([[25, 1, "dropped", { n: 2 }]])
    line.live(10_000)
    expect(line.server.frames).toHaveLength(3)
  })

  it("tells it before its end at the latest", () => {
    const { line, channel, item } = stream("latest", 1)
    for (const value of [1, 2]) item(value)
    line.server.serve((serving) => serving.end(channel))
    line.settle()
    expect(line.server.frames.slice(1)).toEqual([
      [25, 1, "dropped", { n: 1 }],
      [21, 1, 2],
      [22, 1],
    ])
  })

  it("keeps one value a key while its reader is away", () => {
    const { line, item } = stream("conflate", 64)
    line.cut()
    for (let n = 0; n < 100; n++) item(n, n % 3)
    line.join()
    line.settle()
    expect(line.server.frames[1]).toEqual([26, 1, [97, 98, 99]])
  })

  it("has a deadline beside its note", () => {
    const line = hearing([20, 1, "a", null, null, { d: 500 }])
    const [channel] = line.server.accepted
    if (!channel) throw new Error("not accepted")
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, "latest", 0)
      serving.item(channel, "1")
      serving.item(channel, "2")
    })
    line.wait(500)
    expect(line.server.cancelled).toEqual(["TIMEOUT"])
  })
})

describe("a stream of a log", () => {
  it("says where it begins, gives each item its place, and says where it stands", () => {
    const line = wired()
    const channel = opened(line)
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, "every", 4, true, "c.0")
      serving.item(channel, '"a"', undefined, "c.1")
      serving.item(channel, '"b"', undefined, "c.2")
      serving.place(channel, "c.9")
      serving.note(channel, "gap", '{"cursor":"c.20"}')
    })
    line.settle()
    expect(line.server.frames).toEqual([
      [25, 1, "at", { window: 4, cursor: "c.0" }],
      [26, 1, ["a", "b"], ["c.1", "c.2"]],
      [25, 1, "at", { cursor: "c.9" }],
      [25, 1, "gap", { cursor: "c.20" }],
    ])
  })
})

describe("a stream's credit", () => {
  it("wakes a source that had found no room", () => {
    const line = wired()
    const channel = opened(line)
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, "every", 1)
      serving.item(channel, "1")
    })
    expect(channel.lane?.room()).toBe(0)
    line.flush()
    line.server.hear([2, 0, [23, 1, 1]])
    expect(line.server.effects.some(({ type }) => type === "writable")).toBe(false)
    line.server.hear([3, 0, [23, 1, 2]])
    expect(line.server.effects).toContainEqual({ type: "writable", channel })
    expect(channel.lane?.room()).toBe(1)
  })

  it("is never more than the window: what is asked for would be kept", () => {
    const line = hearing([20, 1, "a", null, Number.MAX_SAFE_INTEGER])
    const [channel] = line.server.accepted
    if (!channel) throw new Error("not accepted")
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, "every", 64)
      for (let item = 0; item < 64; item++) serving.item(channel, "1")
    })
    expect(channel.lane?.room()).toBe(0)
    line.flush()
    line.server.hear([2, 0, [23, 1, 128]])
    expect(channel.lane?.room()).toBe(64)
    line.server.hear([3, 0, [23, 1, 129]])
    expect(line.server.closed?.code).toBe(4400)
    expect(line.server.over?.reason).toBe("credit beyond the window")
  })

  it("begins with what the caller says, where it does", () => {
    const line = hearing([20, 1, "a", null, 3])
    const [channel] = line.server.accepted
    if (!channel) throw new Error("not accepted")
    line.server.serve((serving) => {
      serving.admit(channel, "subscription")
      serving.begin(channel, "every", 64)
    })
    expect(channel.lane?.room()).toBe(3)
    expect(replies(line)).toEqual([[25, 1, "at", { window: 64 }]])
  })
})

describe("results while no socket is attached", () => {
  const large = "x".repeat(waitingResultUnits / 2 - 100)

  function answerDetached(values: readonly string[]): { line: Wired; outcomes: unknown[] } {
    const line = wired()
    const calls = values.map(() => line.client.open("p"))
    line.settle()
    line.cut()
    for (const [index, value] of values.entries())
      line.server.result(line.server.accepted[index], value)
    line.join()
    line.settle()
    return { line, outcomes: calls.map(({ outcomes: [outcome] }) => outcome) }
  }

  it("wait as long as they are not too large together", () => {
    const { outcomes } = answerDetached([large, large])
    expect(outcomes.map((outcome) => Reflect.get(Object(outcome), "ok"))).toEqual([true, true])
  })

  it("give the largest up when they are", () => {
    const { outcomes } = answerDetached([large, `${large}y`, "small", large])
    const lost = { ok: false, failure: { code: "RESULT_LOST", executed: "yes" } }
    expect(outcomes).toMatchObject([{ ok: true }, lost, { ok: true, value: "small" }, { ok: true }])
  })

  it("keep an error's code and lose its data", () => {
    const line = wired()
    const call = line.client.open("p")
    line.settle()
    line.cut()
    const [channel] = line.server.accepted
    const data = "x".repeat(waitingResultUnits - 40)
    if (channel) {
      line.server.serve((serving) =>
        serving.fail(channel, { code: "X", executed: "yes", message: "m", data }),
      )
    }
    line.join()
    line.settle()
    expect(failureOf(call)).toMatchObject({ code: "X", executed: "yes", message: "m" })
  })

  it("count from the moment that the socket is gone", () => {
    const line = wired()
    const calls = [1, 2, 3].map(() => line.client.open("p"))
    line.settle()
    for (const channel of line.server.accepted) line.server.result(channel, large)
    line.server.result(line.server.accepted[0], "x".repeat(messageUnits))
    line.cut()
    line.join()
    line.settle()
    const codes = calls.map(({ outcomes: [outcome] }) => outcome?.ok || outcome?.failure.code)
    expect(codes.filter((code) => code === "RESULT_LOST")).toHaveLength(1)
    expect(codes.filter((code) => code === true)).toHaveLength(2)
  })
})

describe("a caller that takes no answers", () => {
  it("gets no more calls served when too much waits for it, and more when it does", () => {
    const line = wired({ client: { window: 16_384 } })
    const value = "x".repeat(waitingAnswerUnits / 8)
    for (let n = 0; n < 10; n++) line.server.hear([n + 1, 0, [20, 2 * n + 1, "p"]])
    const [last] = line.server.accepted.splice(9)
    if (!last) throw new Error("not accepted")
    for (const channel of line.server.accepted) line.server.result(channel, value)
    expect(line.server.serving.admit(last, "call")).toBe(false)
    line.flush()
    while (line.server.session.retained > 0) {
      line.server.hear([0, line.server.session.sent])
      line.flush()
    }
    expect(line.server.serving.admit(last, "call")).toBe(true)
  })

  it("ends its session when it asks on and on", () => {
    const line = wired()
    let number = 1
    for (let batch = 0; batch * 512 < waitingAnswers; batch++) {
      const cancels = Array.from({ length: 512 }, (_, n) => [19, 2 * (number + n) - 1])
      line.server.hear([number, 0, ...cancels])
      number += 512
    }
    line.server.hear([number, 0, [19, 2 * number - 1]])
    expect(line.server.closed).toBeUndefined()
    line.server.hear([number + 1, 0, [19, 2 * number + 1]])
    expect(line.server.closed?.code).toBe(4429)
  })
})

describe("a side that serves nothing", () => {
  it("answers whatever is opened, once", () => {
    const line = wired({ servesNothing: true })
    const call = line.server.open("a")
    line.settle()
    expect(line.server.frames).toEqual([[20, 2, "a"]])
    expect(failureOf(call)).toMatchObject({ code: "NOT_FOUND", executed: "no" })
    const large = line.server.open("b", { input: "x".repeat(messageUnits * 2) })
    line.settle()
    expect(failureOf(large)).toMatchObject({ code: "NOT_FOUND", executed: "no" })
    line.client.hear([line.client.session.applied + 1, 0, [19, 8], [22, 8], [24, "e"]])
    line.flush()
    expect(line.client.frames.at(-1)).toEqual([18, 8, "CANCELLED", "no"])
    line.cut()
    line.client.step((session) => session.end({ why: "ended", rx: undefined, reason: "" }))
    expect(line.client.cancelled).toEqual([])
  })
})

describe("a side that serves nothing and is not acknowledged", () => {
  it("lets so many answers wait, and no more", () => {
    const line = wired({ servesNothing: true })
    let first = 1
    while (first <= waitingAnswers) {
      const opens = Array.from({ length: 512 }, (_, index) => [20, 2 * (first + index), "a"])
      line.client.hear([first, 0, ...opens])
      first += 512
    }
    expect(line.client.closed).toBeUndefined()
    line.client.hear([first, 0, [20, 2 * first, "a"], [20, 2 * first + 2, "a"]])
    expect(line.client.closed).toMatchObject({ reason: "it does not take the answers" })
  })
})

describe("a server that calls its client", () => {
  it("does so with even ids, from 2", () => {
    const line = wired()
    const call = line.server.open("ask", { input: 1 })
    const other = line.server.open("ask")
    line.settle()
    expect(line.server.frames).toEqual([
      [20, 2, "ask", 1],
      [20, 4, "ask"],
    ])
    line.client.result(line.client.accepted[0], "yes")
    line.settle()
    expect(call.outcomes).toEqual([{ ok: true, value: "yes" }])
    expect(other.outcomes).toEqual([])
  })
})
