import { describe, expect, it } from "vitest"
import { messageUnits, receiveUnits, streamUnits } from "../src/limits.js"
import { failureOf, type Opened, takeUp, type Wired, wired } from "./wired.js"

/** An upload that was opened, and its end at the server. */
function upload(line = wired(), window = 4) {
  const opened = line.client.open("u", { kind: "upload" })
  line.settle()
  const channel = line.server.serveAs("upload", window)
  return { line, opened, channel }
}

function finish(line: Wired, { channel }: Opened): void {
  line.client.step(({ calling }) => calling.finish(channel))
}

function kindsOf(frames: readonly unknown[][]): unknown[] {
  return frames.map(([kind]) => kind)
}

describe("an upload", () => {
  it("sends nothing before the callee says how much it takes", () => {
    const line = wired()
    const opened = line.client.open("u", { kind: "upload" })
    expect(opened.channel.lane?.room()).toBe(0)
    line.settle()
    expect(opened.channel.lane?.room()).toBe(0)
    line.server.serveAs("upload", 4)
    line.settle()
    expect(line.server.frames).toEqual([[23, 1, 4]])
    expect(opened.channel.lane?.room()).toBe(4)
  })

  it("brings its items in order, and its END behind them", () => {
    const { line, opened, channel } = upload()
    line.settle()
    line.client.send(opened, "a", "b", "c")
    finish(line, opened)
    finish(line, opened)
    line.client.send(opened, "after END")
    line.settle()
    expect(line.client.frames.slice(1)).toEqual([
      [26, 1, ["a", "b", "c"]],
      [22, 1],
    ])
    expect(channel.inflow?.ended).toBe(true)
    expect(takeUp(channel, line.server)).toEqual(["a", "b", "c"])
    line.server.result(channel, 3)
    line.settle()
    expect(opened.outcomes).toEqual([{ ok: true, value: 3 }])
    expect([line.client.session.calling.size, line.server.serving.size]).toEqual([0, 0])
  })

  it("goes at the pace of its handler", () => {
    const { line, opened, channel } = upload()
    line.settle()
    line.client.send(opened, 1, 2, 3, 4, 5, 6)
    line.settle()
    expect(opened.channel.lane?.room()).toBe(-2)
    expect(channel.inflow?.queued).toBe(4)
    expect(takeUp(channel, line.server, 1)).toEqual([1])
    line.settle()
    expect(channel.inflow?.queued).toBe(3)
    expect(takeUp(channel, line.server, 1)).toEqual([2])
    line.settle()
    expect(line.server.frames).toEqual([
      [23, 1, 4],
      [23, 1, 6],
    ])
    expect(channel.inflow?.queued).toBe(4)
  })

  it("of large items waits for its handler long before its credit is used up", () => {
    const { line, opened, channel } = upload(wired(), 256)
    line.settle()
    const item = "x".repeat(16_384)
    let sent = 0
    for (; (opened.channel.lane?.room() ?? 0) > 0; sent++) line.client.send(opened, item)
    expect(sent * item.length).toBeLessThan(streamUnits + 2 * item.length)
    line.settle()
    expect(opened.channel.lane?.room()).toBe(0)
    takeUp(channel, line.server)
    line.settle()
    expect(opened.channel.lane?.room()).toBeGreaterThan(0)
  })

  it("may end before it has begun, in the message that opens it", () => {
    const line = wired()
    const opened = line.client.open("u", { kind: "upload" })
    finish(line, opened)
    line.flush()
    expect(line.client.frames).toEqual([
      [20, 1, "u"],
      [22, 1],
    ])
    line.settle()
    const channel = line.server.serveAs("upload")
    expect(channel.inflow?.ended).toBe(true)
    line.server.result(channel, "none")
    line.settle()
    expect(line.server.frames).toEqual([[17, 1, "none"]])
    expect(opened.outcomes).toEqual([{ ok: true, value: "none" }])
  })

  it("ends behind the last part of an input that is large", () => {
    const line = wired()
    const opened = line.client.open("u", { kind: "upload", input: "x".repeat(messageUnits * 2) })
    finish(line, opened)
    line.settle()
    expect(new Set(kindsOf(line.client.frames).slice(0, -1))).toEqual(new Set([15]))
    expect(line.client.frames.at(-1)).toEqual([22, 1])
    expect(line.server.closed).toBeUndefined()
    expect(line.server.accepted).toHaveLength(1)
  })

  it("brings a large item in parts, in its place", () => {
    const { line, opened, channel } = upload()
    line.settle()
    const large = "y".repeat(messageUnits * 2)
    line.client.send(opened, "a", large, "b")
    line.settle()
    expect(takeUp(channel, line.server)).toEqual(["a", large])
    line.settle()
    expect(takeUp(channel, line.server)).toEqual(["b"])
    expect(line.server.closed).toBeUndefined()
  })

  it("is over as soon as its handler is, whatever of it is still to come", () => {
    for (const end of ["result", "fail", "kill"] as const) {
      const { line, opened, channel } = upload()
      line.settle()
      line.client.send(opened, "a", "y".repeat(messageUnits * 2), "c")
      line.flush()
      line.arrive(line.client, 2)
      line.server.serve((serving) => {
        if (end === "result") serving.result(channel, '"early"')
        else serving[end](channel, { code: "X", executed: "yes" })
      })
      line.client.send(opened, "d")
      line.settle()
      expect(opened.outcomes).toHaveLength(1)
      line.client.send(opened, "e")
      finish(line, opened)
      line.settle()
      expect([line.client.closed, line.server.closed]).toEqual([undefined, undefined])
      expect([line.client.session.calling.size, line.server.serving.size]).toEqual([0, 0])
      expect(channel.inflow?.length).toBe(0)
    }
  })

  it("is cancelled by its caller: what waits is dropped on both sides", () => {
    const { line, opened, channel } = upload()
    line.settle()
    line.client.send(opened, 1, 2, 3, 4, 5)
    line.settle()
    line.client.step(({ calling }) => calling.giveUp(opened.channel, "CANCELLED"))
    expect(failureOf(opened)).toEqual({ code: "CANCELLED", executed: "unknown" })
    line.settle()
    expect(line.server.cancelled).toEqual(["CANCELLED"])
    line.server.serve((serving) =>
      serving.kill(channel, { code: "CANCELLED", executed: "unknown" }),
    )
    expect(channel.inflow?.length).toBe(0)
    line.settle()
    expect([line.client.session.calling.size, line.server.serving.size]).toEqual([0, 0])
  })

  it("survives a cut before every message, each item once", () => {
    for (let cut = 0; cut < 12; cut++) {
      const line = wired()
      const opened = line.client.open("u", { kind: "upload" })
      const received: unknown[] = []
      const sent: number[] = []
      let finished = false
      for (let turn = 0; turn < 40; turn++) {
        const channel = line.server.accepted.at(-1)
        if (channel && !channel.inflow) line.server.serveAs("upload", 3, channel)
        if (channel) received.push(...takeUp(channel, line.server, 2))
        while (sent.length < 10 && (opened.channel.lane?.room() ?? 0) > 0) {
          sent.push(sent.length)
          line.client.send(opened, sent.length - 1)
        }
        if (sent.length === 10 && !finished) finish(line, opened)
        finished = sent.length === 10
        if (channel?.inflow?.ended && channel.inflow.length === 0) line.server.result(channel, "ok")
        line.flush()
        line.arrive(line.client, 1)
        line.arrive(line.server, 1)
        if (turn !== cut) continue
        line.cut()
        line.join()
      }
      expect(received, `cut at ${cut}`).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(opened.outcomes, `cut at ${cut}`).toEqual([{ ok: true, value: "ok" }])
    }
  })
})

