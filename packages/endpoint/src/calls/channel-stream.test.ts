import type { RpcError } from "@trunkline/contract"
import { type Arrival, OpenedChannel, type ReservedCode } from "@trunkline/protocol"
import { describe, expect, test } from "vitest"
import type { Line } from "../line.js"
import { ChannelStream } from "./channel-stream.js"
import type { StreamEvent } from "./stream.js"

/** A line on which the test plays the server, for what no server of this version sends. */
class PlayedLine implements Line {
  readonly timeout = 0
  readonly attached = true
  readonly cancelled: ReservedCode[] = []
  readonly reported: RpcError[] = []
  opened: OpenedChannel | undefined
  #arrivals: Arrival[] = []
  #cursor: string | undefined

  constructor(arrivals: Arrival[]) {
    this.#arrivals = arrivals
  }

  now = () => 0
  encode = () => ""
  send = () => undefined
  consumed = () => {}
  item = () => {}
  finish = () => {}
  correlationId = () => "session.1"
  report = (error: RpcError) => void this.reported.push(error)
  cancel = (_: OpenedChannel, code: ReservedCode) => void this.cancelled.push(code)

  open(...[request, user]: Parameters<Line["open"]>): OpenedChannel {
    const line = this
    this.opened = new OpenedChannel(request, user)
    this.opened.id = 1
    Object.assign(this.opened, {
      inflow: {
        begun: true,
        tellDue: false,
        get taken() {
          return line.#cursor
        },
        shift() {
          const arrival = line.#arrivals.shift()
          if (arrival && "cursor" in arrival) line.#cursor = arrival.cursor
          return arrival
        },
        clear() {
          line.#arrivals = []
        },
      },
    })
    return this.opened
  }

  end(): void {
    this.opened?.user.settled({ ok: true, value: undefined })
  }
}

const item = (value: number): Arrival => ({ item: value, cursor: `c${value}` })
const gap: Arrival = { note: "gap", data: { cursor: "c7" } }
const reset: Arrival = { note: "reset", data: { cursor: "c7", state: { all: true } } }
const dropped: Arrival = { note: "dropped", data: { n: 3 } }
const stalled: Arrival = { note: "stalled", data: undefined }
const later: Arrival = { note: "of a later version", data: undefined }

function play(...arrivals: Arrival[]) {
  const line = new PlayedLine(arrivals)
  return { line, stream: new ChannelStream(line, "alerts", undefined, undefined) }
}

async function iterate(stream: ChannelStream): Promise<{ items: unknown[]; error: unknown }> {
  const items: unknown[] = []
  try {
    for await (const each of stream) items.push(each)
    return { items, error: undefined }
  } catch (error) {
    return { items, error }
  }
}

describe("a bare iteration", () => {
  test.each([
    ["a gap", gap, "GAP: items were lost, which"],
    ["a reset", reset, "GAP: a state came, which"],
  ])("ends with GAP at %s, and cancels", async (_, note, why) => {
    const { line, stream } = play(item(1), note, item(8))
    const { items, error } = await iterate(stream)
    expect(items).toEqual([1])
    expect(error).toMatchObject({ code: "GAP", executed: "unknown", correlationId: "session.1" })
    expect(error).toMatchObject({ message: expect.stringContaining(why) })
    expect(line.cancelled).toEqual(["CANCELLED"])
    expect(stream.status).toBe("ended")
  })

  test("goes on after what tells of nothing lost against the contract's word", async () => {
    const { line, stream } = play(item(1), dropped, stalled, later, item(2))
    const reading = iterate(stream)
    line.end()
    expect(await reading).toEqual({ items: [1, 2], error: undefined })
  })
})

test("a loss is told though the end has come behind it", async () => {
  const { line, stream } = play(item(1), gap, item(8))
  const reading = iterate(stream)
  line.end()
  expect(await reading).toMatchObject({ items: [1], error: { code: "GAP" } })
})

describe("events", () => {
  test("are items with their cursors, and every note that this version knows", async () => {
    const { line, stream } = play(item(1), gap, reset, dropped, stalled, later, item(8))
    const events: StreamEvent<unknown>[] = []
    expect(stream.cursor).toBeUndefined()
    const reading = (async () => {
      for await (const event of stream.events()) events.push(event)
    })()
    line.end()
    await reading
    expect(events).toEqual([
      { item: 1, cursor: "c1" },
      { note: { type: "gap", cursor: "c7" } },
      { note: { type: "reset", state: { all: true }, cursor: "c7" } },
      { note: { type: "dropped", count: 3 } },
      { note: { type: "stalled" } },
      { item: 8, cursor: "c8" },
    ])
    expect(stream.cursor).toBe("c8")
  })
})

describe("a subscription", () => {
  test("with a listener for notes hears of the gap and goes on", async () => {
    const { line, stream } = play(item(1), gap, item(8))
    const heard: unknown[] = []
    stream.subscribe({ item: (each) => heard.push(each), note: ({ type }) => heard.push(type) })
    await Promise.resolve()
    expect(heard).toEqual([1, "gap", 8])
    expect(line.cancelled).toEqual([])
  })

  test("without one ends with GAP", async () => {
    const { line, stream } = play(item(1), gap, item(8))
    const heard: unknown[] = []
    stream.subscribe({ item: (each) => heard.push(each), error: ({ code }) => heard.push(code) })
    await Promise.resolve()
    expect(heard).toEqual([1, "GAP"])
    expect(line.cancelled).toEqual(["CANCELLED"])
  })

  test("without one for errors reports to the line", async () => {
    const { line, stream } = play(gap)
    stream.subscribe({ item: () => {} })
    await Promise.resolve()
    expect(line.reported).toMatchObject([{ code: "GAP" }])
  })

  test("waits for a promise of the notes' listener too", async () => {
    const { stream } = play(gap, item(8))
    const heard: unknown[] = []
    let release = () => {}
    stream.subscribe({
      item: (each) => heard.push(each),
      note: () =>
        new Promise<void>((resolve) => {
          release = resolve
        }),
    })
    await Promise.resolve()
    await Promise.resolve()
    expect(heard).toEqual([])
    release()
    await expect.poll(() => heard).toEqual([8])
  })

  test("a listener of notes that throws ends it as one of items does", async () => {
    const { line, stream } = play(gap, item(8))
    const cause = new Error("the listener's own")
    const errors: RpcError[] = []
    stream.subscribe({
      item: () => expect.unreachable(),
      note: () => {
        throw cause
      },
      error: (error) => errors.push(error),
    })
    await Promise.resolve()
    expect(errors).toMatchObject([{ code: "INTERNAL", cause }])
    expect(line.cancelled).toEqual(["CANCELLED"])
  })
})

test("a stream goes on from a cursor that was kept", async () => {
  const line = new PlayedLine([])
  const stream = new ChannelStream(line, "alerts", undefined, { from: "c5" })
  expect(stream.cursor).toBe("c5")
  const reading = iterate(stream)
  expect(line.opened?.request).toMatchObject({ path: "alerts", from: "c5", kind: "subscription" })
  line.end()
  await reading
})
