import { describe, expect, it } from "vitest"
import { type End, Wired, wired } from "../../test/wired.js"
import { messageUnits, placesCeiling, waitingOpens } from "../limits.js"
import type { Loss } from "../session/loss.js"

/** Sends an event; gives the code of why it cannot be. */
function send(end: End, path: string, input?: unknown): string | undefined {
  let refusal: string | undefined
  end.step((session) => {
    refusal = session.calling.send(path, input === undefined ? input : session.encode(input))
  })
  return refusal
}

const heard = ({ effects }: End): unknown[] =>
  effects.flatMap((effect) => (effect.type === "event" ? [[effect.path, effect.input]] : []))

const lost = ({ effects }: End): number[] =>
  effects.flatMap((effect) => (effect.type === "eventsLost" ? [effect.count] : []))

const settled = ({ effects }: End): number =>
  effects.filter(({ type }) => type === "eventsSettled").length

/** Loses the session of the client; gives the end that goes on in the next one, joined to a new server. */
function lose(line: Wired, loss: Partial<Loss> = {}): Wired {
  line.cut()
  const next = new Wired()
  const told = { rx: undefined, subjectChanged: false, why: undefined, ...loss }
  next.client.step((session) => session.inherit(line.client.session, told))
  return next.join()
}

describe("an event", () => {
  it("goes one way, among the other frames in their order", () => {
    const line = wired()
    line.client.open("before")
    send(line.client, "typing", { room: 1 })
    line.client.open("between")
    send(line.client, "ping")
    line.settle()
    expect(line.client.frames).toEqual([
      [20, 1, "before"],
      [24, "typing", { room: 1 }],
      [20, 3, "between"],
      [24, "ping"],
    ])
    expect(heard(line.server)).toEqual([
      ["typing", { room: 1 }],
      ["ping", undefined],
    ])
  })

  it("goes from the server too", () => {
    const line = wired()
    send(line.server, "shout", "a")
    line.settle()
    expect(heard(line.client)).toEqual([["shout", "a"]])
  })

  it("is refused when its path or its frame is too long, and takes no number", () => {
    const line = wired()
    const frame = JSON.stringify([24, "e", ""]).length
    expect(send(line.client, "x".repeat(257))).toBe("NOT_FOUND")
    expect(send(line.client, "e", "x".repeat(messageUnits - frame + 1))).toBe("TOO_LARGE")
    line.settle()
    expect(line.client.frames).toEqual([])
    expect(send(line.client, "e", "x".repeat(messageUnits - frame))).toBeUndefined()
    line.settle()
    expect(heard(line.server)).toHaveLength(1)
    expect(lost(line.client)).toEqual([])
  })

  it("is lost, and said to be, when the server turns out to take less", () => {
    const line = new Wired({ server: { messageBytes: 1_024 } })
    send(line.client, "e", "x".repeat(2_100))
    send(line.client, "e", "fits")
    line.join().settle()
    expect(heard(line.server)).toEqual([["e", "fits"]])
    expect(lost(line.client)).toEqual([1])
    expect(line.server.over).toBeUndefined()
  })

  it("keeps the place that it has among calls made while there is no line", () => {
    const line = new Wired()
    line.client.open("first")
    send(line.client, "second")
    line.client.open("third")
    line.join().settle()
    expect(line.client.frames.map(([kind]) => kind)).toEqual([20, 24, 20])
  })
})

describe("the queue of events", () => {
  it("is bounded by number and by size while there is no line, together with the calls", () => {
    const line = new Wired({ queue: { calls: 3, units: 100 } })
    line.client.open("call", { input: "x".repeat(20) })
    expect(send(line.client, "e", "y".repeat(90))).toBe("OFFLINE_QUEUE_FULL")
    expect(send(line.client, "e")).toBeUndefined()
    expect(send(line.client, "e")).toBeUndefined()
    expect(send(line.client, "e")).toBe("OFFLINE_QUEUE_FULL")
    line.join().settle()
    expect(send(line.client, "e")).toBeUndefined()
    line.settle()
    expect(heard(line.server)).toHaveLength(3)
  })

  it("is bounded while nothing is acknowledged, and calls are not held to it", () => {
    const queue = { calls: 1_000, units: 10_000 }
    const line = wired({ queue, server: { window: 16_384 } })
    let sent = 0
    while (sent < 1_000 && send(line.client, "e", "x".repeat(1_000)) === undefined) {
      sent++
      line.flush()
    }
    expect(sent).toBeGreaterThan(30)
    expect(sent).toBeLessThan(50)
    expect(send(line.client, "e", "x".repeat(1_000))).toBe("OFFLINE_QUEUE_FULL")
    const { outcomes } = line.client.open("call", { input: "x".repeat(20_000) })
    expect(outcomes).toEqual([])
    line.settle()
    expect(heard(line.server)).toHaveLength(sent)
    expect(line.server.accepted).toHaveLength(1)
    expect(send(line.client, "e", "x".repeat(1_000))).toBeUndefined()
  })

  it("is bounded whatever the other side says that it takes", () => {
    const many = Number.MAX_SAFE_INTEGER
    const line = wired({ client: { calls: many, streams: many, window: 16_384 } })
    let opened = 0
    while (opened < 100_000 && line.server.open("call").outcomes.length === 0) opened++
    expect(opened).toBe(waitingOpens + placesCeiling)
    expect(send(line.server, "e")).toBe("OFFLINE_QUEUE_FULL")
  })

  it("is said to be settled once all of it has arrived", () => {
    const line = wired()
    line.settle()
    send(line.client, "a")
    send(line.client, "b")
    line.settle()
    expect(line.client.session.events).toBe(2)
    expect(line.client.session.idle).toBe(false)
    line.live(2_000)
    expect(line.client.session.events).toBe(0)
    expect(settled(line.client)).toBe(1)
    expect(line.client.session.idle).toBe(true)
  })
})

