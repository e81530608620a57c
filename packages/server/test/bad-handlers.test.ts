import { type Connection, connect, createClient, isRpcError, safe } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { RpcError, type Server, scope, serve, topic } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { LogBook } from "./support/log.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/*
 * What a caller sees of a handler that misbehaves: one typed failure of its own call, and nothing of
 * what went wrong inside. The server logs it whole, goes on, and nobody else notices.
 */

const anything = z.unknown()

/** A schema of another make, which fails in ways that zod's do not. */
const schemaThat = (validate: (value: unknown) => unknown) => ({
  "~standard": { version: 1, vendor: "test", validate },
})
const throwing = schemaThat(() => {
  throw new Error("a secret of the schema")
})
const rejecting = schemaThat(() => Promise.reject(new Error("a secret of the schema")))

const service = contract({
  ...witnessContract,
  /** Returns, throws or yields what the test has put there. */
  returns: call({
    output: anything,
    errors: { DECLARED: z.object({ n: z.number() }), BARE: null },
  }),
  yields: subscription({ item: anything }),
  iterates: subscription({ item: anything }),
  returnsNumber: call({ output: z.number() }),
  yieldsNumber: subscription({ item: z.number() }),
  throwingInput: call({ input: throwing }),
  rejectingInput: call({ input: rejecting }),
  throwingOutput: call({ output: throwing }),
  rejectingOutput: call({ output: rejecting }),
  throwingItem: subscription({ item: throwing }),
  rejectingItem: subscription({ item: rejecting }),
  throwingErrorData: call({ errors: { DECLARED: throwing } }),
  badKey: subscription({
    item: anything,
    delivery: {
      conflate: () => {
        throw new Error("a secret of the key")
      },
    },
  }),
  pushed: subscription({ item: anything }),
  guarded: call({ output: anything }),
})

/** What the next handler does. */
let act: () => unknown = () => undefined

const app = scope<Record<string, never>>()
const badly = app.use(async ({ next }) => {
  act()
  return next()
})
const pushed = topic(service.pushed)

const router = app.implement(service, {
  ...witnessHandlers,
  returns: () => act(),
  async *yields() {
    yield "first"
    yield act()
  },
  // biome-ignore lint/suspicious/noExplicitAny: what a program in JavaScript may return
  iterates: () => act() as any,
  returnsNumber: () => act() as number,
  async *yieldsNumber() {
    yield 1
    yield act() as number
  },
  throwingInput: () => {},
  rejectingInput: () => {},
  throwingOutput: () => 1 as never,
  rejectingOutput: async () => 1 as never,
  async *throwingItem() {
    yield 1 as never
  },
  async *rejectingItem() {
    yield 1 as never
  },
  throwingErrorData: ({ errors }) => {
    throw errors.DECLARED(1 as never)
  },
  async *badKey() {
    yield 1
  },
  pushed,
  guarded: badly(() => "not reached"),
})

const book = new LogBook()
let server: Server
let listening: Listening
let witness: Witness
let connection: Connection
const clientOf = (line: Connection) => createClient(service, line)
let client: ReturnType<typeof clientOf>

beforeAll(async () => {
  server = serve(router, {
    authenticate: () => ({ context: {} }),
    log: book.log,
    limits: { messageBytes: 65_536 },
  })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  const url = `ws://127.0.0.1:${listening.port}/rpc`
  witness = await Witness.watch(url)
  connection = connect(url, { limits: { messageBytes: 65_536 } })
  client = clientOf(connection)
})

afterAll(async () => {
  await connection.close()
  await witness.close()
  await listening.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0 })
})

/** The failure of a call, as its caller sees it. */
async function failureOf(pending: Promise<unknown>) {
  const result = await safe(pending as ReturnType<typeof client.returns>)
  if (result.ok) throw new Error(`it gave ${String(result.value)}`)
  return result.error
}

/** What a stream gave, and how it failed. */
async function readAll(stream: AsyncIterable<unknown>) {
  const items: unknown[] = []
  try {
    for await (const item of stream) items.push(item)
  } catch (error) {
    if (isRpcError(error)) return { items, code: error.code, executed: error.executed, error }
    throw error
  }
  return { items, code: undefined, executed: undefined, error: undefined }
}

function cycle(): unknown {
  const a: unknown[] = []
  a.push({ a })
  return a
}

