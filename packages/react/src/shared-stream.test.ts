import { RpcError, type Stream, type StreamListeners } from "@trunkline/client"
import { implement } from "@trunkline/server"
import { connectedPair, type Pair } from "@trunkline/testing"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { SharedStream } from "./shared-stream.js"

/** A stream that does what a test says. */
class Told implements Stream<unknown> {
  cursor: string | undefined
  readonly status = "live"
  listeners: StreamListeners<unknown> | undefined
  stopped = false

  subscribe(listeners: StreamListeners<unknown>): () => void {
    this.listeners = listeners
    return () => {
      this.stopped = true
    }
  }

  events(): never {
    return expect.fail("it is subscribed to")
  }

  [Symbol.asyncIterator](): never {
    return this.events()
  }

  cancel(): void {}
}

let pair: Pair
beforeEach(async () => {
  pair = connectedPair(implement({}, {}))
  while (pair.connection.state !== "open") await new Promise(setImmediate)
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})
afterEach(async () => {
  vi.useRealTimers()
  await pair.close()
})

function shared() {
  const opened: { readonly from: string | undefined; readonly stream: Told }[] = []
  const closed = vi.fn()
  const open = (from: string | undefined) => {
    const stream = new Told()
    opened.push({ from, stream })
    return stream
  }
  const source = { connection: pair.connection, path: "a", key: "a", open }
  return { opened, closed, stream: new SharedStream(source, undefined, closed) }
}

/** No frames here: a timer stands for them. */
const frame = () => vi.advanceTimersByTime(16)
const viewer = (paused = false) => ({ paused, changed: vi.fn() })

describe("a stream that failed", () => {
  it.each([
    ["continues behind what it had", "SLOW_CONSUMER", "c.1", ["a", "b"]],
    ["begins anew where its cursor is worth nothing", "GAP", undefined, ["b"]],
  ])("%s", (_, code, from, items) => {
    const { opened, stream } = shared()
    stream.add(viewer())
    const first = opened[0]?.stream
    if (first) first.cursor = "c.1"
    first?.listeners?.item("a", "c.1")
    first?.listeners?.error?.(new RpcError(code))
    frame()
    expect(stream.snapshot(undefined)).toMatchObject({ status: "error", items: ["a"], stale: true })
    stream.snapshot(undefined).retry()
    stream.snapshot(undefined).retry()
    expect(opened.map((one) => one.from)).toEqual([undefined, from])
    opened[1]?.stream.listeners?.item("b", "c.2")
    frame()
    expect(stream.snapshot(undefined)).toMatchObject({ status: "live", items, stale: false })
    stream.close()
  })

  it("is given up with its last viewer, or soon if it has none", () => {
    for (const views of [true, false]) {
      const { opened, stream, closed } = shared()
      const one = viewer()
      if (views) stream.add(one)
      opened[0]?.stream.listeners?.error?.(new RpcError("INTERNAL"))
      frame()
      expect(closed).not.toHaveBeenCalled()
      if (views) stream.remove(one)
      else vi.advanceTimersByTime(1_000)
      expect(closed).toHaveBeenCalledTimes(1)
    }
  })
})

it("keeps a bounded tail, however much comes between two frames", () => {
  const { opened, stream } = shared()
  stream.add(viewer())
  stream.keep(10)
  for (let item = 1; item <= 10_000; item++) opened[0]?.stream.listeners?.item(item, undefined)
  frame()
  expect(stream.snapshot(undefined).items).toHaveLength(100)
  expect(stream.snapshot(undefined).items.at(-1)).toBe(10_000)
  stream.close()
})

it("forgets a reduction that nobody has had for a second", () => {
  const { opened, stream } = shared()
  stream.add(viewer())
  const reduce = vi.fn()
  const folding = { reduce, reset: undefined, note: undefined }
  const fold = stream.foldBy(folding)
  stream.take(fold)
  stream.release(fold)
  expect(stream.foldBy(folding)).toBe(fold)
  vi.advanceTimersByTime(1_000)
  opened[0]?.stream.listeners?.item("a", undefined)
  expect(reduce).not.toHaveBeenCalled()
  expect(stream.foldBy(folding)).not.toBe(fold)
  stream.close()
})

it("calls nobody once it was closed", () => {
  const { opened, stream } = shared()
  const one = viewer()
  stream.add(one)
  opened[0]?.stream.listeners?.item("a", undefined)
  stream.close()
  frame()
  expect(opened[0]?.stream.stopped).toBe(true)
  expect(one.changed).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
