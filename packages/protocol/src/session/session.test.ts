import { describe, expect, it } from "vitest"
import { type End, takeAll, wired } from "../../test/wired.js"
import * as durations from "../durations.js"
import {
  ackFrames,
  messageBytesOnWire,
  messageFrames,
  messageUnits,
  windowCeiling,
} from "../limits.js"

const first = (wire: string): number => JSON.parse(wire)[0]
const numbered = (wires: readonly unknown[]): string[] =>
  wires.map(String).filter((wire) => first(wire) > 0)

describe("messages", () => {
  it("carry a number and an acknowledgement, and everything of a turn at once", () => {
    const line = wired()
    line.client.open("a")
    line.client.open("b", { input: 1 })
    line.settle()
    for (const channel of line.server.accepted) line.server.result(channel, channel.path)
    line.settle()
    expect(numbered(line.client.sent)).toEqual(['[1,0,[20,1,"a"],[20,3,"b",1]]'])
    expect(numbered(line.server.sent)).toEqual(['[1,2,[17,1,"a"],[17,3,"b"]]'])
  })

  it("close before they pass the units or the frames of a message", () => {
    const line = wired()
    const kind = "subscription"
    for (let n = 0; n < messageFrames + 1; n++) line.client.open("p", { kind })
    line.client.open("large", { kind, input: "x".repeat(messageUnits - 2_000) })
    line.client.open("p", { kind, input: "y".repeat(4_000) })
    line.flush()
    const messages = numbered(line.client.flying)
    expect(messages.map((wire) => JSON.parse(wire).length - 2)).toEqual([messageFrames, 2, 1])
    expect(messages.every((wire) => wire.length <= messageUnits + 100)).toBe(true)
    line.settle()
    expect(line.server.accepted).toHaveLength(messageFrames + 3)
  })

  it("that are none end the session with 4400", () => {
    const bad = [
      "{}",
      "[]",
      "[1]",
      "[0]",
      "[-1,0]",
      "[0,1.5]",
      '["0",0]',
      "[1,0]",
      "nonsense",
      "[0",
    ]
    for (const message of bad) {
      const { server } = wired()
      server.hear(message)
      expect(server.closed?.code, message).toBe(4400)
      expect(server.over?.why).toBe("protocol")
      expect(server.session.over).toBe(true)
    }
  })

  it("end it with 4400 for a gap in the numbers, or an acknowledgement of the future", () => {
    const gap = wired()
    gap.server.hear([2, 0, [20, 1, "a"]])
    expect(gap.server.closed).toEqual({ code: 4400, reason: "a gap in the numbers" })
    expect(gap.server.accepted).toEqual([])
    const future = wired()
    future.server.hear([0, 1])
    expect(future.server.closed?.reason).toBe("an acknowledgement of the future")
  })

  it("end it with 4429 for too many frames, which a client closes 4400", () => {
    const pongs = Array.from({ length: 513 }, () => [5, 0])
    const { server, client } = wired()
    server.hear([0, 0, ...pongs])
    expect(server.closed?.code).toBe(4429)
    client.hear([0, 0, ...pongs])
    expect(client.closed?.code).toBe(4400)
    const most = wired()
    most.server.hear([0, 0, ...pongs.slice(1)])
    expect(most.server.closed).toBeUndefined()
  })

  it("end it with 1009 when they are over any size, which a client closes 4400", () => {
    const { server, client } = wired()
    const message = [0, 0, [64, "x".repeat(messageBytesOnWire)]]
    server.hear(message)
    expect(server.closed?.code).toBe(1009)
    client.hear(message)
    expect(client.closed?.code).toBe(4400)
  })

  it("apply what precedes a bad frame", () => {
    const { server } = wired()
    server.hear([1, 0, [20, 1, "a"], [20, 1, "b"], [20, 3, "c"]])
    expect(server.accepted.map(({ path }) => path)).toEqual(["a"])
    expect(server.session.applied).toBe(1)
    expect(server.closed?.code).toBe(4400)
  })

  it("may hold kinds of a later version, numbered and not understood", () => {
    const { server } = wired()
    server.hear([1, 0, [64, 1, { anything: true }], [20, 1, "a"], [999]])
    expect(server.session.applied).toBe(3)
    expect(server.accepted).toHaveLength(1)
    server.hear([0, 0, [64], [4, 7]])
    expect(server.closed).toBeUndefined()
    const { server: strict } = wired()
    strict.hear([1, 0, [27, 1]])
    expect(strict.closed?.code).toBe(4400)
  })

  it("are not heard any more once the session is over", () => {
    const { server } = wired()
    server.hear("nonsense")
    server.hear([1, 0, [20, 1, "a"]])
    expect(server.accepted).toEqual([])
  })
})