describe("events of a session that was resumed", () => {
  it("arrive once and in order, whatever of them had arrived", () => {
    const line = wired()
    for (const n of [1, 2, 3, 4]) {
      send(line.client, "e", n)
      line.flush()
    }
    line.arrive(line.client, 2)
    line.cut()
    send(line.client, "e", 5)
    line.join().settle()
    expect(heard(line.server)).toEqual([1, 2, 3, 4, 5].map((n) => ["e", n]))
    expect(lost(line.client)).toEqual([])
  })

  it("are settled by the resume that says so", () => {
    const line = wired()
    line.settle()
    send(line.client, "e", 1)
    line.flush()
    line.arrive(line.client)
    line.cut()
    expect([line.client.session.events, settled(line.client)]).toEqual([1, 0])
    line.join()
    expect([line.client.session.events, settled(line.client)]).toEqual([0, 1])
  })
})

describe("events of a session that was lost", () => {
  function three(): Wired {
    const line = wired()
    for (const n of [1, 2, 3]) {
      send(line.client, "e", n)
      line.flush()
    }
    line.arrive(line.client, 2)
    return line
  }

  it("are counted where they are not proven to have arrived", () => {
    expect(lost(lose(three(), { rx: 2 }).client)).toEqual([1])
    expect(lost(lose(three(), { rx: 3 }).client)).toEqual([])
    expect(lost(lose(three()).client)).toEqual([3])
  })

  it("are not counted where they had been acknowledged", () => {
    const line = three()
    line.live(2_000)
    expect(lost(lose(line).client)).toEqual([])
  })

  it("go on in the next one where they were never numbered, among the calls in their order", () => {
    const line = three()
    line.cut()
    line.client.open("first")
    send(line.client, "e", 4)
    line.client.open("last")
    const next = lose(line, { rx: 3 })
    next.settle()
    expect(next.client.frames).toEqual([
      [20, 1, "first"],
      [24, "e", 4],
      [20, 3, "last"],
    ])
    expect(lost(next.client)).toEqual([])
  })

  it("go on where they had waited for the window", () => {
    const line = wired({ server: { window: 16_384 } })
    for (const n of [1, 2, 3]) send(line.client, "e", `${n}`.repeat(10_000))
    line.flush()
    const next = lose(line, { rx: 0 })
    next.settle()
    expect(lost(next.client)).toEqual([2])
    expect(heard(next.server)).toEqual([["e", "3".repeat(10_000)]])
  })

  it("never go on for another user", () => {
    const line = three()
    line.cut()
    send(line.client, "e", 4)
    const next = lose(line, { rx: 2, subjectChanged: true })
    next.settle()
    expect(next.client.frames).toEqual([])
    expect(lost(next.client)).toEqual([2])
  })

  it("can be lost a second time", () => {
    const line = new Wired()
    send(line.client, "e", 1)
    const second = lose(line)
    second.flush()
    const third = lose(second)
    third.settle()
    expect(heard(third.server)).toEqual([])
    expect(lost(third.client)).toEqual([1])
  })
})

describe("events when there will be no other session", () => {
  it("are counted at the client, those that were never sent too", () => {
    const line = wired()
    line.settle()
    send(line.client, "e", 1)
    line.settle()
    line.cut()
    send(line.client, "e", 2)
    line.client.step((session) => session.close())
    expect(lost(line.client)).toEqual([2])
    expect(send(line.client, "e", 3)).toBe("CLOSED")
  })

  it("are counted at the server with the end of each session", () => {
    const line = wired()
    send(line.server, "e", 1)
    line.settle()
    line.cut()
    send(line.server, "e", 2)
    line.server.step((session) => session.end({ why: "expired", rx: undefined, reason: "" }))
    expect(lost(line.server)).toEqual([2])
    expect(send(line.server, "e", 3)).toBe("CLOSED")
  })

  it("are none that the leave of the other side acknowledges", () => {
    const line = wired()
    send(line.server, "e", 1)
    line.settle()
    line.client.step((session) => session.bye("done"))
    line.arrive(line.client)
    expect(line.server.over?.why).toBe("bye")
    expect(lost(line.server)).toEqual([])
  })
})