const deep = (depth: number): unknown => (depth === 0 ? 0 : [deep(depth - 1)])

const unencodable: readonly [what: string, value: () => unknown, code?: string][] = [
  ["a function", () => () => 1],
  ["a function inside", () => ({ f: () => 1 })],
  ["a symbol", () => Symbol("s")],
  ["a cycle", cycle],
  ["an invalid date", () => new Date(Number.NaN)],
  ["a bigint of too many digits", () => 10n ** 5_000n],
  ["a promise inside", () => ({ later: Promise.resolve(1) })],
  ["a WeakMap", () => new WeakMap()],
  ["a regular expression", () => [/x/]],
  ["nested deeper than 64", () => deep(65)],
  ["a key named __proto__", () => JSON.parse('{"__proto__":1}')],
  [
    "a getter that throws",
    () => ({
      get x() {
        throw new Error("secret")
      },
    }),
  ],
  [
    "a toJSON that throws",
    () => ({
      toJSON() {
        throw new Error("secret")
      },
    }),
  ],
  [
    "a toJSON that never ends",
    () => {
      const value = { toJSON: () => value }
      return value
    },
  ],
  [
    "a proxy that throws",
    () =>
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error("secret")
          },
        },
      ),
  ],
]

describe("a value that has no form on the wire", () => {
  test.each(unencodable)("as a result: %s", async (_, value) => {
    act = value
    const error = await failureOf(client.returns())
    expect([error.code, error.executed]).toEqual(["UNENCODABLE", "yes"])
    expect(error.message).not.toContain("secret")
    await witness.undisturbed(4)
  })

  test.each(unencodable)("as an item: %s", async (_, value) => {
    act = value
    const { items, code, executed } = await readAll(client.yields())
    expect(items).toEqual(["first"])
    expect([code, executed]).toEqual(["UNENCODABLE", "yes"])
    await witness.undisturbed(4)
  })

  test.each(unencodable)("published to a topic: %s", async (_, value) => {
    const reading = readAll(client.pushed())
    await until(() => pushed.readers === 1)
    await expect(pushed.publish(value())).rejects.toMatchObject({
      code: "UNENCODABLE",
      executed: "no",
    })
    expect(pushed.readers).toBe(1)
    await witness.undisturbed(4)
    await restart()
    await reading
  })

  test.each(unencodable)("as an input, which is never sent: %s", async (_, value) => {
    const line = createClient<{ any: { kind: "call" } & typeof service.returns }>(connection)
    const any = line.any as unknown as (input: unknown) => Promise<unknown>
    const before = connection.info.framesOut
    const error = await failureOf(any(value()))
    expect([error.code, error.executed]).toEqual(["UNENCODABLE", "no"])
    expect(connection.info.framesOut).toBe(before)
    await witness.undisturbed(4)
  })
})