describe("acknowledgements", () => {
  it("are of their own after so many frames", () => {
    const line = wired()
    for (let n = 0; n < ackFrames.server - 1; n++) line.server.hear([n + 1, 0, [99]])
    expect(line.server.session.pending).toBe(false)
    line.server.hear([ackFrames.server, 0, [99]])
    line.flush()
    expect(line.server.flying).toEqual([`[0,${ackFrames.server}]`])
  })

  it("are of their own after a quarter of the window", () => {
    const line = wired({ server: { window: 16_384 } })
    line.server.hear([1, 0, [99, "x".repeat(4_096)]])
    line.flush()
    expect(line.server.flying).toEqual(["[0,1]"])
  })

  it("are of their own after a while, a client's half a heartbeat", () => {
    const line = wired({ heartbeat: 8_000 })
    line.settle()
    line.server.hear([1, 0, [99]])
    line.client.hear([1, 0, [99]])
    line.wait(durations.serverAck - 1)
    expect(line.server.flying).toEqual([])
    line.wait(1)
    expect(line.server.flying).toEqual(["[0,1]"])
    line.wait(4_000 - durations.serverAck - 1)
    expect(line.client.flying).toEqual([])
    line.wait(1)
    expect(line.client.flying).toEqual(["[0,1]"])
  })

  it("free what was kept, and say nothing when they are old", () => {
    const line = wired()
    line.client.open("a")
    line.client.open("b")
    line.flush()
    const before = line.client.session.retained
    line.client.hear([0, 1])
    expect(line.client.session.retained).toBeLessThan(before)
    line.client.hear([0, 0])
    line.client.hear([0, 2])
    expect(line.client.session.retained).toBe(0)
    expect(line.client.closed).toBeUndefined()
  })
})

describe("the window", () => {
  it("bounds what is kept, by one frame more at the most", () => {
    const line = wired({ server: { window: 16_384 } })
    for (let n = 0; n < 20; n++) line.client.open("p", { input: "x".repeat(3_000) })
    line.flush()
    const { session } = line.client
    expect(session.retained).toBeGreaterThanOrEqual(16_384)
    expect(session.retained).toBeLessThan(16_384 + 3_100)
    expect(session.pending).toBe(false)
    line.settle()
    expect(line.server.accepted).toHaveLength(20)
    expect(session.retained).toBeLessThan(16_384)
  })

  it("is not believed above its ceiling", () => {
    const line = wired({ server: { window: Number.MAX_SAFE_INTEGER, messageBytes: windowCeiling } })
    const input = "x".repeat(windowCeiling / 2)
    for (let n = 0; n < 4; n++) line.client.open("p", { input })
    line.flush()
    expect(line.client.session.retained).toBeGreaterThanOrEqual(windowCeiling)
    expect(line.client.session.retained).toBeLessThan(windowCeiling + messageUnits)
  })
})

