import { inspect } from "node:util"
import { createClient, handleOf, isRpcError, type Outline, safe } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, RpcError } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { failure, pairOf, Signal } from "./support.js"

const api = contract({
  echo: call({ input: z.unknown(), output: z.unknown() }),
  double: call({ input: z.number().optional(), output: z.number() }),
  wait: call({ input: z.number().optional() }),
  fails: call({ errors: { FULL: z.object({ size: z.number() }), LOCKED: null } }),
  numbers: subscription({ item: z.int() }),
  hosts: { list: call({ output: z.array(z.string()) }), name: call({ output: z.string() }) },
})

interface Service {
  readonly entered: Signal<AbortSignal>
  readonly router: ReturnType<typeof implement>
}

function service(): Service {
  const entered = new Signal<AbortSignal>()
  const router = implement(api, {
    echo: ({ input }) => input,
    double: ({ input = 1 }) => 2 * input,
    wait: ({ signal }) => {
      entered.fire(signal)
      return new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason))
      })
    },
    fails: ({ errors }) => {
      throw errors.FULL({ size: 3 })
    },
    async *numbers() {
      yield* [1, 2]
    },
    hosts: { list: () => ["a"], name: () => "b" },
  })
  return { entered, router }
}

const outline: Outline<typeof api> = { numbers: "subscription" }