describe("what many uploads hold for their handlers", () => {
  it("is bounded together: above half of it nobody is let go on, above it the heaviest ends", () => {
    const line = wired({ server: { window: 8_388_608 }, client: { window: 8_388_608 } })
    const item = "x".repeat(60_000)
    const uploads = Array.from({ length: 80 }, () => upload(line, 256))
    line.settle()
    for (const { opened } of uploads) {
      while ((opened.channel.lane?.room() ?? 0) > 0) line.client.send(opened, item)
    }
    line.server.accept = () => {}
    for (let turn = 0; turn < 400; turn++) {
      line.flush()
      line.arrive(line.client, 1)
      let held = 0
      for (const { channel } of uploads) held += channel.inflow?.units ?? 0
      expect(held).toBeLessThan(receiveUnits + 2 * messageUnits)
      line.arrive(line.server)
    }
    expect(line.server.cancelled).toContain("SLOW_CONSUMER")
    expect(line.server.cancelled.length).toBeLessThan(70)
    const before = line.server.frames.length
    const [left] = uploads.filter(({ channel }) => (channel.inflow?.length ?? 0) > 0)
    if (left) takeUp(left.channel, line.server, 1)
    line.settle()
    expect(kindsOf(line.server.frames.slice(before))).not.toContain(23)
    for (const { channel } of uploads) takeUp(channel, line.server)
    line.settle()
    expect(kindsOf(line.server.frames.slice(before))).toContain(23)
    expect(line.server.closed).toBeUndefined()
  })

  it("ends one whose item comes in more parts than there is room for", () => {
    const line = wired({ server: { messageBytes: 8_388_608, window: 8_388_608 } })
    const { opened } = upload(line)
    line.settle()
    line.client.send(opened, "x".repeat(receiveUnits + 100_000))
    line.settle()
    expect(new Set(line.server.cancelled)).toEqual(new Set(["SLOW_CONSUMER"]))
    expect(line.server.closed).toBeUndefined()
  })
})

