import { describe, expect, it } from "vitest"
import type { AcceptedChannel } from "../src/index.js"
import { failureOf, itemsOf, type Opened, takeAll, takeUp, type Wired, wired } from "./wired.js"

/** A duplex that was opened, and its end at the server. */
function duplex(line = wired(), window = 4) {
  const opened = line.client.open("d", { kind: "duplex" })
  line.settle()
  const channel = line.server.serveAs("duplex", window)
  return { line, opened, channel }
}

function say(line: Wired, channel: AcceptedChannel, ...values: readonly unknown[]): void {
  line.server.serve((serving) => {
    for (const value of values) serving.item(channel, JSON.stringify(value))
  })
}

const finish = (line: Wired, { channel }: Opened) =>
  line.client.step(({ calling }) => calling.finish(channel))
const end = (line: Wired, channel: AcceptedChannel) =>
  line.server.serve((serving) => serving.end(channel))

describe("a duplex", () => {
  it("states its window, and then takes items", () => {
    const { line, opened } = duplex()
    line.settle()
    expect(line.server.frames).toEqual([
      [25, 1, "at", { window: 4 }],
      [23, 1, 4],
    ])
    expect(opened.channel.lane?.room()).toBe(4)
  })

  it("states it in that order behind much that waits", () => {
    const line = wired()
    for (let call = 0; call < 40; call++) line.client.open("c")
    const opened = line.client.open("d", { kind: "duplex" })
    line.settle()
    for (const channel of line.server.accepted.slice(0, -1)) {
      line.server.result(channel, "x".repeat(10_000))
    }
    line.server.serveAs("duplex")
    line.settle()
    const own = line.server.frames.filter(([, id]) => id === opened.channel.id)
    expect(own.map(([kind]) => kind)).toEqual([25, 23])
  })

  it("goes both ways, each in its order", () => {
    const { line, opened, channel } = duplex()
    line.settle()
    line.client.send(opened, "a", "b")
    say(line, channel, 1, 2, 3)
    line.settle()
    expect(takeUp(channel, line.server)).toEqual(["a", "b"])
    expect(itemsOf(takeAll(opened, line.client))).toEqual([1, 2, 3])
  })

  it("ends with the second of its two ENDs, whichever that is", () => {
    const first = duplex()
    finish(first.line, first.opened)
    first.line.settle()
    expect(first.channel.state).toBe("heard")
    say(first.line, first.channel, "still")
    end(first.line, first.channel)
    first.line.settle()
    expect(first.opened.outcomes).toEqual([{ ok: true, value: undefined }])
    expect(itemsOf(takeAll(first.opened, first.line.client))).toEqual(["still"])

    const second = duplex()
    second.line.settle()
    end(second.line, second.channel)
    second.line.settle()
    expect(second.opened.outcomes).toEqual([])
    expect(second.opened.channel.inflow?.ended).toBe(true)
    second.line.client.send(second.opened, "still")
    second.line.settle()
    expect(takeUp(second.channel, second.line.server)).toEqual(["still"])
    finish(second.line, second.opened)
    second.line.settle()
    expect(second.opened.outcomes).toEqual([{ ok: true, value: undefined }])
    for (const { line } of [first, second]) {
      expect([line.client.session.calling.size, line.server.serving.size]).toEqual([0, 0])
      expect(line.server.serving.streams).toBe(0)
    }
  })

  it("ends at once when its handler fails, whoever has ended before", () => {
    for (const before of ["nobody", "caller", "callee"]) {
      const { line, opened, channel } = duplex()
      line.settle()
      if (before === "caller") finish(line, opened)
      if (before === "callee") end(line, channel)
      line.settle()
      line.server.serve((serving) => serving.kill(channel, { code: "X", executed: "yes" }))
      line.settle()
      expect(failureOf(opened), before).toEqual({ code: "X", executed: "yes" })
      expect([line.client.session.calling.size, line.server.serving.size]).toEqual([0, 0])
    }
  })

  it("that was cancelled frees its id, wherever the ENDs are", () => {
    for (const ours of [false, true]) {
      for (const theirs of ["none", "flying", "heard"]) {
        const { line, opened, channel } = duplex()
        line.settle()
        if (theirs !== "none") end(line, channel)
        if (theirs === "heard") line.settle()
        if (ours) finish(line, opened)
        line.client.step((session) => session.flush())
        line.client.step(({ calling }) => calling.giveUp(opened.channel, "CANCELLED"))
        line.settle()
        const failure = { code: "CANCELLED", executed: "unknown" } as const
        line.server.serve((serving) => serving.kill(channel, failure))
        line.settle()
        const name = `ours: ${ours}, theirs: ${theirs}`
        expect(opened.outcomes.length, name).toBe(1)
        expect(line.client.session.calling.size, name).toBe(0)
        expect(line.server.serving.size, name).toBe(0)
        expect(line.client.closed, name).toBeUndefined()
      }
    }
  })

  it("does not lock up when both sides have more than there is room for", () => {
    const line = wired({ client: { window: 16_384 }, server: { window: 16_384 } })
    const { opened, channel } = duplex(line, 8)
    const item = "x".repeat(3_000)
    let up = 0
    let down = 0
    let echoed = 0
    for (let turn = 0; turn < 4_000 && echoed < 200; turn++) {
      while (up < 200 && (opened.channel.lane?.room() ?? 0) > 0) {
        line.client.send(opened, item)
        up++
      }
      while (down < up && (channel.lane?.room() ?? 0) > 0) {
        const [one] = takeUp(channel, line.server, 1)
        if (one === undefined) break
        say(line, channel, one)
        down++
      }
      line.flush()
      line.arrive(line.client, 1)
      line.arrive(line.server, 1)
      echoed += itemsOf(takeAll(opened, line.client)).length
    }
    expect([up, down, echoed]).toEqual([200, 200, 200])
  })

  it("is sent away by its caller for an item after END, and a second END", () => {
    for (const frame of [
      [21, 1, 1],
      [26, 1, [1]],
      [22, 1],
    ]) {
      const { line, channel } = duplex()
      line.settle()
      end(line, channel)
      line.settle()
      line.server.say(...frame)
      line.settle()
      expect(line.client.closed?.reason).toBe(
        frame[0] === 22 ? "a second END" : "an item after END",
      )
    }
  })
})

describe("a caller without the contract", () => {
  it("learns from what comes first that it has a duplex or an upload", () => {
    for (const kind of ["duplex", "upload"] as const) {
      const line = wired()
      const opened = line.client.openUnknown("x")
      line.settle()
      line.server.serveAs(kind)
      line.settle()
      expect(opened.channel.kind).toBe(kind)
      expect(opened.channel.lane?.room()).toBe(4)
    }
  })
})