describe("a client", () => {
  test("calls what the contract has, groups and all", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    expect(await client.echo({ a: 1 })).toEqual({ a: 1 })
    expect(await client.hosts.list()).toEqual(["a"])
    expect(await client.hosts.name()).toBe("b")
  })

  test("tells what stands behind its procedures, and nothing else does", () => {
    const { connection } = pairOf(service().router)
    const client = createClient(api, connection)
    const handle = handleOf(client.numbers)
    expect(handle).toEqual({
      caller: connection,
      path: "numbers",
      kind: "subscription",
      declared: api.numbers,
    })
    expect(handleOf(client.hosts)).toMatchObject({ path: "hosts", kind: undefined })
    expect(handleOf(client)).toMatchObject({ path: "", declared: api })
    const typed = createClient<typeof api>(connection, outline)
    expect(handleOf(typed.numbers)).toMatchObject({ kind: "subscription", declared: undefined })
    expect(handleOf(typed.hosts.list)).toMatchObject({ path: "hosts.list", kind: undefined })
    expect([undefined, null, {}, () => {}].map(handleOf)).toEqual(Array(4).fill(undefined))
  })

  test("an input that may be undefined may be left out", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    expect(await client.double()).toBe(2)
    expect(await client.double(undefined)).toBe(2)
    expect(await client.double(4)).toBe(8)
  })

  test("is the same each time one looks, so it can be compared", () => {
    const client = createClient(api, pairOf(service().router).connection)
    expect(client.hosts.list).toBe(client.hosts.list)
    expect(client.hosts).toBe(client.hosts)
    expect(client.hosts).not.toBe(client)
  })

  test("has no member that the contract has not", () => {
    const client = createClient(api, pairOf(service().router).connection)
    expect(Reflect.get(client, "ecko")).toBeUndefined()
    expect(Reflect.get(client.hosts, "length")).toBeUndefined()
    expect(Reflect.get(client.echo, "deeper")).toBeUndefined()
  })

  test("one that was made without the contract leaves it to the server", async () => {
    const { connection } = pairOf(service().router)
    const client = createClient<typeof api>(connection, outline)
    expect(await client.hosts.name()).toBe("b")
    const items: number[] = []
    for await (const item of client.numbers()) items.push(item)
    expect(items).toEqual([1, 2])
    const absent: unknown = Reflect.get(client.hosts, "absent")
    if (typeof absent !== "function") throw new Error("every name may be a procedure")
    expect(await failure(absent())).toMatchObject({ code: "NOT_FOUND", executed: "no" })
  })

  test("a group of an outline is no procedure, and may have a stream named kind", async () => {
    const nested = contract({ all: { kind: subscription({ item: z.int() }) } })
    const router = implement(nested, {
      all: {
        async *kind() {
          yield 1
        },
      },
    })
    const client = createClient<typeof nested>(pairOf(router).connection, {
      all: { kind: "subscription" },
    })
    const kinds = client.all.kind()[Symbol.asyncIterator]()
    expect(await kinds.next()).toEqual({ value: 1, done: false })
    expect(() => Reflect.apply(client.all as never, undefined, [])).toThrow("all is a group")
  })

  test("calling a group tells what it is", () => {
    const client = createClient(api, pairOf(service().router).connection)
    const misuse = (value: unknown) => () => Reflect.apply(value as () => unknown, undefined, [])
    expect(misuse(client)).toThrow(new TypeError("the client is a group of procedures"))
    expect(misuse(client.hosts)).toThrow(new TypeError("hosts is a group of procedures"))
  })

  test("a stream that was taken for a call, or a call for a stream, fails and says what", async () => {
    const { connection } = pairOf(service().router)
    const wrong = { double: "subscription" } as unknown as typeof outline
    const client = createClient<typeof api>(connection, wrong)
    const misfit = "VALIDATION: another kind of procedure, or no cursor"
    const items = async (stream: unknown) => {
      for await (const _ of stream as AsyncIterable<unknown>);
    }
    const [stream, call] = [client.double() as unknown, client.numbers() as unknown]
    expect(await failure(items(stream))).toMatchObject({ message: `double: ${misfit}` })
    expect(await failure(call as Promise<unknown>)).toMatchObject({
      message: "numbers: VALIDATION: its kind is subscription",
    })
    const told = createClient(api, connection)
    const from = told.numbers(undefined, { from: 5 } as never)
    expect(await failure(items(from))).toMatchObject({
      message: `numbers: ${misfit}`,
      executed: "no",
    })
  })

  test("a kind that does not exist is refused, not sent", () => {
    const { connection } = pairOf(service().router)
    const wrong = { double: "download" } as unknown as typeof outline
    const client = createClient<typeof api>(connection, wrong)
    const misuse = () => Reflect.apply(client.double as never, undefined, [])
    expect(misuse).toThrow(new TypeError('double: "download" is no kind of procedure'))
  })

  test("needs a connection, and a contract or none", () => {
    const { connection } = pairOf(service().router)
    const make: (...given: never[]) => unknown = createClient
    const nonsense = [
      [api, {}],
      [api, null],
      [api],
      [null, connection],
      [undefined, connection],
      [],
    ]
    const told = "createClient needs a contract and a connection, or a connection alone"
    for (const given of nonsense) {
      expect(() => Reflect.apply(make, undefined, given)).toThrow(new TypeError(told))
    }
  })
})