describe("a hostile caller of an upload", () => {
  function hearing(...frames: readonly unknown[][]): Wired {
    const { line } = upload(wired(), 2)
    line.settle()
    for (const frame of frames) line.server.hear([line.server.session.applied + 1, 0, frame])
    return line
  }

  it("is sent away for an item beyond its credit, after END, or with half its cursors", () => {
    expect(hearing([26, 1, [1, 2]]).server.closed).toBeUndefined()
    expect(hearing([26, 1, [1, 2, 3]]).server.closed?.reason).toBe("an item beyond its credit")
    expect(hearing([22, 1], [21, 1, 1]).server.closed?.reason).toBe("an item after END")
    expect(hearing([22, 1], [22, 1]).server.closed?.reason).toBe("a second END")
    expect(hearing([26, 1, [1, 2], ["e.1"]]).server.closed?.reason).toBe("cursors for some items")
    expect(hearing([21, 3, 1]).server.closed?.reason).toBe(
      "a frame for a channel that was not opened",
    )
  })

  it("says nothing by credit for what it sends itself", () => {
    expect(hearing([23, 1, 1_000_000]).server.closed).toBeUndefined()
  })

  it("leaves nothing behind when an item in parts is cut off by the handler's end", () => {
    const { line, channel } = upload(wired(), 2)
    const first = JSON.stringify([21, 1, "x".repeat(1_000)]).slice(0, 500)
    line.server.hear([line.server.session.applied + 1, 0, [15, 1, 1, first]])
    line.server.result(channel, 1)
    line.server.hear([line.server.session.applied + 1, 0, [15, 1, 1, "x"]])
    line.server.hear([line.server.session.applied + 1, 0, [15, 1, 0, "x"]])
    expect(line.server.held).toBe(0)
    expect(line.server.closed).toBeUndefined()
  })
})

describe("a hostile callee of an upload", () => {
  it("is sent away for credit beyond the window that it stated", () => {
    const { line, opened } = upload()
    line.settle()
    line.server.say(23, 1, 5)
    line.settle()
    expect(line.client.closed?.reason).toBe("credit beyond the window")
    expect(opened.outcomes).toEqual([])
  })

  it("takes back no credit, and gives none by a zero", () => {
    const line = wired()
    const opened = line.client.open("u", { kind: "upload" })
    line.settle()
    for (const upTo of [0, 4, 1]) {
      line.server.say(23, 1, upTo)
      line.settle()
    }
    expect(opened.channel.lane?.room()).toBe(4)
    expect(line.client.closed).toBeUndefined()
  })
})
