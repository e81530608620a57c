import { describe, expect, it } from "vitest"
import { Entrance, networkOf } from "./entrance.js"

const limits = { handshakes: 2, hellos: 10 }

describe("the entrance", () => {
  it("has so many places for an address, and gives them back", () => {
    const entrance = new Entrance(limits)
    const leave = entrance.enter("10.0.0.1")
    entrance.enter("10.0.0.1")
    expect(entrance.refusal("10.0.0.1")).toBe("handshakes")
    expect(entrance.refusal("10.0.0.2")).toBeUndefined()
    leave()
    expect(entrance.refusal("10.0.0.1")).toBeUndefined()
  })

  it("has so many places in all, also for those without an address", () => {
    const entrance = new Entrance({ ...limits, handshakeBytes: 3 * 262_144 })
    const leave = entrance.enter(undefined)
    entrance.enter(undefined)
    expect(entrance.refusal(undefined)).toBeUndefined()
    entrance.enter("10.0.0.1")
    expect(entrance.refusal("10.0.0.2")).toBe("handshakeBytes")
    leave()
    expect(entrance.refusal("10.0.0.2")).toBeUndefined()
  })

  it("keeps a part of its rate for those who continue a session", () => {
    const entrance = new Entrance(limits)
    let begun = 0
    while (!entrance.hello(false, 0, undefined)) begun++
    let resumed = 0
    while (!entrance.hello(true, 0, undefined)) resumed++
    expect([begun, resumed]).toEqual([15, 5])
    // A second later there are ten more, and the reserve is filled first.
    begun = 0
    while (!entrance.hello(false, 1_000, undefined)) begun++
    expect(begun).toBe(5)
  })

  it("leaves room for others when one network says it all the time, and lets that in all the same", () => {
    const entrance = new Entrance({ hellos: 100 })
    let greedy = 0
    let others = 0
    for (let now = 0; now < 10_000; now++) {
      for (const resuming of [true, false]) {
        if (!entrance.hello(resuming, now, "10.0.0.1")) greedy++
      }
      if (now % 20 === 0 && !entrance.hello(false, now, `10.0.1.${now % 200}`)) others++
    }
    expect(others).toBe(500)
    expect(greedy).toBeGreaterThan(500)
    expect(greedy).toBeLessThan(700)
  })

  it("sends those away for longer who come behind many others", () => {
    const entrance = new Entrance(limits)
    while (!entrance.hello(true, 0, undefined));
    for (let behind = 2; behind < 50; behind++) entrance.hello(true, 0, undefined)
    expect(entrance.hello(true, 0, undefined)).toEqual([5_000, 11_000])
    // As they come back the queue gets shorter.
    while (!entrance.hello(true, 4_000, undefined));
    expect(entrance.hello(true, 4_000, undefined)).toEqual([1_200, 3_400])
  })

  it("asks nobody to wait for hours", () => {
    const entrance = new Entrance({ ...limits, hellos: 1 })
    for (let behind = 0; behind < 10_000; behind++) entrance.hello(true, 0, undefined)
    expect(entrance.hello(true, 0, undefined)).toEqual([60_000, 121_000])
  })
})

it.each([
  ["10.0.0.1", "10.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:02::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["memory", "memory"],
  ["", ""],
  ["a: b", "a: b"],
])("%s is of the network %s", (address, network) => {
  expect(networkOf(address)).toBe(network)
})
