import { createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { type Handlers, implement } from "@trunkline/server"
import { connectedPair } from "@trunkline/testing"
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import * as z from "zod"
import { Hold } from "../web/src/hold.js"
import { type Followed, type Received, StreamStore } from "../web/src/stream-store.js"

const numbers = contract({
  count: subscription({
    item: z.number(),
    errors: { FELL_BEHIND: null, BROKEN: null },
    restart: "fresh",
  }),
  settle: call({ idempotency: "safe" }),
})

type Served = Parameters<Handlers<typeof numbers>["count"]>[0]

describe("a store that follows a stream", () => {
  /** What paints; a test says when. */
  let frames: (() => void)[]
  /** What the server does for each stream; a test says what. */
  let streams: ((request: Served) => AsyncGenerator<number>)[]
  let signals: AbortSignal[]
  const pair = connectedPair(
    implement(numbers, {
      count: (request) => {
        signals.push(request.signal)
        return (streams.shift() ?? silent)(request)
      },
      settle: () => {},
    }),
  )
  const client = createClient(numbers, pair.connection)
  let hold: Hold
  let store: StreamStore<number, readonly number[]>
  let stop: () => void

  beforeEach(() => {
    frames = []
    streams = []
    signals = []
    vi.stubGlobal("requestAnimationFrame", (paint: () => void) => frames.push(paint))
    vi.stubGlobal("cancelAnimationFrame", () => {})
    hold = new Hold()
    const folding = {
      empty: [],
      add: (all: readonly number[], added: readonly Received<number>[]) => [
        ...all,
        ...added.map(({ item }) => item),
      ],
      anew: () => [],
    }
    store = new StreamStore<number, readonly number[]>(() => client.count(), folding, hold)
    stop = () => {}
  })

  afterAll(() => pair.close())

  afterEach(async () => {
    stop()
    await settled()
    vi.unstubAllGlobals()
  })

  it("changes once a frame, however many items came", async () => {
    streams.push(() => upTo(100))
    const changed = vi.fn()
    stop = store.subscribe(changed)
    await settled()
    expect(store.view().state).toEqual([])
    await frame()
    expect(store.view().state).toEqual([...range(100)])
    expect(changed).toHaveBeenCalledTimes(1)
  })

  it("is one stream for all who look, and none when nobody does", async () => {
    streams.push((request) => silent(request))
    const leave = [store.subscribe(() => {}), store.subscribe(() => {})]
    await settled()
    expect(signals).toHaveLength(1)
    leave[0]?.()
    await settled()
    expect(signals[0]?.aborted).toBe(false)
    leave[1]?.()
    await settled()
    expect(signals[0]?.aborted).toBe(true)
  })

  it("takes no more in a row than it can show, and the rest after the next frame", async () => {
    streams.push(() => upTo(1_000))
    stop = store.subscribe(() => {})
    await settled()
    await frame()
    expect(store.view().state).toHaveLength(256)
    for (let painted = 0; painted < 4; painted++) {
      await settled()
      await frame()
    }
    expect(store.view().state).toEqual([...range(1_000)])
  })

  it("takes nothing while it is held; the server waits, and nothing is lost", async () => {
    let pulled = 0
    streams.push(() => upTo(10_000, () => pulled++))
    hold.toggle()
    stop = store.subscribe(() => {})
    await settled()
    const before = pulled
    await settled()
    expect(pulled).toBe(before)
    expect(pulled).toBeLessThan(600)
    expect(store.view().state).toEqual([])
    hold.toggle()
    while (store.view().state.length < 2_000) {
      await settled()
      await frame()
    }
    const { state } = store.view()
    expect(state).toEqual([...range(state.length)])
  })

  it("begins again where the server has forgotten what comes next", async () => {
    streams.push(
      ({ errors }) => thenFail(3, errors.FELL_BEHIND()),
      () => upTo(5),
    )
    stop = store.subscribe(() => {})
    await shows(store, 5)
    expect(store.view()).toMatchObject({ state: [...range(5)], error: undefined })
    expect(signals).toHaveLength(2)
  })

  it("tells of any other end, until it is begun again", async () => {
    streams.push(({ errors }) => thenFail(3, errors.BROKEN()))
    stop = store.subscribe(() => {})
    await settled()
    await frame()
    expect(store.view().error?.code).toBe("BROKEN")
    expect(store.view().state).toEqual([...range(3)])
    streams.push(() => upTo(2))
    store.begin()
    await shows(store, 2)
    expect(store.view()).toMatchObject({ state: [...range(2)], error: undefined })
  })

  it("folds anew what another server tells", async () => {
    streams.push(
      (request) => silent(request, 3),
      (request) => silent(request, 2),
    )
    stop = store.subscribe(() => {})
    await shows(store, 3)
    pair.restart()
    while (signals.length < 2) await settled()
    await settled()
    await frame()
    expect(store.view().state).toEqual([...range(2)])
  })

  /** What was on its way has arrived: a call is answered behind it. */
  async function settled(): Promise<void> {
    await client.settle()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async function frame(): Promise<void> {
    for (const paint of frames.splice(0)) paint()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async function shows(shown: Followed<readonly number[]>, count: number): Promise<void> {
    while (shown.view().state.length !== count) {
      await settled()
      await frame()
    }
  }
})

function* range(count: number): Generator<number> {
  for (let number = 1; number <= count; number++) yield number
}

async function* upTo(count: number, pulled = () => {}): AsyncGenerator<number> {
  for (const number of range(count)) {
    pulled()
    yield number
  }
}

/** Says so much, and then nothing more. */
async function* silent({ signal }: Served, count = 0): AsyncGenerator<number> {
  yield* upTo(count)
  await new Promise((resolve) => signal.addEventListener("abort", resolve))
}

async function* thenFail(count: number, error: Error): AsyncGenerator<number> {
  yield* upTo(count)
  throw error
}
