import { describe, expect, it } from "vitest"
import { Heartbeat } from "./heartbeat.js"

function server(head = 0) {
  const heartbeat = new Heartbeat("server")
  heartbeat.begin(20_000, head, 0)
  return heartbeat
}

function client() {
  const heartbeat = new Heartbeat("client")
  heartbeat.begin(20_000, 0, 0)
  return heartbeat
}

/** The verdict when the alarm that was set rings at `now`. */
function at(heartbeat: Heartbeat, now: number, busySince?: number, roundTrip = 0) {
  return heartbeat.verdict(heartbeat.deadline(busySince, roundTrip), now)
}

describe("a server", () => {
  it("pings after the interval, and gives up after the silence", () => {
    const heartbeat = server()
    expect(at(heartbeat, 19_999)).toBe("alive")
    expect(at(heartbeat, 20_000)).toBe("probe")
    expect(at(heartbeat, 29_999)).toBe("alive")
    expect(at(heartbeat, 30_000)).toBe("dead")
  })

  it("pings the first time within the interval, as the dice fall", () => {
    expect(server(0.75).deadline(undefined, 0)).toBe(5_000)
  })

  it("begins anew with whatever it hears", () => {
    const heartbeat = server()
    at(heartbeat, 20_000)
    heartbeat.heard(25_000)
    expect(heartbeat.deadline(undefined, 0)).toBe(45_000)
    expect(at(heartbeat, 30_000)).toBe("alive")
  })

  it("does not hurry because it waits for an acknowledgement", () => {
    expect(server().deadline(1, 10)).toBe(20_000)
  })
})

describe("a client", () => {
  it("that is idle probes after one and a half intervals and eleven seconds", () => {
    const heartbeat = client()
    expect(heartbeat.deadline(undefined, 0)).toBe(41_000)
    expect(at(heartbeat, 41_000)).toBe("probe")
    expect(at(heartbeat, 45_000)).toBe("dead")
  })

  it("with work in flight probes after five seconds, or four round trips", () => {
    const heartbeat = client()
    expect(heartbeat.deadline(1_000, 100)).toBe(6_000)
    expect(heartbeat.deadline(1_000, 2_000)).toBe(9_000)
    expect(heartbeat.deadline(1_000, 60_000)).toBe(41_000)
    heartbeat.heard(3_000)
    expect(heartbeat.deadline(1_000, 100)).toBe(8_000)
  })

  it("that suspects the line waits for one answer only", () => {
    const heartbeat = client()
    heartbeat.probed(10_000)
    expect(heartbeat.deadline(undefined, 0)).toBe(14_000)
    heartbeat.heard(11_000)
    expect(heartbeat.deadline(undefined, 0)).toBe(52_000)
  })
})

describe("whoever slept", () => {
  it("asks once more before giving up, and once only", () => {
    const heartbeat = client()
    expect(at(heartbeat, 41_000)).toBe("probe")
    expect(at(heartbeat, 46_001)).toBe("probe")
    expect(at(heartbeat, 60_000)).toBe("dead")
  })

  it("by little is not thought to have slept", () => {
    const heartbeat = client()
    at(heartbeat, 41_000)
    expect(at(heartbeat, 46_000)).toBe("dead")
  })

  it("has another reprieve after a sign of life, or on the next socket", () => {
    const heartbeat = client()
    at(heartbeat, 41_000)
    expect(at(heartbeat, 99_000)).toBe("probe")
    heartbeat.heard(99_500)
    at(heartbeat, 140_500)
    expect(at(heartbeat, 199_000)).toBe("probe")
    heartbeat.begin(20_000, 0, 200_000)
    expect(heartbeat.deadline(undefined, 0)).toBe(241_000)
  })
})
