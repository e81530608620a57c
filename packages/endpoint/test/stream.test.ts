import { createClient, type RpcError, type StreamEvent } from "@trunkline/client"
import { contract, subscription } from "@trunkline/contract"
import { implement } from "@trunkline/server"
import { describe, expect, test, vi } from "vitest"
import * as z from "zod"
import { Feed, failure, pairOf, Signal } from "./support.js"

const api = contract({
  numbers: subscription({ item: z.number(), errors: { DRY: z.object({ well: z.string() }) } }),
  fresh: subscription({ item: z.number(), restart: "fresh" }),
  dry: subscription({ item: z.number(), errors: { DRY: z.object({ well: z.string() }) } }),
})

function open(feed = new Feed<number>()) {
  const read = ({ signal }: { signal: AbortSignal }) => feed.read(signal)
  const router = implement(api, {
    numbers: read,
    fresh: read,
    async *dry({ errors }) {
      yield 1
      throw errors.DRY({ well: "a" })
    },
  })
  const pair = pairOf(router)
  return { feed, pair, client: createClient(api, pair.connection) }
}

describe("a stream that is iterated", () => {
  test("is cold until somebody reads it", async () => {
    const { client, feed, pair } = open()
    const stream = client.numbers()
    expect(stream.status).toBe("idle")
    await failure(
      client
        .dry()
        [Symbol.asyncIterator]()
        .next()
        .then(() => Promise.reject()),
    )
    expect(pair.server.stats().channels).toBeLessThanOrEqual(1)
    expect(feed.pulled).toBe(0)
    expect(stream.status).toBe("idle")
  })

  test("yields every item and ends", async () => {
    const { client, feed } = open()
    feed.put(1, 2, 3)
    const stream = client.numbers()
    const items: number[] = []
    for await (const item of stream) {
      items.push(item)
      if (item === 1) expect(stream.status).toBe("live")
      if (item === 3) feed.end()
    }
    expect(items).toEqual([1, 2, 3])
    expect(stream.status).toBe("ended")
  })

  test("is read once", async () => {
    const { client, feed } = open()
    feed.end()
    const stream = client.numbers()
    for await (const _ of stream);
    const once = "A stream is read once; call the procedure for another."
    expect(() => stream[Symbol.asyncIterator]()).toThrow(new TypeError(once))
    expect(() => stream.events()).toThrow(once)
    expect(() => stream.subscribe({ item: () => {} })).toThrow(once)
  })

  test("breaking out cancels at the server, and runs the generator's end", async () => {
    const { client, feed } = open()
    feed.put(1)
    for await (const item of client.numbers()) if (item === 1) break
    await feed.left.promise
  })

  test("an error thrown in the loop cancels too", async () => {
    const { client, feed } = open()
    feed.put(1)
    const reading = (async () => {
      for await (const _ of client.numbers()) throw new Error("the reader's own")
    })()
    expect(await failure(reading)).toMatchObject({ message: "the reader's own" })
    await feed.left.promise
  })

  test("its signal cancels, and the reader sees why", async () => {
    const { client, feed } = open()
    const controller = new AbortController()
    const items = client.numbers(undefined, { signal: controller.signal })[Symbol.asyncIterator]()
    feed.put(1)
    expect(await items.next()).toEqual({ value: 1, done: false })
    const next = failure(items.next())
    controller.abort()
    expect(await next).toMatchObject({ code: "CANCELLED" })
    expect(await items.next()).toEqual({ value: undefined, done: true })
    await feed.left.promise
  })

  test("its signal cancels what waits, also behind the end", async () => {
    const { client, feed } = open()
    const controller = new AbortController()
    const stream = client.numbers(undefined, { signal: controller.signal })
    const items = stream[Symbol.asyncIterator]()
    const first = items.next()
    for (const item of [1, 2, 3]) feed.put(item)
    feed.end()
    expect(await first).toEqual({ value: 1, done: false })
    while (stream.status !== "ended") await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    expect(await failure(items.next())).toMatchObject({ code: "CANCELLED" })
    expect(await items.next()).toEqual({ value: undefined, done: true })
  })

  test("one whose signal has fired is never opened", async () => {
    const { client } = open()
    const stream = client.numbers(undefined, { signal: AbortSignal.abort() })
    const items = stream[Symbol.asyncIterator]()
    expect(await failure(items.next())).toMatchObject({ code: "CANCELLED", executed: "no" })
    expect(stream.status).toBe("ended")
  })

  test("reads that were asked for at once are all answered, also by a failure", async () => {
    const { client } = open()
    const items = client.dry()[Symbol.asyncIterator]()
    const reads = [items.next(), failure(items.next()), items.next(), items.next()]
    const end = { value: undefined, done: true }
    const [first, second, ...rest] = await Promise.all(reads)
    expect([first, ...rest]).toEqual([{ value: 1, done: false }, end, end])
    expect(second).toMatchObject({ code: "DRY" })
  })

  test("cancel ends it for its reader, without an error", async () => {
    const { client, feed } = open()
    const stream = client.numbers()
    const items = stream[Symbol.asyncIterator]()
    feed.put(1)
    await items.next()
    const next = items.next()
    stream.cancel()
    expect(await next).toEqual({ value: undefined, done: true })
    expect(stream.status).toBe("ended")
    await feed.left.promise
  })

  test("cancelled before it is read, it is empty", async () => {
    const { client, feed } = open()
    const stream = client.numbers()
    stream.cancel()
    const items: number[] = []
    for await (const item of stream) items.push(item)
    expect(items).toEqual([])
    expect(feed.pulled).toBe(0)
  })

  test("what arrived before the failure is yielded before it", async () => {
    const { client } = open()
    const items = client.dry()[Symbol.asyncIterator]()
    expect(await items.next()).toEqual({ value: 1, done: false })
    expect(await failure(items.next())).toMatchObject({ code: "DRY", data: { well: "a" } })
    expect(await items.next()).toEqual({ value: undefined, done: true })
  })

  test("reads that overtake the items are answered in order", async () => {
    const { client, feed } = open()
    const items = client.numbers()[Symbol.asyncIterator]()
    const reads = [items.next(), items.next(), items.next()]
    await feed.entered.promise
    feed.put(1, 2)
    feed.end()
    expect(await Promise.all(reads)).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      { value: undefined, done: true },
    ])
  })

  test("an input that cannot be written fails it", async () => {
    const { client } = open()
    const misuse = client.numbers as unknown as (
      input: unknown,
    ) => ReturnType<typeof client.numbers>
    const items = misuse(() => {})[Symbol.asyncIterator]()
    expect(await failure(items.next())).toMatchObject({ code: "UNENCODABLE", executed: "no" })
  })

  test("the source is pulled no further than the reader's credit", async () => {
    const { client, feed } = open()
    feed.put(...Array.from({ length: 1_000 }, (_, n) => n))
    const items = client.numbers()[Symbol.asyncIterator]()
    await items.next()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    const pulled = feed.pulled
    expect(pulled).toBeLessThan(600)
    for (let n = 1; n < 1_000; n++) expect(await items.next()).toMatchObject({ value: n })
    await items.return?.()
  })
})

