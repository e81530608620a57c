import { createClient, isRpcError, type RpcError } from "@trunkline/client"
import { contract, upload } from "@trunkline/contract"
import { implement, RpcError as ServerError, scope } from "@trunkline/server"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { failure, pairOf, Signal } from "./support.js"

const api = contract({
  sum: upload({
    input: z.object({ from: z.number().default(0) }),
    item: z.string().transform(Number),
    output: z.object({ sum: z.number(), at: z.date() }),
    errors: { TOO_MUCH: z.object({ sum: z.number() }), TIRED: null },
  }),
})

type Handle = Parameters<typeof implement<typeof api>>[1]["sum"]
const at = new Date(5)

/** Adds up whatever comes. */
const add: Handle = async ({ input, items }) => {
  let sum = input.from
  for await (const item of items) sum += item
  return { sum, at }
}

function open(handle: Handle, options: Parameters<typeof pairOf>[1] = {}) {
  const pair = pairOf(implement(api, { sum: handle }), options)
  return { pair, client: createClient(api, pair.connection) }
}

/** A source that counts what was asked of it, and knows that it was left. */
class Source implements AsyncIterator<string> {
  asked = 0
  readonly left = new Signal()
  readonly #items: Iterator<string>

  constructor(items: Iterable<string>) {
    this.#items = items[Symbol.iterator]()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<string>> {
    this.asked++
    return this.#items.next()
  }

  async return(): Promise<IteratorResult<string>> {
    this.left.fire()
    return { value: undefined, done: true }
  }
}

function* forEver(): Generator<string> {
  for (;;) yield "1"
}

describe("an upload", () => {
  test("sends what its source gives, and resolves to what the handler returns", async () => {
    const { client, pair } = open(add)
    expect(await client.sum({ from: 1 }, ["2", "3"])).toEqual({ sum: 6, at })
    expect(await client.sum({}, new Set<string>())).toEqual({ sum: 0, at })
    expect(await client.sum({}, new Source(["4"]))).toEqual({ sum: 4, at })
    expect(pair.server.stats()).toMatchObject({ channels: 0 })
  })

  test("may be large: everything arrives once and in order", async () => {
    const seen: number[] = []
    const { client } = open(async ({ items }) => {
      for await (const item of items) seen.push(item)
      return { sum: seen.length, at }
    })
    const numbers = Array.from({ length: 5_000 }, (_, index) => String(index))
    expect(await client.sum({}, numbers)).toEqual({ sum: 5_000, at })
    expect(seen).toEqual(numbers.map(Number))
  })

  test("refuses at once what cannot be iterated", () => {
    const { client } = open(add)
    for (const source of [undefined, null, 5, {}, () => []]) {
      expect(() => Reflect.apply(client.sum, undefined, [{}, source])).toThrow(
        new TypeError("sum: the items of an upload are an iterable"),
      )
    }
  })

  test("is told by an outline without the contract, and says what it is without either", async () => {
    const { pair } = open(add)
    const told = createClient<typeof api>(pair.connection, { sum: "upload" })
    expect(await told.sum({}, ["7"])).toMatchObject({ sum: 7 })
    const untold: object = Reflect.apply(createClient, undefined, [pair.connection])
    const error = await failure(Reflect.get(untold, "sum")({}))
    expect(error).toMatchObject({ code: "VALIDATION", executed: "unknown" })
    expect(String(error)).toContain("sum: VALIDATION: its kind is upload")
  })
})

describe("the pace of a handler", () => {
  test("is felt by the source", async () => {
    const go = new Signal()
    const { client } = open(async ({ items }) => {
      await go.promise
      let count = 0
      for await (const _ of items) count++
      return { sum: count, at }
    })
    const source = new Source(Array.from({ length: 2_000 }, () => "1"))
    const uploading = client.sum({}, source)
    // A call behind it is answered when everything that could be sent has been.
    await expect(client.sum({}, [])).toBeInstanceOf(Promise)
    while (source.asked < 256) await new Promise(setImmediate)
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(source.asked).toBe(256)
    go.fire()
    expect(await uploading).toEqual({ sum: 2_000, at })
  })

  test("of a handler that reads nothing holds it until that returns", async () => {
    const go = new Signal()
    const { client, pair } = open(async () => {
      await go.promise
      return { sum: -1, at }
    })
    const source = new Source(forEver())
    const uploading = client.sum({}, source)
    while (source.asked < 256) await new Promise(setImmediate)
    go.fire()
    expect(await uploading).toEqual({ sum: -1, at })
    await source.left.promise
    expect(source.asked).toBe(256)
    expect(pair.server.stats()).toMatchObject({ channels: 0 })
  })
})