describe("a resume", () => {
  it("sends again what was lost, under its number and as it was", () => {
    const line = wired()
    const call = line.client.open("a", { input: [1] })
    line.flush()
    const [sent] = numbered(line.client.flying)
    line.cut()
    line.join()
    expect(numbered(line.client.flying)).toEqual([sent])
    line.settle()
    expect(line.server.accepted).toHaveLength(1)
    line.server.result(line.server.accepted[0])
    line.settle()
    expect(call.outcomes).toEqual([{ ok: true, value: undefined }])
    expect(line.client.session.counters.replayed).toBe(1)
  })

  it("drops the part that had arrived", () => {
    const line = wired()
    line.client.open("a")
    line.client.open("b")
    line.flush()
    line.client.flying = []
    line.server.hear('[1,0,[20,1,"a"]]')
    line.server.hear('[1,0,[20,1,"a"],[20,3,"b"]]')
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["a", "b"])
    expect(line.server.session.counters.duplicates).toBe(1)
    line.server.hear('[1,0,[20,1,"a"],[20,3,"b"]]')
    expect(line.server.session.counters.duplicates).toBe(3)
    expect(line.server.session.applied).toBe(2)
  })

  it("begins after what the other side has applied", () => {
    const line = wired()
    for (const path of ["a", "b", "c"]) {
      line.client.open(path)
      line.flush()
    }
    line.arrive(line.client, 3)
    line.cut()
    line.join()
    expect(numbered(line.client.flying)).toEqual(['[3,0,[20,5,"c"]]'])
    line.settle()
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["a", "b", "c"])
  })

  it("numbers nothing while there is no socket", () => {
    const line = wired()
    line.settle()
    line.cut()
    const call = line.client.open("a")
    line.flush()
    expect(call.channel.id).toBe(0)
    expect(line.client.session.sent).toBe(0)
    line.join()
    line.settle()
    expect(call.channel.id).toBe(1)
  })

  it("puts a CANCEL in the place of an OPEN that nobody waits for", () => {
    const line = wired()
    const dead = line.client.open("dead")
    const live = line.client.open("live")
    line.flush()
    line.cut()
    line.client.step(({ calling }) => calling.giveUp(dead.channel, "CANCELLED"))
    line.join()
    expect(numbered(line.client.flying)).toEqual(['[1,0,[19,1],[20,3,"live"]]'])
    line.settle()
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["live"])
    expect(line.server.frames).toContainEqual([18, 1, "CANCELLED", "no"])
    expect(line.client.frames.filter(([kind]) => kind === 19)).toHaveLength(1)
    expect(dead.outcomes).toHaveLength(1)
    expect(live.outcomes).toHaveLength(0)
  })

  it("keeps streams whole through cuts at every message", () => {
    for (let cut = 0; cut < 12; cut++) {
      const line = wired()
      const stream = line.client.open("s", { kind: "subscription" })
      line.settle()
      const [channel] = line.server.accepted
      if (!channel) throw new Error("not accepted")
      line.server.serve((serving) => {
        serving.admit(channel, "subscription")
        serving.begin(channel, "every", 4)
      })
      const items: unknown[] = []
      for (let n = 0, turns = 0; items.length < 20 && turns < 100; turns++) {
        if (n < 20 && (channel.lane?.room() ?? 0) > 0) {
          line.server.serve((serving) => serving.item(channel, String(n++)))
        }
        line.flush()
        if (turns === cut) line.cut()
        if (turns === cut) line.join()
        line.arrive(line.server)
        line.arrive(line.client)
        for (const arrival of takeAll(stream, line.client)) {
          if ("item" in arrival) items.push(arrival.item)
        }
      }
      expect(items, `cut at ${cut}`).toEqual(Array.from({ length: 20 }, (_, n) => n))
    }
  })
})

describe("control frames", () => {
  it("PING is answered at once, with its number", () => {
    const line = wired()
    line.settle()
    line.server.hear([0, 0, [4, 77], [4, 78]])
    line.flush()
    expect(line.server.flying).toEqual(["[0,0,[5,77],[5,78]]"])
  })

  it("PONG tells the round trip, and an unasked one nothing", () => {
    const line = wired()
    line.client.hear([0, 0, [5, 99]])
    expect(line.client.session.roundTrip).toBeUndefined()
    line.flush()
    line.sleep(30)
    line.arrive(line.client)
    line.flush()
    line.arrive(line.server)
    expect(line.client.session.roundTrip).toBe(30)
  })

  it("GOAWAY is heard by a client, and refused by a server", () => {
    const line = wired()
    line.server.step(({ controls }) => controls.goAway({ reason: "draining", deadlineMs: 500 }))
    line.settle()
    const body = { reason: "draining", deadlineMs: 500 }
    expect(line.client.effects).toContainEqual({ type: "goaway", body })
    line.server.hear([0, 0, [6, body]])
    expect(line.server.closed?.code).toBe(4400)
  })

  it("BYE ends both sides, and tells for good what was applied", () => {
    const line = wired()
    line.client.open("a")
    line.settle()
    line.server.step((session) => session.bye("closing"))
    line.server.step((session) => session.bye("again"))
    expect(line.server.flying).toEqual(['[0,1,[10,{"reason":"closing"}]]'])
    expect(line.server.closed).toEqual({ code: 1000, reason: "closing" })
    expect(line.server.over?.why).toBe("ended")
    expect(line.server.cancelled).toEqual(["CLOSED"])
    line.arrive(line.server)
    expect(line.client.over).toEqual({ why: "bye", rx: 1, reason: "closing" })
    expect(line.client.closed?.code).toBe(1000)
  })

  it("after BYE whatever follows is ignored", () => {
    const { server } = wired()
    server.hear([0, 0, [10, { reason: "done" }], [6, {}], [4, 1]])
    expect(server.closed?.code).toBe(1000)
    expect(server.over?.why).toBe("bye")
  })

  it("who retires takes leave when nothing is open, and asks for what is only unacknowledged", () => {
    const line = wired()
    line.client.open("a")
    line.settle()
    line.server.step((session) => session.retire("drained"))
    line.flush()
    expect(line.server.flying).toEqual([])
    line.server.result(line.server.accepted[0])
    line.flush()
    expect(line.server.flying).toEqual(["[0,1,[4,1]]", "[1,1,[17,1]]"])
    expect(line.server.over).toBeUndefined()
    line.settle()
    expect(line.server.over?.reason).toBe("drained")
    expect(line.client.over?.why).toBe("bye")
  })

  it("BYE without a socket ends the session all the same", () => {
    const line = wired()
    line.cut()
    line.client.step((session) => session.bye("closed"))
    expect(line.client.over?.why).toBe("ended")
    expect(line.client.flying).toEqual([])
  })

  it("of another moment, or in the wrong message, are refused", () => {
    for (const frame of [
      [1, {}],
      [2, {}],
      [3, {}],
      [7],
      [7, 5],
      [7, "t".repeat(8_193)],
      [8, {}],
      [9],
      [14],
      [17, 1],
      [20, 1, "a"],
    ]) {
      const { server } = wired()
      server.hear([0, 0, frame])
      expect(server.closed?.code, String(frame)).toBe(4400)
    }
    for (const frame of [
      [4, 1],
      [10, { reason: "" }],
      [1, {}],
      [16, 1],
    ]) {
      const { server } = wired()
      server.hear([1, 0, frame])
      expect(server.closed?.code, String(frame)).toBe(4400)
    }
  })
})