/** Another connection, so that the streams of the one before are over. */
async function restart(): Promise<void> {
  await connection.close()
  connection = connect(`ws://127.0.0.1:${listening.port}/rpc`, { limits: { messageBytes: 65_536 } })
  client = clientOf(connection)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe("a value larger than the other side accepts", () => {
  const large = "x".repeat(70_000)

  test("as a result", async () => {
    act = () => large
    const error = await failureOf(client.returns())
    expect([error.code, error.executed]).toEqual(["TOO_LARGE", "yes"])
    await witness.undisturbed()
  })

  test("as an item", async () => {
    act = () => large
    const { code, items } = await readAll(client.yields())
    expect([items, code]).toEqual([["first"], "TOO_LARGE"])
    await witness.undisturbed()
  })

  test("as an input", async () => {
    const line = createClient<{ any: { kind: "call" } & typeof service.returns }>(connection)
    const any = line.any as unknown as (input: unknown) => Promise<unknown>
    const error = await failureOf(any(large))
    expect([error.code, error.executed]).toEqual(["TOO_LARGE", "no"])
    await witness.undisturbed()
  })
})

const thrown: readonly [what: string, value: unknown][] = [
  ["a string", "a secret"],
  ["a number", 7],
  ["nothing", undefined],
  ["null", null],
  ["a symbol", Symbol("a secret")],
  ["a function", () => "a secret"],
  ["an object", { code: "FORBIDDEN", message: "a secret" }],
  ["a frozen object", Object.freeze({ message: "a secret" })],
  ["an object without a prototype", Object.create(null)],
  ["an error", new Error("a secret")],
  ["an error whose message throws", Object.defineProperty(new Error(), "message", { get: boom })],
  ["a proxy that throws", new Proxy({}, { has: boom, get: boom })],
  ["a code that only the runtime may give", new RpcError("REFUSED", { message: "a secret" })],
  ["another one", new RpcError("BUSY", { message: "a secret" })],
  ["a code that is not declared", new RpcError("SURPRISE", { message: "a secret" })],
  ["a declared code with the wrong data", new RpcError("DECLARED", { data: "a secret" })],
  ["a declared code with data that cannot be written", new RpcError("DECLARED", { data: cycle() })],
  ["a name of every object", new RpcError("constructor", { message: "a secret" })],
]

function boom(): never {
  throw new Error("a secret of a getter")
}

describe("a handler that throws", () => {
  test.each(thrown)("at once: %s", async (_, value) => {
    act = () => {
      throw value
    }
    const error = await failureOf(client.returns())
    expect([error.code, error.executed, error.message]).toEqual([
      "INTERNAL",
      "yes",
      "returns: INTERNAL",
    ])
    expect(error.data).toBeUndefined()
    await witness.undisturbed(4)
  })

  test.each(thrown)("later: %s", async (_, value) => {
    act = () => Promise.reject(value)
    const error = await failureOf(client.returns())
    expect([error.code, error.executed, error.message]).toEqual([
      "INTERNAL",
      "yes",
      "returns: INTERNAL",
    ])
    await witness.undisturbed(4)
  })

  test.each(thrown)("in a stream: %s", async (_, value) => {
    act = () => {
      throw value
    }
    const { items, code, executed, error } = await readAll(client.yields())
    expect([items, code, executed]).toEqual([["first"], "INTERNAL", "yes"])
    expect(error?.message).toBe("yields: INTERNAL")
    await witness.undisturbed(4)
  })

  test.each(thrown)(
    "in the middleware, so that the handler is not entered: %s",
    async (_, value) => {
      act = () => {
        throw value
      }
      const error = await failureOf(client.guarded())
      expect([error.code, error.executed]).toEqual(["INTERNAL", "no"])
      await witness.undisturbed(4)
    },
  )

  test("the log has it whole, with the id that the caller has", async () => {
    const cause = new Error("a secret")
    act = () => {
      throw cause
    }
    const error = await failureOf(client.returns())
    const entry = await book.find({ correlationId: error.correlationId, level: "error" })
    expect(entry).toMatchObject({ error: cause, path: "returns", message: "a handler failed" })
    expect(error.correlationId).toBe(
      `${connection.info.session}.${error.correlationId?.split(".").at(-1)}`,
    )
  })

  test.each([
    ["DECLARED", { n: "1" }, expect.stringMatching(/^the data of DECLARED does not fit .*: n: /)],
    ["UNHEARD", undefined, "UNHEARD is not declared"],
    ["BUSY", undefined, "BUSY is the runtime's alone"],
    ["INTERNAL", undefined, "INTERNAL is the runtime's alone"],
  ])("the log has a reason where %s is a bug", async (code, data, reason) => {
    act = () => {
      throw new RpcError(code, { data })
    }
    const { correlationId } = await failureOf(client.returns())
    expect(await book.find({ correlationId, level: "error" })).toMatchObject({ reason })
  })

  test("a reserved code keeps its name and its text", async () => {
    act = () => {
      throw new RpcError("FORBIDDEN", { message: "not yours", data: { secret: 1 }, executed: "no" })
    }
    const error = await failureOf(client.returns())
    expect([error.code, error.message, error.executed]).toEqual(["FORBIDDEN", "not yours", "yes"])
    expect(error.data).toBeUndefined()
  })

  test("a declared code keeps its data", async () => {
    act = () => {
      throw new RpcError("DECLARED", { data: { n: 7 } })
    }
    const error = await failureOf(client.returns())
    expect([error.code, error.data, error.executed]).toEqual(["DECLARED", { n: 7 }, "yes"])
  })
})

describe("a handler that returns no stream", () => {
  test.each<[what: string, source: () => unknown]>([
    ["nothing", () => undefined],
    ["a number", () => 7],
    ["an array", () => [1, 2]],
    ["a promise of nothing", () => Promise.resolve(undefined)],
    ["an object whose iterator throws", () => ({ [Symbol.asyncIterator]: boom })],
    ["a promise of such an object", async () => ({ [Symbol.asyncIterator]: boom })],
    ["an object whose iterator is nothing", () => ({ [Symbol.asyncIterator]: () => undefined })],
    ["a promise of it", async () => ({ [Symbol.asyncIterator]: () => undefined })],
    ["an iterator without next", () => ({ [Symbol.asyncIterator]: () => ({}) })],
    ["a next that throws", () => ({ [Symbol.asyncIterator]: () => ({ next: boom }) })],
    ["a next that gives no promise", () => ({ [Symbol.asyncIterator]: () => ({ next: () => 7 }) })],
    ["a next that gives nothing", () => iterator(async () => undefined)],
    ["a next that gives a number", () => iterator(async () => 7)],
    [
      "a step that cannot say whether it is the last",
      () =>
        iterator(async () => ({
          get done() {
            return boom()
          },
        })),
    ],
    [
      "a step whose value throws",
      () =>
        iterator(async () => ({
          done: false,
          get value() {
            return boom()
          },
        })),
    ],
  ])("%s", async (_, source) => {
    act = source
    const { items, code, error } = await readAll(client.iterates())
    expect([code, error?.message]).toEqual(["INTERNAL", "iterates: INTERNAL"])
    expect(items).toEqual([])
    await witness.undisturbed(4)
  })
})

function iterator(next: () => unknown): unknown {
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

describe("a source whose clean-up fails", () => {
  test.each<[what: string, back: () => unknown]>([
    ["at once", boom],
    ["later", () => Promise.reject(new Error("a secret"))],
    ["never", () => new Promise(() => {})],
  ])("%s", async (_, back) => {
    let step = 0
    act = () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: step++ }),
        return: back,
      }),
    })
    for await (const item of client.iterates()) if (item === 3) break
    await witness.undisturbed(4)
  })

  test("though it only comes when its caller is gone", async () => {
    let give: (source: unknown) => void = () => {}
    const entered = new Promise<void>((resolve) => {
      act = () => {
        resolve()
        return new Promise((gives) => {
          give = gives
        })
      }
    })
    const stream = client.iterates()
    const end = stream[Symbol.asyncIterator]().next()
    await entered
    stream.cancel()
    await end
    await witness.undisturbed()
    const error = new Error("a secret")
    give({
      [Symbol.asyncIterator]: () => {
        throw error
      },
    })
    await book.find({ message: "a handler failed", path: "iterates", error })
    await witness.undisturbed(4)
  })
})

