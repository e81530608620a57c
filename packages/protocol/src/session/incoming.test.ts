import { describe, expect, it } from "vitest"
import { failureOf, itemsOf, takeAll, type Wired, wired } from "../../test/wired.js"
import { envelopeUnits, messageUnits, partUnits, receiveUnits } from "../limits.js"

const large = "x".repeat(messageUnits * 3)
const parts = (frames: readonly unknown[][]) => frames.filter(([kind]) => kind === 15)

function hear(line: Wired, ...frames: readonly unknown[][]): void {
  for (const frame of frames) line.server.hear([line.server.session.applied + 1, 0, frame])
}

function stream(line: Wired, window = 64) {
  const opened = line.client.open("s", { kind: "subscription" })
  line.settle()
  const channel = line.server.accepted.at(-1)
  if (!channel) throw new Error("nothing was opened")
  line.server.serve((serving) => {
    serving.admit(channel, "subscription")
    serving.begin(channel, "every", window)
  })
  return { opened, channel }
}

describe("a large frame", () => {
  it("leaves in parts, both ways", () => {
    const line = wired()
    const call = line.client.open("p", { input: large })
    line.settle()
    expect(line.server.accepted[0]?.input).toBe(large)
    line.server.result(line.server.accepted[0], [large])
    line.settle()
    expect(call.outcomes).toEqual([{ ok: true, value: [large] }])
    for (const end of [line.client, line.server]) {
      const sent = parts(end.frames)
      expect(sent.length).toBeGreaterThan(5)
      expect(sent.map(([, , more]) => more)).toEqual([...sent.slice(1).map(() => 1), 0])
      expect(sent.every(([, , , slice]) => String(slice).length <= partUnits)).toBe(true)
      expect(end.sent.every((wire) => wire.length <= messageUnits + 100)).toBe(true)
    }
  })

  it("takes turns with others, and holds no small one up", () => {
    const line = wired()
    line.client.open("large", { input: large })
    line.client.open("small")
    line.settle()
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["small", "large"])
  })

  it("of a stream keeps its place among the items", () => {
    const line = wired()
    const { opened, channel } = stream(line)
    line.server.serve((serving) => {
      for (const item of ['"a"', JSON.stringify(large), '"b"']) serving.item(channel, item)
      serving.end(channel)
    })
    line.settle()
    expect(itemsOf(takeAll(opened, line.client))).toEqual(["a", large])
    line.settle()
    expect(itemsOf(takeAll(opened, line.client))).toEqual(["b"])
  })

  it("survives cuts between its parts, surrogate pairs whole", () => {
    const text = "🌍".repeat(messageUnits)
    for (let cut = 0; cut < 8; cut++) {
      const line = wired()
      line.client.open("p", { input: text })
      for (let turn = 0; turn < cut; turn++) {
        line.flush()
        line.arrive(line.client, 1)
      }
      line.cut()
      line.join()
      line.settle()
      expect(line.server.accepted[0]?.input === text, `cut at ${cut}`).toBe(true)
    }
  })

  it("that nobody waits for any more ends with a CANCEL", () => {
    const line = wired({ server: { window: 32_768 } })
    const call = line.client.open("p", { input: large })
    line.flush()
    line.client.step(({ calling }) => calling.giveUp(call.channel, "CANCELLED"))
    line.settle()
    expect(line.server.accepted).toEqual([])
    expect(parts(line.client.frames)).toHaveLength(1)
    expect(line.client.frames.at(-1)).toEqual([19, 1])
    expect(line.server.frames).toEqual([[18, 1, "CANCELLED", "no"]])
    expect(line.client.session.calling.size).toBe(0)
  })

  it("cancelled while the line is down is replaced, part by part", () => {
    const line = wired()
    const call = line.client.open("p", { input: large })
    line.flush()
    line.arrive(line.client, 2)
    line.cut()
    line.client.step(({ calling }) => calling.giveUp(call.channel, "CANCELLED"))
    line.join()
    line.settle()
    expect(line.server.accepted).toEqual([])
    expect(line.server.frames).toEqual([[18, 1, "CANCELLED", "no"]])
    expect(line.client.session.calling.size).toBe(0)
    expect(line.server.closed).toBeUndefined()
  })

  it("killed by the runtime between its parts leaves no half behind", () => {
    const line = wired({ client: { window: 16_384 } })
    const { opened, channel } = stream(line)
    line.server.serve((serving) => serving.item(channel, JSON.stringify(large)))
    line.flush()
    line.server.serve((serving) => serving.kill(channel, { code: "X", executed: "unknown" }))
    line.settle()
    expect(failureOf(opened)).toMatchObject({ code: "X" })
    expect(line.client.closed).toBeUndefined()
  })

  it("cut off by a large error leaves room for it, without its data", () => {
    const line = wired({ client: { window: 16_384 } })
    const { opened, channel } = stream(line)
    const failure = { code: "X", executed: "yes", message: "m", data: large } as const
    line.server.serve((serving) => {
      serving.item(channel, JSON.stringify(large))
    })
    line.flush()
    line.server.serve((serving) => serving.fail(channel, failure))
    line.client.step(({ calling }) => calling.giveUp(opened.channel, "CANCELLED"))
    line.settle()
    expect(line.client.closed).toBeUndefined()
    expect(line.server.frames.at(-1)).toEqual([18, 1, "X", "yes", "m"])
    expect(line.client.session.calling.size).toBe(0)
  })

  it("of exactly the size that the other side accepts is accepted", () => {
    for (const messageBytes of [partUnits * 3, partUnits * 3 - envelopeUnits + 20]) {
      const line = wired({ client: { messageBytes } })
      const call = line.client.open("p")
      line.settle()
      const [channel] = line.server.accepted
      if (!channel) throw new Error("nothing was opened")
      const rest = JSON.stringify([18, 1, "X", "yes", "m".repeat(1_500), ""]).length
      const data = "d".repeat(messageBytes + envelopeUnits - rest)
      line.server.serve((serving) =>
        serving.fail(channel, { code: "X", executed: "yes", message: "m".repeat(1_500), data }),
      )
      line.settle()
      expect(line.client.closed).toBeUndefined()
      expect(failureOf(call)).toMatchObject({ code: "X", data })
    }
  })
})