describe("an end before the caller's", () => {
  test.each([
    ["returns", undefined],
    ["throws", "INTERNAL"],
    ["throws a declared error", "TOO_MUCH"],
  ])("a handler that %s ends it, and the source is left", async (how, code) => {
    const { client } = open(
      async ({ items, errors }) => {
        for await (const _ of items) break
        if (how === "throws") throw new Error("a bug")
        if (code) throw errors.TOO_MUCH({ sum: 1 })
        return { sum: 1, at }
      },
      { serve: { log: () => {} } },
    )
    const source = new Source(forEver())
    const outcome = await client.sum({}, source).catch((error: RpcError) => error)
    await source.left.promise
    if (code) expect(outcome).toMatchObject({ code, executed: "yes" })
    else expect(outcome).toEqual({ sum: 1, at })
    if (isRpcError(outcome, client.sum) && outcome.code === "TOO_MUCH") {
      expect(outcome.data.sum).toBe(1)
    }
  })

  test("an item that does not fit ends it, and fires the handler's signal", async () => {
    const over = new Signal<unknown>()
    const read: unknown[] = []
    const picky = contract({ take: upload({ item: z.number().max(9) }) })
    const router = implement(picky, {
      take: async ({ items, signal }) => {
        signal.addEventListener("abort", () => over.fire(signal.reason))
        for await (const item of items) read.push(item)
      },
    })
    const client = createClient(picky, pairOf(router).connection)
    const error = await failure(client.take(undefined, [1, 2, 30, 4]))
    expect(error).toMatchObject({ code: "VALIDATION", executed: "unknown" })
    expect((error as RpcError).data).toMatchObject({ issues: [{ path: [] }] })
    expect(await over.promise).toMatchObject({ code: "VALIDATION" })
    expect(read).toEqual([1, 2])
  })

  test("an item for a contract without items does not fit", async () => {
    const bare = contract({ take: upload({}) })
    const router = implement(bare, {
      take: async ({ items }) => {
        for await (const item of items) expect(item).toBeUndefined()
      },
    })
    const client = createClient(bare, pairOf(router).connection)
    expect(await client.take(undefined, [])).toBeUndefined()
    expect(await client.take(undefined, [undefined, undefined])).toBeUndefined()
    const wrong = Reflect.apply(client.take, undefined, [undefined, [5]])
    expect(await failure(wrong)).toMatchObject({ code: "VALIDATION" })
  })
})

describe("cancelling", () => {
  test("by the signal ends it on both sides, and what waits is not read", async () => {
    const read: number[] = []
    const thrown = new Signal<unknown>()
    const first = new Signal()
    const go = new Signal()
    const { client, pair } = open(async ({ items }) => {
      try {
        for await (const item of items) {
          read.push(item)
          first.fire()
          await go.promise
        }
      } catch (error) {
        thrown.fire(error)
      }
      return { sum: 0, at }
    })
    const controller = new AbortController()
    const source = new Source(forEver())
    const uploading = client.sum({}, source, { signal: controller.signal })
    await first.promise
    controller.abort()
    expect(await failure(uploading)).toMatchObject({ code: "CANCELLED", executed: "unknown" })
    await source.left.promise
    while (pair.server.stats().channels > 0) await new Promise(setImmediate)
    go.fire()
    expect(await thrown.promise).toMatchObject({ code: "CANCELLED" })
    expect(read).toEqual([1])
  })

  test("before it is made never asks the source", async () => {
    const { client } = open(add)
    const source = new Source(["1"])
    const uploading = client.sum({}, source, { signal: AbortSignal.abort() })
    expect(await failure(uploading)).toMatchObject({ code: "CANCELLED", executed: "no" })
    expect(source.asked).toBe(0)
  })

  test("takes its time: none by default, and the deadline that it was given", async () => {
    const { client } = open(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      return { sum: 0, at }
    })
    const uploading = client.sum({}, [], { timeout: 5 })
    expect(await failure(uploading)).toMatchObject({ code: "TIMEOUT" })
  })

  test("a handler that holds on to a read is no harm to the process", async () => {
    const { client } = open(async ({ items, signal }) => {
      void items[Symbol.asyncIterator]().next()
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      return { sum: 0, at }
    })
    const controller = new AbortController()
    const hanging = new Source([])
    hanging.next = () => new Promise(() => {})
    const uploading = client.sum({}, hanging, { signal: controller.signal })
    while (hanging.asked === 0 && controller.signal.aborted === false) {
      await new Promise(setImmediate)
      controller.abort()
    }
    expect(await failure(uploading)).toMatchObject({ code: "CANCELLED" })
    await new Promise(setImmediate)
  })
})

describe("a source", () => {
  test("that throws cancels the upload, and its error is the cause", async () => {
    const ended = new Signal<unknown>()
    const { client } = open(async ({ items }) => {
      try {
        for await (const _ of items);
      } catch (error) {
        ended.fire(error)
      }
      return { sum: 0, at }
    })
    const bug = new Error("the disk is gone")
    const error = await failure(
      client.sum(
        {},
        (function* () {
          yield "1"
          throw bug
        })(),
      ),
    )
    expect(error).toMatchObject({ code: "INTERNAL", cause: bug })
    expect(String(error)).toContain("its source failed")
    expect(await ended.promise).toMatchObject({ code: "CANCELLED" })
  })

  test("with an item that cannot be written fails as that", async () => {
    const { client } = open(add)
    const error = await failure(Reflect.apply(client.sum, undefined, [{}, [() => {}]]))
    expect(error).toMatchObject({ code: "UNENCODABLE" })
    const large = failure(client.sum({}, ["9".repeat(2_000_000)]))
    expect(await large).toMatchObject({ code: "TOO_LARGE" })
  })

  test("that does not close well is reported to the connection", async () => {
    const { client, pair } = open(async () => ({ sum: 1, at }))
    const reported = new Signal<RpcError>()
    pair.connection.on("error", (error) => reported.fire(error))
    const cause = new Error("it is stuck")
    const source = new Source(forEver())
    source.return = () => Promise.reject(cause)
    expect(await client.sum({}, source)).toEqual({ sum: 1, at })
    expect(await reported.promise).toMatchObject({ code: "INTERNAL", cause })
  })
})

