import {
  type AcceptedChannel,
  type Codec,
  Context,
  type Encoded,
  type GoAwayBody,
  jsonCodec,
  OpenedChannel,
  type Outcome,
  Serving,
  Session,
  type SessionEnd,
} from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"
import { describe, expect, it } from "vitest"
import { Driver, type DriverUser } from "./driver.js"
import type { Host } from "./host.js"
import type { Transport, TransportEvents } from "./transport.js"
import { atTurnEnd } from "./turn-end.js"

/** A socket that a test holds the other end of. */
class Pipe implements Transport {
  readonly sent: string[] = []
  closed: { readonly code: number; readonly reason: string } | undefined
  #events: TransportEvents | undefined

  listen(events: TransportEvents): void {
    this.#events = events
  }

  send(wire: Encoded): void {
    this.sent.push(String(wire))
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason }
  }

  hear(message: unknown): void {
    this.#events?.message(JSON.stringify(message))
  }

  die(code: number): void {
    this.#events?.closed(code, "")
  }
}

/** A clock and an end of turn that a test moves. */
class ManualHost implements Host {
  time = 0
  readonly alarms = new Map<() => void, number>()
  #turn: (() => void)[] = []

  now(): number {
    return this.time
  }

  wall(): number {
    return this.time
  }

  random(length: number): Uint8Array {
    return new Uint8Array(length)
  }

  wakeAt(time: number, run: () => void): () => void {
    const once = () => run()
    this.alarms.set(once, time)
    return () => void this.alarms.delete(once)
  }

  endOfTurn(run: () => void): void {
    this.#turn.push(run)
  }

  async hash(): Promise<string> {
    return ""
  }

  endTurn(): void {
    const turn = this.#turn
    this.#turn = []
    for (const run of turn) run()
  }

  /** Rings what is due by then, each at its time. */
  pass(until: number): void {
    for (;;) {
      const [next] = [...this.alarms].sort(([, a], [, b]) => a - b)
      if (!next || next[1] > until) break
      this.alarms.delete(next[0])
      this.time = Math.max(this.time, next[1])
      next[0]()
      this.endTurn()
    }
    this.time = until
  }
}

/** Notes down what it hears. */
class User implements DriverUser {
  readonly heard: unknown[] = []
  accepted: (channel: AcceptedChannel) => void = () => {}

  accept(channel: AcceptedChannel): void {
    this.heard.push(["accept", channel.path])
    this.accepted(channel)
  }

  event(path: string, input: unknown): void {
    this.heard.push(["event", path, input])
  }

  auth(token: string): void {
    this.heard.push(["auth", token])
  }

  authOk(exp: number | undefined): void {
    this.heard.push(["authOk", exp])
  }

  goAway({ reason }: GoAwayBody): void {
    this.heard.push(["goaway", reason])
  }

  lost(code: number): void {
    this.heard.push(["lost", code])
  }

  over({ why }: SessionEnd): void {
    this.heard.push(["over", why])
  }

  displaced(): void {}

  settled(): void {
    this.heard.push(["settled"])
  }

  eventsLost(count: number): void {
    this.heard.push(["eventsLost", count])
  }
}

function driving(role: "client" | "server" = "server", codec: Codec = jsonCodec) {
  const host = new ManualHost()
  const user = new User()
  const context = new Context(codec, () => 0)
  const serving = new Serving(context, limits.defaultLimits)
  const session = new Session({
    role,
    context,
    callee: serving,
    limits: limits.defaultLimits,
    queue: { calls: 9, units: 9_999 },
    firstId: role === "client" ? 1 : 2,
  })
  const driver = new Driver(session, host, user)
  const attach = () => {
    const pipe = new Pipe()
    driver.attach(pipe, { rx: 0, limits: limits.defaultLimits, heartbeat: 20_000 })
    return pipe
  }
  const open = (path: string): Outcome[] => {
    const outcomes: Outcome[] = []
    const request = {
      path,
      input: undefined,
      kind: "call",
      deadline: Number.POSITIVE_INFINITY,
      tellDeadline: false,
      from: undefined,
    } as const
    const settled = (outcome: Outcome) => void outcomes.push(outcome)
    driver.step(({ calling }) => calling.add(new OpenedChannel(request, { settled })))
    return outcomes
  }
  return { host, user, serving, session, driver, attach, open }
}