describe("a stream's events", () => {
  test("are its items, and the notes between them", async () => {
    const { client, feed, pair } = open()
    feed.put(1)
    const events = client.fresh().events()
    expect(await events.next()).toEqual({ done: false, value: { item: 1, cursor: undefined } })
    const next = events.next()
    pair.restart()
    expect(await next).toEqual({ done: false, value: { note: { type: "restarted" } } })
    await events.return?.()
  })

  test("a bare iteration goes on after a note that tells of no loss it did not agree to", async () => {
    const { client, feed, pair } = open()
    feed.put(1)
    const stream = client.fresh()
    const items = stream[Symbol.asyncIterator]()
    expect(await items.next()).toMatchObject({ value: 1 })
    const next = items.next()
    pair.restart()
    await feed.left.promise
    feed.put(2)
    expect(await next).toEqual({ value: 2, done: false })
    expect(stream.status).toBe("live")
    await items.return?.()
  })
})

describe("a stream that is subscribed to", () => {
  test("tells items, and that it is done", async () => {
    const { client, feed } = open()
    const items: number[] = []
    const done = new Signal()
    client.numbers().subscribe({ item: (item) => items.push(item), done: done.fire })
    feed.put(1, 2)
    feed.end()
    await done.promise
    expect(items).toEqual([1, 2])
  })

  test("tells nobody before subscribe has returned", async () => {
    const { client } = open()
    let returned = false
    const told = new Signal<boolean>()
    const stream = client.numbers(undefined, { signal: AbortSignal.abort() })
    stream.subscribe({ item: () => {}, error: () => told.fire(returned) })
    returned = true
    expect(await told.promise).toBe(true)
  })

  test("tells notes", async () => {
    const { client, feed, pair } = open()
    const first = new Signal()
    const noted = new Signal<unknown>()
    const stop = client.fresh().subscribe({ item: () => first.fire(), note: noted.fire })
    feed.put(1)
    await first.promise
    pair.restart()
    expect(await noted.promise).toEqual({ type: "restarted" })
    stop()
  })

  test("tells its error", async () => {
    const { client } = open()
    const told = new Signal<RpcError>()
    client.dry().subscribe({ item: () => {}, error: told.fire, done: () => expect.unreachable() })
    expect(await told.promise).toMatchObject({ code: "DRY", data: { well: "a" } })
  })

  test("without an error listener the connection hears it", async () => {
    const { client, pair } = open()
    const told = new Signal<RpcError>()
    pair.connection.on("error", told.fire)
    client.dry().subscribe({ item: () => {} })
    expect(await told.promise).toMatchObject({ code: "DRY" })
  })

  test("once stopped nobody is told anything", async () => {
    const { client, feed } = open()
    const items: number[] = []
    const stop = client.numbers().subscribe({
      item: (item) => {
        items.push(item)
        if (item === 2) stop()
      },
      done: () => expect.unreachable(),
      error: () => expect.unreachable(),
    })
    feed.put(1, 2, 3)
    await feed.left.promise
    expect(items).toEqual([1, 2])
  })

  test("stopped at once it is not even opened for its listener", async () => {
    const { client } = open()
    const item = vi.fn()
    client.numbers().subscribe({ item })()
    for await (const _ of client.dry().events()) break
    expect(item).not.toHaveBeenCalled()
  })

  test("a listener that throws ends it, for the item was not taken", async () => {
    const { client, feed, pair } = open()
    const cause = new Error("the listener's own")
    const items: number[] = []
    const told = new Signal<RpcError>()
    client.numbers().subscribe({
      item: (item) => {
        items.push(item)
        throw cause
      },
      error: told.fire,
    })
    feed.put(1, 2)
    // The generator runs on until it hears of it: nobody saw its end.
    expect(await told.promise).toMatchObject({
      ...{ code: "INTERNAL", cause, executed: "unknown" },
      message: "numbers: INTERNAL: a listener failed",
      correlationId: `${pair.connection.info.session}.1`,
    })
    await feed.left.promise
    expect(items).toEqual([1])
  })

  test("an error of another call, thrown by a listener, is a cause and not the stream's own", async () => {
    const { client, feed } = open()
    const told = new Signal<RpcError>()
    client.numbers().subscribe({
      item: async () => {
        for await (const _ of client.dry());
      },
      error: told.fire,
    })
    feed.put(1)
    const error = await told.promise
    expect(error).toMatchObject({ code: "INTERNAL", executed: "unknown", cause: { code: "DRY" } })
  })

  test("what is no listener is refused at once, and nothing is opened", async () => {
    const { client, feed, pair } = open()
    const stream = client.numbers()
    const item = () => {}
    const nonsense = [
      ...[undefined, null, item, {}, "item", { note: item }, { item: 5 }],
      ...[
        { item, note: 5 },
        { item, live: 5 },
        { item, error: {} },
        { item, done: null },
      ],
    ]
    for (const listeners of nonsense) {
      const subscribe = () => stream.subscribe(listeners as never)
      expect(subscribe).toThrow(TypeError)
      expect(subscribe).toThrow("subscribe takes functions")
    }
    expect(stream.status).toBe("idle")
    expect(pair.connection.info.framesOut).toBe(0)
    const told = new Signal<number>()
    const rest = { note: undefined, error: undefined, done: undefined }
    const stop = stream.subscribe({ item: told.fire, ...rest })
    feed.put(1)
    expect(await told.promise).toBe(1)
    stop()
  })

  test("tells when the server has taken it on, once, before any item", async () => {
    const { client, feed } = open()
    const told: unknown[] = []
    const live = new Signal<undefined>()
    const items = new Signal<undefined>()
    const stream = client.numbers()
    const stop = stream.subscribe({
      live: () => {
        told.push(stream.status)
        live.fire(undefined)
      },
      item: (item) => {
        told.push(item)
        if (item === 2) items.fire(undefined)
      },
    })
    await live.promise
    expect(told).toEqual(["live"])
    feed.put(1)
    feed.put(2)
    await items.promise
    expect(told).toEqual(["live", 1, 2])
    stop()
  })

  test("what an error listener throws is an uncaught exception", async () => {
    const { client } = open()
    const cause = new Error("the last listener's own")
    const uncaught = new Signal<unknown>()
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    process.once("uncaughtException", uncaught.fire)
    const error = () => {
      throw cause
    }
    client.dry().subscribe({ item: () => {}, error })
    expect(await uncaught.promise).toBe(cause)
    for (const listener of listeners) process.on("uncaughtException", listener)
  })
})