describe("parts", () => {
  it("of an OPEN take its id, and open it with the last", () => {
    const line = wired()
    hear(line, [15, 1, 1, '[20,1,"a",'], [15, 1, 1, '{"$":"d",'])
    expect(line.server.accepted).toEqual([])
    hear(line, [15, 1, 0, '"v":5}]'])
    expect(line.server.accepted[0]?.input).toEqual(new Date(5))
  })

  it("leave room for other ids, and for credit of their own", () => {
    const line = wired()
    hear(line, [15, 1, 1, '[20,1,"a"'], [20, 3, "b"], [23, 1, 5], [15, 1, 0, "]"])
    expect(line.server.accepted.map(({ path }) => path)).toEqual(["b", "a"])
  })

  const bad: readonly [string, string, ...unknown[][]][] = [
    ["another frame in between", "a frame between the parts of another", [15, 1, 1, "["], [22, 1]],
    ["text that is no JSON", "not JSON", [15, 1, 0, "[20,1"]],
    ["a frame of another id", "parts that join", [15, 1, 0, '[20,3,"a"]']],
    ["a kind that is never parted", "parts that join", [15, 1, 0, "[19,1]"]],
    ["a part of a part", "parts that join", [15, 1, 0, '[15,1,0,"x"]']],
    ["an unknown kind", "parts that join", [15, 1, 0, "[64,1]"]],
    ["a slice that is no text", "a slice that is not text", [15, 1, 0, 5]],
    ["a result from a caller", "a callee's frame", [15, 1, 0, "[17,1]"]],
    [
      "a payload nested too deep",
      "nested too deep",
      [15, 1, 0, `[20,1,"a",${"[".repeat(65)}${"]".repeat(65)}]`],
    ],
    ["a channel that was not opened", "was not opened", [15, 2, 0, "[17,2]"]],
  ]
  for (const [what, reason, ...frames] of bad) {
    it(`with ${what} end the session`, () => {
      const line = wired()
      hear(line, ...frames)
      expect(line.server.closed?.code).toBe(4400)
      expect(line.server.closed?.reason).toContain(reason)
    })
  }

  it("of more than the limit end the session", () => {
    const line = wired({ server: { messageBytes: 16_384 } })
    hear(line, [15, 1, 1, "x".repeat(16_384)], [15, 1, 1, "x".repeat(1_024)])
    expect(line.server.closed).toBeUndefined()
    hear(line, [15, 1, 1, "x"])
    expect(line.server.closed?.reason).toBe("a frame over messageBytes")
  })

  it("of an id that was given up are skipped", () => {
    const line = wired()
    hear(line, [15, 1, 1, "[20,"], [19, 1], [15, 1, 1, "1,"], [15, 1, 0, '"a"]'])
    expect(line.server.closed).toBeUndefined()
    expect(line.server.accepted).toEqual([])
    line.flush()
    expect(line.server.frames).toEqual([[18, 1, "CANCELLED", "no"]])
  })
})

describe("OPENs in parts", () => {
  it("are no more than channels may be open: one more is BUSY, and its parts are skipped", () => {
    const line = wired({ server: { calls: 2, streams: 1 } })
    for (const id of [1, 3, 5, 7]) hear(line, [15, id, 1, `[20,${id},`])
    for (const id of [7, 5]) hear(line, [15, id, 0, '"a"]'])
    expect(line.server.closed).toBeUndefined()
    expect(line.server.accepted.map(({ id }) => id)).toEqual([5])
    line.flush()
    expect(line.server.frames).toEqual([[18, 7, "BUSY", "no"]])
    hear(line, [15, 9, 1, "[20,"], [15, 9, 0, '9,"a"]'])
    expect(line.server.accepted.map(({ id }) => id)).toEqual([5, 9])
  })

  it("that were refused in the middle leave nothing behind, though their rest never comes", () => {
    const line = wired()
    const slice = "x".repeat(32_768)
    const parts = (id: number) => Array.from({ length: 32 }, () => [15, id, 1, slice])
    for (const id of [1, 3, 5, 7, 9]) hear(line, ...parts(id))
    line.flush()
    expect(line.server.frames).toEqual([[18, 1, "BUSY", "no"]])
    // As any frame of an id that is closed.
    hear(line, [22, 1])
    expect(line.server.closed).toBeUndefined()
  })
})