/** What reached the runtime uncaught, in the turn in which `run` was called. */
async function uncaughtWhile(run: () => void): Promise<unknown[]> {
  const uncaught: unknown[] = []
  const hear = (error: unknown) => void uncaught.push(error)
  const listeners = process.listeners("uncaughtException")
  process.removeAllListeners("uncaughtException")
  process.on("uncaughtException", hear)
  run()
  await new Promise((resolve) => setImmediate(resolve))
  process.off("uncaughtException", hear)
  for (const listener of listeners) process.on("uncaughtException", listener)
  return uncaught
}

describe("a driver", () => {
  it("sends at the end of the turn what the turn produced, in one message", () => {
    const { host, open, attach } = driving("client")
    const pipe = attach()
    open("a")
    open("b")
    expect(pipe.sent).toEqual([])
    host.endTurn()
    expect(pipe.sent).toEqual(["[0,0,[4,1]]", '[1,0,[20,1,"a"],[20,3,"b"]]'])
    host.endTurn()
    expect(pipe.sent).toHaveLength(2)
  })

  it("sends at once what the one work at a turn's end does", () => {
    const { host, open, attach, driver } = driving("client")
    const pipe = attach()
    host.endTurn()
    atTurnEnd(host, () => driver.turn(() => void [open("a"), open("b")], undefined))
    host.endTurn()
    expect(pipe.sent.slice(1)).toEqual(['[1,0,[20,1,"a"],[20,3,"b"]]'])
  })

  it("sends in one message what several works at a turn's end do", () => {
    const { host, open, attach, driver } = driving("client")
    const pipe = attach()
    host.endTurn()
    for (const path of ["a", "b"]) {
      atTurnEnd(host, () => driver.turn(() => void open(path), undefined))
    }
    host.endTurn()
    host.endTurn()
    expect(pipe.sent.slice(1)).toEqual(['[1,0,[20,1,"a"],[20,3,"b"]]'])
  })

  it("sends what a turn brought together with what a work at its end does", () => {
    const { host, open, attach, driver } = driving("client")
    const pipe = attach()
    host.endTurn()
    open("a")
    atTurnEnd(host, () => driver.turn(() => void open("b"), undefined))
    host.endTurn()
    expect(pipe.sent.slice(1)).toEqual(['[1,0,[20,1,"a"],[20,3,"b"]]'])
  })

  it("sends what a work at a turn's end did before it threw", async () => {
    const { host, open, attach, driver } = driving("client")
    const pipe = attach()
    host.endTurn()
    const work = () => {
      open("a")
      throw new Error("a bug")
    }
    atTurnEnd(host, () => driver.turn(work, undefined))
    const uncaught = await uncaughtWhile(() => host.endTurn())
    expect(uncaught).toMatchObject([{ message: "a bug" }])
    expect(pipe.sent.slice(1)).toEqual(['[1,0,[20,1,"a"]]'])
    open("b")
    host.endTurn()
    expect(pipe.sent.at(-1)).toBe('[2,0,[20,3,"b"]]')
  })

  it("looks at the clock once a turn", () => {
    const { host, attach, driver } = driving()
    const pipe = attach()
    pipe.hear([0, 0, [4, 1]])
    host.time = 50
    pipe.hear([0, 0, [4, 2]])
    expect(driver.session.deadline).toBe(20_000)
    host.endTurn()
    pipe.hear([0, 0, [4, 3]])
    expect(driver.session.deadline).toBe(20_050)
  })

  it("hands on what the session asks for", () => {
    const { host, user, attach } = driving()
    const pipe = attach()
    pipe.hear([1, 0, [20, 1, "a"], [24, "typing", 5]])
    host.endTurn()
    expect(user.heard).toEqual([
      ["accept", "a"],
      ["event", "typing", 5],
    ])
  })

  it("tells each side of a channel what became of it", () => {
    const { host, attach, driver, session } = driving("client")
    const pipe = attach()
    const told: unknown[] = []
    const request = {
      path: "s",
      input: undefined,
      kind: "subscription",
      deadline: Number.POSITIVE_INFINITY,
      tellDeadline: false,
      from: undefined,
    } as const
    const channel = new OpenedChannel(request, {
      settled: (outcome) => void told.push(outcome.ok),
      readable: () => void told.push(channel.inflow?.shift()),
    })
    driver.step(({ calling }) => calling.add(channel))
    host.endTurn()
    pipe.hear([1, 1, [25, 1, "at", { window: 1 }], [21, 1, "x"], [22, 1]])
    expect(told).toEqual([{ item: "x", cursor: undefined }, undefined, true])
    expect(session.calling.live.size).toBe(0)
  })

  it("tells a callee that its caller has gone, and that there is room again", () => {
    const { host, user, attach, driver, serving } = driving()
    const pipe = attach()
    const told: string[] = []
    user.accepted = (channel) => {
      channel.user = {
        cancelled: (code) => void told.push(code),
        writable: () => void told.push("writable"),
      }
      driver.step(() => {
        serving.admit(channel, "subscription")
        serving.begin(channel, "every", 1)
        serving.item(channel, "1")
        channel.lane?.room()
      })
    }
    pipe.hear([1, 0, [20, 1, "s"]])
    host.endTurn()
    pipe.hear([2, 2, [23, 1, 2]])
    pipe.hear([3, 2, [19, 1]])
    expect(told).toEqual(["writable", "CANCELLED"])
  })

  it("carries effects out in order, also when one of them leads to the next step", () => {
    const { host, user, attach, driver, serving, session } = driving()
    const pipe = attach()
    const order: string[] = []
    user.accepted = (channel) => {
      order.push(`accept ${channel.path}`)
      driver.step(() => serving.result(channel, '"done"'))
      driver.step((same) => {
        expect(same).toBe(session)
        order.push(`within ${channel.path}`)
      })
    }
    pipe.hear([1, 0, [20, 1, "a"], [20, 3, "b"]])
    expect(order).toEqual(["accept a", "within a", "accept b", "within b"])
    host.endTurn()
    expect(pipe.sent).toEqual(['[1,2,[17,1,"done"],[17,3,"done"]]'])
  })

  it("goes on after a user that threw: no effect is lost, no socket hears of it", async () => {
    const { host, user, attach, driver, serving } = driving()
    const pipe = attach()
    user.accepted = (channel) => {
      driver.step(() => serving.result(channel, '"done"'))
      throw new Error(`a bug in ${channel.path}`)
    }
    const uncaught = await uncaughtWhile(() => {
      pipe.hear([1, 0, [20, 1, "a"], [20, 3, "b"], [24, "typing", 5]])
      host.endTurn()
    })
    expect(uncaught).toEqual([new Error("a bug in a"), new Error("a bug in b")])
    expect(user.heard).toEqual([
      ["accept", "a"],
      ["accept", "b"],
      ["event", "typing", 5],
    ])
    expect(pipe.sent).toEqual(['[1,3,[17,1,"done"],[17,3,"done"]]'])
    pipe.hear([0, 2, [4, 7]])
    host.endTurn()
    expect(pipe.sent[1]).toBe("[0,3,[5,7]]")
  })

  it("lets errors of a codec through, and stays whole", () => {
    const broken: Codec = {
      ...jsonCodec,
      decode: (wire) => {
        if (String(wire).includes("boom")) throw new RangeError("boom")
        return jsonCodec.decode(wire)
      },
    }
    const { host, user, attach } = driving("server", broken)
    const pipe = attach()
    expect(() => pipe.hear([1, 0, [20, 1, "boom"]])).toThrow(RangeError)
    pipe.hear([1, 0, [20, 1, "a"]])
    host.endTurn()
    expect(user.heard).toEqual([["accept", "a"]])
  })
})

