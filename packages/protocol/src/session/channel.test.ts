import { describe, expect, it } from "vitest"
import { licensesRetry } from "../error-code.js"
import {
  AcceptedChannel,
  type ChannelEvent,
  type ChannelState,
  channelMoves,
  move,
} from "./channel.js"

describe("moves", () => {
  it("that are not listed change nothing", () => {
    const channel: { state: ChannelState } = { state: "closed" }
    for (const event of ["number", "finish", "hear", "giveUp", "lose", "end"] as const) {
      expect(move(channel, event)).toBe(false)
    }
    expect(channel.state).toBe("closed")
    expect(move({ state: "cancelled" }, "lose")).toBe(false)
  })

  it("lead from every state to the end", () => {
    for (const state of Object.keys(channelMoves) as ChannelState[]) {
      if (state === "closed") continue
      const channel = { state }
      expect(move(channel, "end")).toBe(true)
      expect(channel.state).toBe("closed")
    }
  })

  it("close a channel when both directions ended", () => {
    for (const events of [
      ["number", "finish", "hear"],
      ["number", "hear", "finish"],
    ] as ChannelEvent[][]) {
      const channel: { state: ChannelState } = { state: "queued" }
      for (const event of events) expect(move(channel, event)).toBe(true)
      expect(channel.state).toBe("closed")
    }
  })
})

describe("the last frame of a lane", () => {
  function accepted(kind: "subscription" | "duplex") {
    const forgotten: AcceptedChannel[] = []
    const open = { id: 1, path: "p", input: undefined, credit: undefined, meta: undefined }
    const channel = new AcceptedChannel(open, 0, {
      forget: (one) => void forgotten.push(one),
      grant: () => {},
    })
    channel.kind = kind
    return { channel, forgotten }
  }

  it("closes a subscription", () => {
    const { channel, forgotten } = accepted("subscription")
    channel.laneClosed()
    expect([channel.state, forgotten.length]).toEqual(["closed", 1])
  })

  it("closes one half of a duplex, or all of it when it failed", () => {
    const half = accepted("duplex")
    half.channel.laneClosed()
    expect([half.channel.state, half.forgotten.length]).toEqual(["finished", 0])
    const failed = accepted("duplex")
    failed.channel.failure = { code: "X", executed: "yes" }
    failed.channel.laneClosed()
    expect([failed.channel.state, failed.forgotten.length]).toEqual(["closed", 1])
  })
})

describe("the licence to retry", () => {
  it("takes the code and the proof", () => {
    for (const code of ["REFUSED", "BUSY", "UNAVAILABLE"]) {
      expect(licensesRetry({ code, executed: "no" })).toBe(true)
      expect(licensesRetry({ code, executed: "unknown" })).toBe(false)
      expect(licensesRetry({ code, executed: "yes" })).toBe(false)
    }
    expect(licensesRetry({ code: "NOT_FOUND", executed: "no" })).toBe(false)
  })
})