describe("the receive budget", () => {
  const mega = "x".repeat(1_000_000)

  it("loses a result in parts rather than the session", () => {
    const line = wired()
    const calls = Array.from({ length: 8 }, () => line.client.open("p"))
    line.settle()
    for (const channel of line.server.accepted) line.server.result(channel, mega)
    line.settle()
    expect(line.client.closed).toBeUndefined()
    expect(line.server.closed).toBeUndefined()
    const outcomes = calls.map(({ outcomes: [outcome, ...more] }) => {
      expect(more).toEqual([])
      return outcome?.ok ? "ok" : outcome?.failure
    })
    const lost = outcomes.filter((outcome) => outcome !== "ok")
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length).toBeLessThan(8)
    for (const outcome of lost) expect(outcome).toEqual({ code: "RESULT_LOST", executed: "yes" })
    expect(line.client.session.calling.size).toBe(0)
    const after = line.client.open("after")
    line.settle()
    line.server.result(line.server.accepted.at(-1), mega)
    line.settle()
    expect(after.outcomes).toEqual([{ ok: true, value: mega }])
  })

  it("refuses opens in parts rather than the session", () => {
    const line = wired()
    const calls = Array.from({ length: 8 }, () => line.client.open("p", { input: mega }))
    line.settle()
    expect(line.server.closed).toBeUndefined()
    expect(line.server.frames.length).toBeGreaterThan(0)
    for (const frame of line.server.frames) expect(frame).toEqual([18, frame[1], "BUSY", "no"])
    line.live(60_000)
    expect(line.server.accepted).toHaveLength(8)
    expect(calls.every(({ outcomes }) => outcomes.length === 0)).toBe(true)
  })

  it("ends one stream that holds much of it, and no other", () => {
    const line = wired()
    const slow = [1, 2, 3, 4, 5].map(() => stream(line))
    const { opened: small, channel: other } = stream(line)
    line.server.serve((serving) => {
      serving.item(other, "1")
      for (const { channel } of slow) serving.item(channel, JSON.stringify(mega))
    })
    line.settle()
    const [ended, ...more] = slow.filter(({ opened }) => opened.outcomes.length > 0)
    if (!ended || more.length > 0) throw new Error("one stream ends")
    expect(failureOf(ended.opened)).toEqual({ code: "SLOW_CONSUMER", executed: "unknown" })
    expect(line.client.frames.at(-1)).toEqual([19, ended.opened.channel.id])
    expect(itemsOf(takeAll(small, line.client))).toEqual([1])
    expect(line.client.closed).toBeUndefined()
    expect(line.server.closed).toBeUndefined()
  })

  it("ends a stream in the middle of an item's parts", () => {
    const line = wired({ client: { messageBytes: 2 * receiveUnits } })
    const { opened: slow, channel } = stream(line)
    line.server.serve((serving) => {
      serving.item(channel, JSON.stringify("x".repeat(receiveUnits + 100_000)))
      serving.item(channel, "1")
    })
    line.settle()
    expect(failureOf(slow)).toMatchObject({ code: "SLOW_CONSUMER" })
    expect(line.client.closed).toBeUndefined()
    line.server.serve((serving) =>
      serving.kill(channel, { code: "CANCELLED", executed: "unknown" }),
    )
    line.settle()
    expect(line.client.session.calling.size).toBe(0)
  })

  it("gives no credit while it is scarce, and makes up for it", () => {
    const line = wired()
    const hoarders = [1, 2, 3].map(() => stream(line))
    const { opened: reader, channel: other } = stream(line, 2)
    line.server.serve((serving) => {
      for (const { channel } of hoarders) serving.item(channel, JSON.stringify(mega))
      serving.item(other, "1")
      serving.item(other, "2")
    })
    line.settle()
    const credits = () => line.client.frames.filter(([kind]) => kind === 23)
    takeAll(reader, line.client)
    line.settle()
    expect(credits()).toEqual([])
    for (const { opened } of hoarders) takeAll(opened, line.client)
    line.settle()
    expect(credits()).toContainEqual([23, reader.channel.id, 4])
  })

  it("counts slices of nothing too", () => {
    const line = wired()
    hear(line, ...Array.from({ length: receiveUnits / 256 + 1 }, () => [15, 1, 1, ""]))
    line.flush()
    expect(line.server.frames).toEqual([[18, 1, "BUSY", "no"]])
    expect(line.server.closed).toBeUndefined()
  })
})