/** What the language and its tools do to any value must not become a call. */
describe.each([
  ["with the contract", true],
  ["with its type alone", false],
])("a client %s, looked at by others", (_, complete) => {
  function both() {
    const pair = pairOf(service().router)
    const { connection } = pair
    const client = complete
      ? createClient(api, connection)
      : createClient<typeof api>(connection, outline)
    const sent = () => connection.info
    return { client, sent, pair }
  }

  test("can be awaited, and returned from an async function", async () => {
    const { client } = both()
    expect(await client).toBe(client)
    expect(await (async () => client.hosts)()).toBe(client.hosts)
    expect(await client.hosts.list).toBe(client.hosts.list)
  })

  test("is nothing to JSON", () => {
    const { client } = both()
    expect(JSON.stringify(client)).toBeUndefined()
    expect(JSON.stringify({ client, hosts: client.hosts, list: client.hosts.list })).toBe("{}")
  })

  test("can be printed and turned into text", () => {
    const { client } = both()
    for (const value of [client, client.hosts, client.hosts.list]) {
      expect(inspect(value, { showProxy: false })).toContain("Function")
      expect(inspect(value, { showProxy: true })).toContain("Proxy")
      expect(`${value}`).toContain("function")
      expect(Object.keys(value)).toEqual([])
    }
  })

  test("has no symbols but those of a function", () => {
    const { client } = both()
    const symbols = [Symbol.iterator, Symbol.asyncIterator, Symbol.toPrimitive, Symbol("mine")]
    for (const symbol of symbols) expect(Reflect.get(client, symbol)).toBeUndefined()
  })

  test("can be compared by a test runner", () => {
    const { client } = both()
    expect(client).toEqual(client)
    expect({ client }).not.toEqual({ client: 1 })
  })

  test("none of this was a call", async () => {
    const { client, pair } = both()
    await client.hosts.name()
    const before = pair.connection.info
    JSON.stringify({ client })
    inspect(client)
    String(client)
    await client
    await client.hosts.name()
    // Two calls were made in all, and each opened one channel.
    expect(pair.server.stats().channels).toBe(0)
    expect(pair.connection.info.session).toBe(before.session)
    const third = await failure(createClient(api, pair.connection).fails())
    expect(third).toMatchObject({ correlationId: `${before.session}.5` })
  })
})

describe("a call", () => {
  test("is sent at once, awaited or not", async () => {
    const { router, entered } = service()
    const client = createClient(api, pairOf(router).connection)
    const controller = new AbortController()
    const call = client.wait(1, { signal: controller.signal })
    const signal = await entered.promise
    expect(signal.aborted).toBe(false)
    controller.abort()
    expect(await failure(call)).toMatchObject({ code: "CANCELLED", executed: "unknown" })
  })

  test("is cancelled at the server too", async () => {
    const { router, entered } = service()
    const client = createClient(api, pairOf(router).connection)
    const controller = new AbortController()
    const call = client.wait(1, { signal: controller.signal })
    const signal = await entered.promise
    const aborted = new Signal()
    signal.addEventListener("abort", () => aborted.fire())
    controller.abort()
    await failure(call)
    await aborted.promise
    expect(signal.reason).toMatchObject({ code: "CANCELLED" })
  })

  test("one whose signal has fired is not sent", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    const failed = await failure(client.double(1, { signal: AbortSignal.abort() }))
    expect(failed).toMatchObject({ code: "CANCELLED", executed: "no" })
  })

  test("a signal that fires after the answer changes nothing", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    const controller = new AbortController()
    expect(await client.double(2, { signal: controller.signal })).toBe(4)
    controller.abort()
    expect(await client.double(3)).toBe(6)
  })

  test("its timeout is the server's too", async () => {
    const clock = new VirtualClock()
    const { router, entered } = service()
    const client = createClient(api, pairOf(router, { clock }).connection)
    const failed = failure(client.wait(1, { timeout: 1_000 }))
    const signal = await entered.promise
    await clock.advance(1_000)
    expect(await failed).toMatchObject({ code: "TIMEOUT", executed: "unknown" })
    expect(signal.aborted).toBe(true)
  })

  test("waits as long as the connection says, or for ever", async () => {
    const clock = new VirtualClock()
    const { router } = service()
    const { connection } = pairOf(router, { clock, connect: { timeout: 100 } })
    const client = createClient(api, connection)
    const outcomes: unknown[] = []
    const wait = (timeout?: number) =>
      void failure(client.wait(1, { timeout })).then((error) => outcomes.push(error))
    wait()
    wait(Number.POSITIVE_INFINITY)
    await clock.advance(100)
    expect(outcomes).toMatchObject([{ code: "TIMEOUT" }])
    await clock.advance(86_400_000)
    expect(outcomes).toHaveLength(1)
    await connection.close()
    await clock.advance(0)
    expect(outcomes[1]).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
  })

  test.each([
    ["a function", () => {}],
    ["a symbol", Symbol("a")],
    ["a promise", Promise.resolve(1)],
  ])("%s cannot be passed, and is not sent", async (_, input) => {
    const client = createClient(api, pairOf(service().router).connection)
    expect(await failure(client.echo(input))).toMatchObject({
      code: "UNENCODABLE",
      executed: "no",
    })
  })

  test.each<[said: string | undefined, seen: string]>([
    [undefined, "double: FORBIDDEN"],
    ["", "double: FORBIDDEN"],
    ["You may not", "You may not"],
  ])("that fails has the words of its handler, or the path and the code", async (message, seen) => {
    const router = implement(api, {
      ...Object(handlersOf()),
      double: () => {
        throw new RpcError("FORBIDDEN", { message })
      },
    })
    const client = createClient(api, pairOf(router).connection)
    expect(await failure(client.double())).toMatchObject({ message: seen })
    const untold = await failure(client.double(1, { signal: AbortSignal.abort() }))
    expect(untold).toMatchObject({ message: "double: CANCELLED" })
    const unwritten = await failure(client.echo(() => {}))
    const why = "echo: UNENCODABLE: a function has no form on the wire"
    expect(unwritten).toMatchObject({ message: why })
  })

  test("nor can what refers to itself", async () => {
    const loop: Record<string, unknown> = {}
    loop["loop"] = loop
    const client = createClient(api, pairOf(service().router).connection)
    expect(await failure(client.echo(loop))).toMatchObject({ code: "UNENCODABLE", executed: "no" })
  })

  test("what JSON has no form for arrives as it was sent", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    const value = {
      date: new Date(0),
      large: 10n ** 30n,
      map: new Map([["a", new Set([1])]]),
      bytes: new Uint8Array([0, 255]),
      dollar: { $: "d", v: 1 },
      odd: [Number.NaN, -0, Number.NEGATIVE_INFINITY, undefined, null],
    }
    expect(await client.echo(value)).toStrictEqual(value)
  })
})