describe("a socket that dies", () => {
  it("is told of, and the session stays", () => {
    const { user, attach, session } = driving()
    attach().die(1006)
    expect(user.heard).toEqual([["lost", 1006]])
    expect([session.attached, session.over]).toEqual([false, false])
  })

  it("is not heard any more once another took its place", () => {
    const { user, attach, driver } = driving()
    const old = attach()
    expect(driver.detach()).toBe(old)
    const current = attach()
    old.hear([1, 0, [20, 1, "stale"]])
    old.die(1006)
    current.hear([1, 0, [20, 1, "fresh"]])
    expect(user.heard).toEqual([["accept", "fresh"]])
  })

  it("takes nothing from what was still to be sent", () => {
    const { host, attach, open } = driving("client")
    const first = attach()
    open("a")
    first.die(1006)
    host.endTurn()
    expect(first.sent).toEqual([])
    const second = attach()
    host.endTurn()
    expect(second.sent).toContain('[1,0,[20,1,"a"]]')
  })
})

describe("a session that closes its socket", () => {
  it("for a breach, in the middle of a step, says so once and sends nothing after it", () => {
    const { host, user, attach, session } = driving()
    const pipe = attach()
    pipe.hear([1, 0, [20, 1, "a"], [20, 1, "a"], [20, 3, "b"]])
    host.endTurn()
    expect(pipe.closed).toEqual({ code: 4400, reason: "an id taken twice" })
    expect(user.heard).toEqual([
      ["accept", "a"],
      ["over", "protocol"],
    ])
    expect(session.over).toBe(true)
    pipe.hear([2, 0, [20, 5, "c"]])
    pipe.die(4400)
    expect(user.heard).toHaveLength(2)
    expect(pipe.sent).toEqual([])
  })

  it("for good, says so with its last word", () => {
    const { user, attach, driver } = driving()
    const pipe = attach()
    driver.step((session) => session.bye("done"))
    expect(pipe.sent).toEqual(['[0,0,[10,{"reason":"done"}]]'])
    expect(pipe.closed).toEqual({ code: 1000, reason: "done" })
    expect(user.heard).toEqual([["over", "ended"]])
  })

  it("for silence, keeps the session", () => {
    const { host, user, attach, session } = driving()
    const pipe = attach()
    host.pass(60_000)
    expect(pipe.sent).toContain("[0,0,[4,1]]")
    expect(pipe.closed?.code).toBe(1001)
    expect(user.heard).toEqual([["lost", 1001]])
    expect(session.over).toBe(false)
  })

  it("hears of a server that leaves", () => {
    const { user, attach } = driving("client")
    attach().hear([0, 0, [6, { reason: "draining", deadlineMs: 1 }]])
    expect(user.heard).toEqual([["goaway", "draining"]])
  })

  it("settles what is closed for good", () => {
    const { host, user, attach, driver, open } = driving("client")
    attach()
    const outcomes = open("a")
    host.endTurn()
    driver.step((session) => session.close())
    expect(outcomes).toMatchObject([{ ok: false, failure: { code: "OUTCOME_UNKNOWN" } }])
    expect(user.heard).toEqual([["over", "ended"], ["settled"]])
  })
})

describe("the alarm", () => {
  it("is one, set anew only for something sooner", () => {
    const { host, attach, driver } = driving()
    const pipe = attach()
    expect([...host.alarms.values()]).toEqual([20_000])
    host.time = 100
    pipe.hear([1, 0, [64]])
    expect([...host.alarms.values()]).toEqual([1_100])
    host.pass(1_100)
    expect(pipe.sent).toEqual(["[0,1]"])
    expect([...host.alarms.values()]).toEqual([20_100])
    driver.stop()
    expect(host.alarms.size).toBe(0)
    driver.stop()
  })
})