describe("what a handler gives does not fit its contract", () => {
  test("a result", async () => {
    act = () => "seven"
    const error = await failureOf(client.returnsNumber())
    expect([error.code, error.executed, error.data]).toEqual(["INTERNAL", "yes", undefined])
    await witness.undisturbed()
  })

  test("an item", async () => {
    act = () => "seven"
    const { items, code } = await readAll(client.yieldsNumber())
    expect([items, code]).toEqual([[1], "INTERNAL"])
    await witness.undisturbed()
  })
})

describe("a schema that fails itself", () => {
  const calls: readonly [string, () => Promise<unknown>, executed: string][] = [
    ["throws at the input", () => client.throwingInput(1 as never), "no"],
    ["rejects at the input", () => client.rejectingInput(1 as never), "no"],
    ["throws at the output", () => client.throwingOutput(), "yes"],
    ["rejects at the output", () => client.rejectingOutput(), "yes"],
    ["throws at a declared error", () => client.throwingErrorData(), "yes"],
  ]
  test.each(calls)("%s", async (_, run, executed) => {
    const error = await failureOf(run())
    expect([error.code, error.executed]).toEqual(["INTERNAL", executed])
    expect(error.message).toMatch(/^\w+: INTERNAL$/)
    await witness.undisturbed(4)
  })

  test.each([
    ["throws at an item", () => client.throwingItem()],
    ["rejects at an item", () => client.rejectingItem()],
    ["throws where the key of an item is found", () => client.badKey()],
  ] as const)("%s", async (_, open) => {
    const { items, code } = await readAll(open())
    expect([items, code]).toEqual([[], "INTERNAL"])
    await witness.undisturbed(4)
  })
})