describe("a listener that gives a promise", () => {
  /** A stream whose listener waits for the test at each item, and what was told. */
  function hold(feed: Feed<number>) {
    const opened = open(feed)
    const told: unknown[] = []
    const entered: Signal<Signal>[] = [new Signal()]
    const ended = new Signal()
    const stream = opened.client.numbers()
    const stop = stream.subscribe({
      item: async (item) => {
        told.push(item)
        const release = new Signal()
        entered.push(new Signal())
        entered.at(-2)?.fire(release)
        await release.promise
      },
      error: ({ code, cause }) => {
        told.push([code, cause])
        ended.fire()
      },
      done: () => {
        told.push("done")
        ended.fire()
      },
    })
    return { ...opened, told, ended, stream, stop, entered }
  }

  test("is told the next item when it has settled", async () => {
    const feed = new Feed<number>()
    feed.put(1, 2)
    feed.end()
    const { told, ended, entered } = hold(feed)
    const first = await entered[0]?.promise
    await feed.left.promise
    expect(told).toEqual([1])
    first?.fire()
    const second = await entered[1]?.promise
    expect(told).toEqual([1, 2])
    second?.fire()
    await ended.promise
    expect(told).toEqual([1, 2, "done"])
  })

  test("sets the pace of the server", async () => {
    const feed = new Feed<number>()
    feed.put(...Array.from({ length: 2_000 }, (_, index) => index))
    const { client, told, stop, entered } = hold(feed)
    await entered[0]?.promise
    for await (const _ of client.dry().events()) break
    expect(told).toEqual([0])
    expect(feed.pulled).toBeLessThan(600)
    stop()
    await feed.left.promise
  })

  test("ends the stream when it rejects", async () => {
    const { client, feed } = open()
    const cause = new Error("the listener's own")
    const items: number[] = []
    const told = new Signal<RpcError>()
    client.numbers().subscribe({
      item: async (item) => {
        items.push(item)
        throw cause
      },
      error: told.fire,
    })
    feed.put(1, 2)
    expect(await told.promise).toMatchObject({ code: "INTERNAL", cause, executed: "unknown" })
    await feed.left.promise
    expect(items).toEqual([1])
  })

  test("is told of the end when it has settled, though the stream is cancelled meanwhile", async () => {
    const feed = new Feed<number>()
    feed.put(1, 2)
    const { told, stream, ended, entered } = hold(feed)
    const first = await entered[0]?.promise
    stream.cancel()
    await feed.left.promise
    expect(told).toEqual([1])
    first?.fire()
    await ended.promise
    expect(told).toEqual([1, "done"])
  })

  test("is told nothing more once it was stopped, even if it fails then", async () => {
    const { client, feed, pair } = open()
    const told: unknown[] = []
    const entered = new Signal<(cause: Error) => void>()
    pair.connection.on("error", (error) => told.push(error))
    const stop = client.numbers().subscribe({
      item: (item) => {
        told.push(item)
        return new Promise((_, reject) => entered.fire(reject))
      },
      error: (error) => told.push(error),
      done: () => told.push("done"),
    })
    feed.put(1, 2)
    const reject = await entered.promise
    stop()
    reject(new Error("aborted"))
    await feed.left.promise
    for await (const _ of client.dry().events()) break
    expect(told).toEqual([1])
  })
})

describe("a stream whose session is lost", () => {
  test("ends with STREAM_LOST where the contract says nothing else", async () => {
    const { client, feed, pair } = open()
    feed.put(1)
    const events: StreamEvent<number>[] = []
    const reading = (async () => {
      for await (const event of client.numbers().events()) {
        events.push(event)
        pair.restart()
      }
    })()
    expect(await failure(reading)).toMatchObject({ code: "STREAM_LOST", executed: "unknown" })
    expect(events).toEqual([{ item: 1, cursor: undefined }])
  })

  test("one that waits while the line is down says so", async () => {
    const { client, feed, pair } = open()
    feed.put(1)
    const stream = client.numbers()
    const items = stream[Symbol.asyncIterator]()
    await items.next()
    expect(stream.status).toBe("live")
    pair.unplug()
    await expect.poll(() => stream.status).toBe("connecting")
    feed.put(2)
    pair.plug()
    expect(await items.next()).toEqual({ value: 2, done: false })
    expect(stream.status).toBe("live")
    await items.return?.()
  })
})