describe("a token on a line", () => {
  const auths = (end: End) => end.effects.filter(({ type }) => type === "auth" || type === "authOk")

  it("is shown, looked at, and believed", () => {
    const line = wired()
    line.client.step(({ controls }) => controls.auth("newer"))
    line.settle()
    expect(auths(line.server)).toEqual([{ type: "auth", token: "newer" }])
    line.server.step(({ controls }) => controls.authOk(60_000))
    line.settle()
    expect(auths(line.client)).toEqual([{ type: "authOk", exp: 60_000 }])
    line.wait(durations.betweenAuths)
    line.client.step(({ controls }) => controls.auth("newest"))
    line.settle()
    line.server.step(({ controls }) => controls.authOk(undefined))
    line.settle()
    expect(line.client.controls).toContainEqual([7, "newest"])
    expect(line.server.controls).toContainEqual([8, {}])
  })

  it("comes one at a time, and not too often", () => {
    const twice = wired().server
    twice.hear([0, 0, [7, "a"]])
    twice.hear([0, 0, [7, "b"]])
    expect(twice.closed).toEqual({ code: 4400, reason: "AUTH too soon" })
    const line = wired()
    line.server.hear([0, 0, [7, "a"]])
    line.server.step(({ controls }) => controls.authOk(undefined))
    line.wait(durations.betweenAuths - 1)
    line.server.hear([0, 0, [7, "b"]])
    expect(line.server.closed?.reason).toBe("AUTH too soon")
  })

  it("is shown by clients alone", () => {
    const { client } = wired()
    client.hear([0, 0, [7, "a"]])
    expect(client.closed?.code).toBe(4400)
  })

  it("that nobody showed is not confirmed", () => {
    const line = wired()
    line.server.step(({ controls }) => controls.authOk(1_000))
    line.settle()
    expect(auths(line.client)).toEqual([])
    expect(line.server.session.deadline).toBeGreaterThan(durations.tokenSlack + 1_000)
  })

  it("closes its socket 4401 when it has run out, and the session lives", () => {
    const line = wired({ heartbeat: 100_000 })
    line.server.hear([0, 0, [7, "a"]])
    line.server.step(({ controls }) => controls.authOk(1_000))
    line.wait(durations.tokenSlack + 999)
    expect(line.server.closed).toBeUndefined()
    line.wait(1)
    expect(line.server.closed).toEqual({ code: 4401, reason: "the token has run out" })
    expect(line.server.over).toBeUndefined()
    expect(line.server.session.attached).toBe(false)
  })

  it("lets nothing in after it has run out, however late the clock rings", () => {
    const line = wired({ heartbeat: 100_000 })
    line.server.hear([0, 0, [7, "a"]])
    line.server.step(({ controls }) => controls.authOk(0))
    line.sleep(durations.tokenSlack)
    line.server.hear([1, 0, [20, 1, "a"]])
    expect(line.server.accepted).toEqual([])
    expect(line.server.closed?.code).toBe(4401)
  })
})