describe("safe", () => {
  test("gives a value or a typed failure, and throws nothing", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    expect(await safe(client.double(2))).toEqual({ ok: true, value: 4 })
    const result = await safe(client.fails())
    if (result.ok || result.error.code !== "FULL") throw new Error("it is full")
    expect(result.error.data.size).toBe(3)
    expect(result.error).toMatchObject({ executed: "yes" })
  })

  test("wraps what is no failure of a call", async () => {
    const cause = new Error("of a promise of the user's own")
    const result = await safe(Promise.reject(cause))
    expect(result).toMatchObject({ ok: false, error: { code: "INTERNAL", cause } })
  })
})

describe("isRpcError", () => {
  test("knows failures of calls, and only those", async () => {
    const client = createClient(api, pairOf(service().router).connection)
    const caught = await failure(client.fails())
    expect(isRpcError(caught)).toBe(true)
    expect(isRpcError(caught, client.fails) && caught.code === "FULL" && caught.data.size).toBe(3)
    expect(isRpcError(new RpcError("X"))).toBe(true)
    for (const other of [new Error("X"), "X", null, undefined, {}]) {
      expect(isRpcError(other)).toBe(false)
    }
  })

  test("names the call as the server's log does", async () => {
    const errors: unknown[] = []
    const router = implement(api, {
      ...Object(handlersOf()),
      double: () => {
        throw new Error("a bug")
      },
    })
    const pair = pairOf(router, { serve: { log: (entry) => errors.push(entry) } })
    const failed = await failure(createClient(api, pair.connection).double())
    const { correlationId } = failed as RpcError
    expect(correlationId).toBe(`${pair.connection.info.session}.1`)
    expect(errors).toMatchObject([{ correlationId, path: "double", level: "error" }])
  })
})

function handlersOf() {
  const none = () => undefined
  return {
    echo: none,
    wait: none,
    fails: none,
    numbers: none,
    hosts: { list: none, name: none },
  }
}