describe("the line", () => {
  test("may be cut at any time: nothing is lost and nothing comes twice", async () => {
    const seen: number[] = []
    const { client, pair } = open(async ({ items }) => {
      for await (const item of items) {
        seen.push(item)
        if (item % 37 === 0) pair.drop()
      }
      return { sum: seen.length, at }
    })
    const numbers = Array.from({ length: 1_000 }, (_, index) => String(index))
    expect(await client.sum({}, numbers)).toEqual({ sum: 1_000, at })
    expect(seen).toEqual(numbers.map(Number))
  })

  test("that is not there yet is waited for", async () => {
    const { client, pair } = open(add)
    pair.unplug()
    const source = new Source(["1", "2"])
    const uploading = client.sum({}, source)
    await new Promise(setImmediate)
    expect(source.asked).toBe(0)
    pair.plug()
    expect(await uploading).toEqual({ sum: 3, at })
  })

  test("that loses its session ends it, also where nothing was sent yet", async () => {
    const entered = new Signal()
    const aborted = new Signal<unknown>()
    const { client, pair } = open(async ({ items, signal }) => {
      signal.addEventListener("abort", () => aborted.fire(signal.reason))
      entered.fire()
      for await (const _ of items);
      return { sum: 0, at }
    })
    const source = new Source(forEver())
    const uploading = client.sum({}, source)
    await entered.promise
    pair.restart()
    expect(await failure(uploading)).toMatchObject({ code: "STREAM_LOST", executed: "unknown" })
    await source.left.promise
    await aborted.promise
  })

  test("that closes for good ends it", async () => {
    const entered = new Signal()
    const { client, pair } = open(async ({ items }) => {
      entered.fire()
      for await (const _ of items);
      return { sum: 0, at }
    })
    const source = new Source(forEver())
    const uploading = client.sum({}, source)
    await entered.promise
    const failed = failure(uploading)
    await pair.connection.close()
    expect(await failed).toMatchObject({ code: "CLOSED", executed: "unknown" })
    await source.left.promise
    const late = failure(client.sum({}, new Source(["1"])))
    expect(await late).toMatchObject({ code: "CLOSED", executed: "no" })
  })

  test("that drains lets it finish", async () => {
    const go = new Signal()
    const entered = new Signal()
    const { client, pair } = open(async (request) => {
      entered.fire()
      await go.promise
      return add(request)
    })
    const uploading = client.sum({}, ["1", "2"])
    await entered.promise
    const drained = pair.connection.drain()
    go.fire()
    expect(await uploading).toEqual({ sum: 3, at })
    await drained
  })
})

describe("middleware", () => {
  test("stands before an upload as before any, and refuses without taking an item", async () => {
    let tries = 0
    const app = scope<{ user: string }>()
    const named = app.use(({ next }) => next({ name: "ada" }))
    const busy = named.use(({ next }) => {
      if (++tries === 1) throw new ServerError("UNAVAILABLE")
      return next()
    })
    const router = app.implement(api, {
      sum: busy(async ({ items, context }) => {
        let sum = 0
        for await (const item of items) sum += item
        return { sum: sum + context.name.length + context.user.length, at }
      }),
    })
    const authenticate = async () => ({ principal: "u", context: { user: "root" } })
    const client = createClient(api, pairOf(router, { serve: { authenticate } }).connection)
    const source = new Source(["1", "2"])
    expect(await client.sum({}, source)).toEqual({ sum: 10, at })
    expect(tries).toBe(2)
    expect(source.asked).toBe(3)
  })

  test("that does not wait for the handler fails, and is no harm to the process", async () => {
    const app = scope<unknown>()
    const hasty = app.use(async ({ next }) => {
      void next()
      return undefined as never
    })
    const errors: unknown[] = []
    const router = app.implement(api, {
      sum: hasty(async ({ items }) => {
        try {
          for await (const _ of items);
        } catch (error) {
          errors.push(error)
          throw error
        }
        return { sum: 0, at }
      }),
    })
    const authenticate = () => ({ context: {} })
    const client = createClient(api, pairOf(router, { serve: { authenticate } }).connection)
    expect(await failure(client.sum({}, new Source(["1"])))).toMatchObject({ code: "INTERNAL" })
    while (errors.length === 0) await new Promise(setImmediate)
    expect(errors).toMatchObject([{ code: "CLOSED" }])
    // Nobody took what the handler threw: that would be seen now.
    await new Promise(setImmediate)
  })
})