describe("liveness", () => {
  it("a server pings a silent client, and gives its socket up", () => {
    const line = wired({ heartbeat: 20_000, random: () => 0 })
    line.settle()
    line.wait(19_999)
    expect(line.server.controls).not.toContainEqual([4, 1])
    line.wait(1)
    expect(line.server.controls).toContainEqual([4, 1])
    line.wait(9_999)
    expect(line.server.closed).toBeUndefined()
    line.wait(1)
    expect(line.server.closed).toEqual({ code: 1001, reason: "silent" })
    expect(line.server.over).toBeUndefined()
  })

  it("a client that is idle probes late, and gives up with 4001", () => {
    const line = wired({ heartbeat: 20_000 })
    line.settle()
    const pings = () => line.client.controls.filter(([kind]) => kind === 4).length
    const before = pings()
    line.wait(41_000)
    expect(pings()).toBe(before + 1)
    line.wait(4_000)
    expect(line.client.closed).toEqual({ code: 4001, reason: "silent" })
  })

  it("a client with work in flight probes soon", () => {
    const line = wired()
    line.settle()
    line.client.open("a")
    line.flush()
    line.wait(5_000)
    expect(line.client.controls.filter(([kind]) => kind === 4)).toHaveLength(2)
    line.wait(4_000)
    expect(line.client.closed?.code).toBe(4001)
  })

  it("a line that answers stays, however long", () => {
    const line = wired()
    line.live(600_000)
    expect(line.client.closed).toBeUndefined()
    expect(line.server.closed).toBeUndefined()
  })

  it("after a sleep nobody is condemned without a fresh probe", () => {
    const line = wired({ random: () => 0 })
    line.settle()
    line.wait(20_000)
    line.server.flying = []
    line.sleep(3_600_000)
    line.server.step((session) => session.tick())
    expect(line.server.closed).toBeUndefined()
    line.live(60_000)
    expect(line.server.closed).toBeUndefined()
  })

  it("a probe asks at once", () => {
    const line = wired()
    line.settle()
    line.client.step((session) => session.probe())
    line.flush()
    expect(line.client.flying).toEqual(["[0,0,[4,2]]"])
    line.wait(4_000)
    expect(line.client.closed?.code).toBe(4001)
    line.client.step((session) => session.probe())
    line.flush()
    expect(line.client.session.pending).toBe(false)
  })

  it("round trips are measured with the traffic", () => {
    const line = wired()
    line.settle()
    line.sleep(5_000)
    line.client.open("a")
    line.settle()
    expect(line.client.controls.filter(([kind]) => kind === 4)).toHaveLength(2)
    line.client.open("b")
    line.settle()
    expect(line.client.controls.filter(([kind]) => kind === 4)).toHaveLength(2)
  })
})

describe("a session", () => {
  it("counts what went through it", () => {
    const line = wired()
    line.client.open("a")
    line.settle()
    line.server.result(line.server.accepted[0], 1)
    line.settle()
    const { client, server } = line
    expect(client.session.counters).toEqual({
      messagesIn: 2,
      messagesOut: 2,
      unitsIn: server.sent.join("").length,
      unitsOut: client.sent.join("").length,
      framesIn: 1,
      framesOut: 1,
      retained: 0,
      replayed: 0,
      duplicates: 0,
    })
  })

  it("is idle when nothing is open and everything was acknowledged", () => {
    const line = wired()
    expect(line.client.session.idle).toBe(true)
    line.client.open("a")
    expect(line.client.session.idle).toBe(false)
    line.settle()
    expect(line.server.session.idle).toBe(false)
    line.server.result(line.server.accepted[0])
    line.settle()
    expect(line.client.session.idle).toBe(true)
    expect(line.server.session.idle).toBe(false)
    line.live(20_000)
    expect(line.server.session.idle).toBe(true)
  })

  it("drops a socket's controls with the socket", () => {
    const line = wired()
    line.settle()
    line.server.hear([0, 0, [4, 5]])
    line.cut()
    line.join()
    line.settle()
    expect(line.server.controls).not.toContainEqual([5, 5])
  })

  it("detaches once", () => {
    const line = wired()
    line.cut()
    line.cut()
    expect(line.client.session.attached).toBe(false)
    line.client.hear([0, 0, [4, 1]])
    expect(line.client.session.counters.messagesIn).toBe(0)
    line.client.step((session) => session.flush())
    line.client.step((session) => session.probe())
    expect(line.client.sent.filter((wire) => wire.includes("[5,"))).toEqual([])
  })

  it("answers for what is possible of its own numbers", () => {
    const line = wired()
    line.client.open("a")
    line.client.open("b")
    line.settle()
    line.server.result(line.server.accepted[0])
    line.settle()
    const { session } = line.client
    expect([1, 2, 3].map((rx) => session.covers(rx))).toEqual([false, true, false])
  })

  it("lets errors that are no violations through", () => {
    const { client } = wired()
    const bug = new Error("a bug")
    expect(() =>
      client.step(() => {
        throw bug
      }),
    ).toThrow(bug)
  })
})
