import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import {
  type Connection,
  type ConnectionState,
  type ConnectOptions,
  connect,
  createClient,
  type Observer,
  type RpcError,
  safe,
  type WebSocketClass,
} from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, type ServeOptions, RpcError as ServerError, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { VirtualClock } from "@trunkline/testing"
import { afterEach, describe, expect, test } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import * as z from "zod"
import { quickHost } from "../../server/test/support/quick-host.js"

/* A connection's own life: attempts, tokens, what waits, and how it ends. */

const service = contract({
  echo: call({ input: z.string(), output: z.string() }),
  hang: call({ output: z.number() }),
  stream: subscription({ item: z.number() }),
})

const router = implement(service, {
  echo: ({ input }) => input,
  hang: () => new Promise<never>(() => {}),
  async *stream({ signal }) {
    yield 1
    await new Promise((resolve) => signal.addEventListener("abort", resolve))
  },
})

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start(options: ServeOptions<unknown> = {}, port = 0): Promise<Listening> {
  const listening = await listen(serve(router, options), { port, hostname: "127.0.0.1" })
  endings.push(() => listening.close())
  return listening
}

/** A server of a few lines, which does with each socket what the test says. */
async function startFake(serve: (socket: WebSocket, attempt: number) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
  await once(server, "listening")
  let attempts = 0
  server.on("connection", (socket) => serve(socket, ++attempts))
  endings.push(() => {
    for (const client of server.clients) client.terminate()
    return new Promise((resolve) => server.close(resolve))
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/rpc`
}

function dial(url: string | URL, options: ConnectOptions = {}): Connection {
  const connection = connect(url, { reconnect: { base: 2, cap: 5 }, ...options })
  endings.push(() => connection.close())
  return connection
}

const urlOf = ({ port }: Listening): string => `ws://127.0.0.1:${port}/rpc`

function reached(connection: Connection, state: ConnectionState) {
  return new Promise<{ code?: number | undefined; reason?: string | undefined }>((resolve) => {
    if (connection.state === state) resolve({})
    connection.on("state", (change) => change.to === state && resolve(change))
  })
}

const nowhere = "ws://127.0.0.1:1/rpc"

describe("the address", () => {
  test.each<unknown>([
    ...["", "127.0.0.1", "localhost:80/rpc", "/rpc", "ftp://x", "//x", "ws://", "wsx://a"],
    ...["ws://[", "ws://h:99999/", "ws://h/rpc#part", "ws://h/rpc#"],
    ...[undefined, null, 9, {}],
  ])("%j is none", (url) => {
    const example = "such as wss://app.example.com/rpc"
    const told = new TypeError(`connect: ${url} is no address of a WebSocket, ${example}`)
    expect(() => connect(url as string)).toThrow(told)
  })

  test("may be a URL", async () => {
    const client = createClient(service, dial(new URL(urlOf(await start()))))
    expect(await client.echo("a")).toBe("a")
  })

  test("http and https mean ws and wss", async () => {
    const seen: string[] = []
    const Seeing = class {
      constructor(url: string) {
        seen.push(url)
        throw new Error("seen")
      }
    } as unknown as WebSocketClass
    for (const url of ["http://a/rpc", "https://a/rpc", "ws://a/rpc"]) {
      const connection = dial(url, { WebSocket: Seeing })
      await new Promise<void>((resolve) => connection.on("error", () => resolve()))
    }
    expect(seen.slice(0, 3)).toEqual(["ws://a/rpc", "wss://a/rpc", "ws://a/rpc"])
  })
})

describe("why one cannot connect", () => {
  async function reasonOf(url: string): Promise<unknown> {
    const { code, reason } = await reached(dial(url, { WebSocket: Ws }), "waiting")
    return [code, reason]
  }
  const Ws: WebSocketClass = WebSocket as never

  test("is told by the state event: nobody listens", async () => {
    const listening = await start()
    const url = urlOf(listening)
    await listening.close()
    expect(await reasonOf(url)).toEqual([1006, `connect ECONNREFUSED ${new URL(url).host}`])
  })

  test("the path is another", async () => {
    const url = `${urlOf(await start())}/elsewhere`
    expect(await reasonOf(url)).toEqual([1006, "Unexpected server response: 404"])
  })

  test("it is no server of WebSockets", async () => {
    const server = createServer((_, response) => response.end("a page"))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    endings.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as AddressInfo
    const told = [1006, "Unexpected server response: 200"]
    expect(await reasonOf(`ws://127.0.0.1:${port}/rpc`)).toEqual(told)
  })
})

describe("the WebSocket class", () => {
  /** Tells that it was used, and does the work of `ws`. */
  const spy = (used: string[], name: string): WebSocketClass =>
    class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        used.push(name)
      }
    } as unknown as WebSocketClass

  afterEach(() => void Reflect.deleteProperty(globalThis, "WebSocket"))

  test("is that of the options, else the global one, else that of isomorphic-ws", async () => {
    const url = urlOf(await start())
    const used: string[] = []
    const before = globalThis.WebSocket
    Reflect.set(globalThis, "WebSocket", spy(used, "global"))
    await createClient(service, dial(url, { WebSocket: spy(used, "option") })).echo("a")
    await createClient(service, dial(url)).echo("b")
    Reflect.set(globalThis, "WebSocket", undefined)
    await createClient(service, dial(url)).echo("c")
    Reflect.set(globalThis, "WebSocket", before)
    expect(used).toEqual(["option", "global"])
  })

  test("is looked up at each attempt, so that one that comes later is used", async () => {
    const url = urlOf(await start())
    const used: string[] = []
    const connection = dial(url)
    await createClient(service, connection).echo("a")
    const before = globalThis.WebSocket
    Reflect.set(globalThis, "WebSocket", spy(used, "later"))
    const other = dial(url)
    await createClient(service, other).echo("b")
    Reflect.set(globalThis, "WebSocket", before)
    expect(used).toEqual(["later"])
  })
})

describe("the token", () => {
  test("is asked for before each attempt", async () => {
    const tokens: unknown[] = []
    const listening = await start({
      authenticate: ({ token }) => {
        tokens.push(token)
        return { principal: "ada", context: {} }
      },
    })
    let asked = 0
    const sockets: WebSocket[] = []
    const Kept = class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    } as unknown as WebSocketClass
    const connection = dial(urlOf(listening), {
      token: async () => `t${++asked}`,
      WebSocket: Kept,
    })
    const client = createClient(service, connection)
    await client.echo("a")
    sockets[0]?.terminate()
    await client.echo("b")
    sockets[1]?.terminate()
    await client.echo("c")
    expect(tokens).toEqual(["t1", "t2", "t3"])
  })

  test("that is refused is replaced by a new one at once", async () => {
    const listening = await start({
      authenticate: ({ token }) => {
        if (token !== "t2") throw new ServerError("UNAUTHORIZED")
        return { context: {} }
      },
    })
    let asked = 0
    const connection = dial(urlOf(listening), {
      token: () => `t${++asked}`,
      reconnect: { base: 600_000, cap: 600_000 },
    })
    expect(await createClient(service, connection).echo("a")).toBe("a")
    expect(asked).toBe(2)
  })

  test("that is refused five times in a row ends the connection", async () => {
    const listening = await start({
      authenticate: () => {
        throw new ServerError("UNAUTHORIZED", { message: "never" })
      },
    })
    let asked = 0
    const connection = dial(urlOf(listening), { token: () => `t${++asked}` })
    const pending = safe(createClient(service, connection).echo("a"))
    expect(await reached(connection, "closed")).toMatchObject({ code: 4401, reason: "never" })
    expect(await pending).toMatchObject({ error: { code: "CLOSED", executed: "no" } })
    expect(asked).toBe(5)
  })

  test("that cannot be had is told, and asked for again", async () => {
    const listening = await start()
    let asked = 0
    const connection = dial(urlOf(listening), {
      token: () => {
        if (++asked < 3) throw new Error("no token today")
        return "t"
      },
    })
    const errors: RpcError[] = []
    connection.on("error", (error) => errors.push(error))
    expect(await createClient(service, connection).echo("a")).toBe("a")
    expect(errors.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
      ["UNAVAILABLE", "no token today"],
      ["UNAVAILABLE", "no token today"],
    ])
  })

  test.each<[what: string, token: unknown]>([
    ["too long", "x".repeat(8_193)],
    ["no text", { bearer: "t" }],
    ["null", null],
  ])("that is %s is never sent: it is told, and asked for again", async (_, nonsense) => {
    const tokens: unknown[] = []
    const listening = await start({
      authenticate: ({ token }) => {
        tokens.push(token)
        return { context: {} }
      },
    })
    const longest = "y".repeat(8_192)
    let asked = 0
    const connection = dial(urlOf(listening), {
      token: () => (++asked < 2 ? (nonsense as string) : longest),
    })
    const errors: RpcError[] = []
    connection.on("error", (error) => errors.push(error))
    expect(await createClient(service, connection).echo("a")).toBe("a")
    expect(tokens).toEqual([longest])
    expect(errors.map(({ code, cause }) => [code, String(cause)])).toEqual([
      ["UNAVAILABLE", "TypeError: token() must give a text of at most 8192 units"],
    ])
  })

  test("that is too long as it is written is never sent: it is told, and asked for again", async () => {
    const listening = await start()
    let asked = 0
    const connection = dial(urlOf(listening), {
      token: () => (++asked < 5 ? '"'.repeat(8_192) : "t"),
    })
    const errors: RpcError[] = []
    connection.on("error", (error) => errors.push(error))
    expect(await createClient(service, connection).echo("a")).toBe("a")
    const cause = new TypeError("a HELLO of more than 16384 units, for its token")
    expect(errors).toHaveLength(4)
    for (const error of errors) expect(error).toMatchObject({ code: "UNAVAILABLE", cause })
  })

  test("that never comes is given up for another attempt", async () => {
    const listening = await start()
    let asked = 0
    const connection = dial(urlOf(listening), {
      host: quickHost(100),
      token: () => (++asked < 2 ? new Promise(() => {}) : "t"),
    })
    const client = createClient(service, connection)
    expect(await client.echo("a", { timeout: Number.POSITIVE_INFINITY })).toBe("a")
  })
})

test("listeners that cannot be called, or fail, leave the line to everybody else", async () => {
  const connection = dial(urlOf(await start()))
  const client = createClient(service, connection)
  expect(() => client.stream().subscribe(undefined as never)).toThrow(TypeError)
  const failed = new Promise<RpcError>((resolve) => {
    client.stream().subscribe({
      item: () => {
        throw new Error("the listener's own")
      },
      error: resolve,
    })
  })
  expect(await failed).toMatchObject({ code: "INTERNAL", executed: "unknown" })
  // Checked when it was given, and spoiled behind our back.
  const spoiled = new Promise<RpcError>((resolve) => {
    const listeners = { item: () => {}, error: resolve }
    client.stream().subscribe(listeners)
    Object.assign(listeners, { item: "nothing" })
  })
  expect(await spoiled).toMatchObject({ code: "INTERNAL", cause: expect.any(TypeError) })
  expect(await client.echo("a")).toBe("a")
})

describe("an observer", () => {
  const failing = (what: string) => () => {
    throw new Error(what)
  }
  test.each<[what: string, observer: Observer, surfaced: number]>([
    ["throws", { started: failing("started") }, 2],
    ["throws at the end", { started: () => ({ ended: failing("ended") }) }, 2],
    [
      "traces with what is none",
      { started: () => ({ traceparent: "x".repeat(65), ended() {} }) },
      0,
    ],
  ])("that %s harms nobody", async (_, observer, surfaced) => {
    const connection = dial(urlOf(await start()))
    const client = createClient(service, connection)
    connection.observe(observer)
    const errors: unknown[] = []
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    process.on("uncaughtException", (error) => errors.push(error))
    expect(await client.echo("a")).toBe("a")
    for await (const number of client.stream()) if (number === 1) break
    expect(await client.echo("b")).toBe("b")
    process.removeAllListeners("uncaughtException")
    for (const listener of listeners) process.on("uncaughtException", listener)
    expect(errors.length).toBeGreaterThanOrEqual(surfaced)
    expect(connection.state).toBe("open")
  })

  test.each([null, 5, {}, { started: 5 }])("that is %j is refused", async (given) => {
    const connection = dial(nowhere)
    expect(() => connection.observe(given as Observer)).toThrow("an observer has a function")
    const server = serve(router)
    expect(() => server.observe(given as Observer)).toThrow("an observer has a function")
  })
})

describe("a token that is asked for and cannot be had", () => {
  test("while there is no line either", async () => {
    const cause = new Error("no token today")
    const connection = dial(nowhere, { token: () => Promise.reject(cause) })
    connection.on("error", () => {})
    await expect(connection.refreshToken()).rejects.toMatchObject({ code: "UNAVAILABLE", cause })
  })
})

describe("an option that cannot be is refused where it is given", () => {
  const sane = { base: 2, cap: 5 }
  const noNumbers: unknown[] = [Number.NaN, "abc", "5", null, {}]
  const finite = [...noNumbers, -1, Number.POSITIVE_INFINITY]

  test.each<[option: string, of: (value: unknown) => object, values: unknown[]]>([
    ["contract", (contract) => ({ contract }), ["x".repeat(65), 5, null, { id: "c" }]],
    ["timeout", (timeout) => ({ timeout }), noNumbers.filter((value) => value !== null)],
    ["reconnect.base", (base) => ({ reconnect: { ...sane, base } }), finite],
    ["reconnect.cap", (cap) => ({ reconnect: { ...sane, cap } }), [...finite, 0]],
    ["queue.calls", (calls) => ({ queue: { calls } }), [...noNumbers, -1]],
    ["queue.units", (units) => ({ queue: { units } }), [...noNumbers, -1]],
    ["token", (token) => ({ token }), ["abc", { bearer: "t" }]],
    ["serve is no router", (serve) => ({ serve }), [5, {}, { ask: () => 1 }]],
    ["codecs", (codecs) => ({ codecs }), [5, "msgpack", ["msgpack"], [null]]],
  ])("%s", (option, of, values) => {
    for (const value of values) {
      const refused = expect(() => connect(nowhere, of(value)), String(value))
      refused.toThrow(TypeError)
      refused.toThrow(option)
    }
  })

  test("and nothing is, that can", async () => {
    const url = urlOf(await start())
    const { POSITIVE_INFINITY: all } = Number
    const options = { timeout: all, queue: { calls: all, units: all }, contract: "x".repeat(64) }
    const client = createClient(service, dial(url, { ...options, reconnect: { base: 0, cap: 1 } }))
    expect(await client.echo("a")).toBe("a")
    const hasty = createClient(service, dial(url, { timeout: -1, queue: { calls: 0, units: 0 } }))
    expect(await safe(hasty.echo("a"))).toMatchObject({ error: { code: "TIMEOUT" } })
  })
})

describe("a close code", () => {
  test.each([4403, 4406])("%i is for good", async (code) => {
    let attempts = 0
    const url = await startFake((socket, attempt) => {
      attempts = attempt
      socket.close(code, "go away")
    })
    const connection = dial(url)
    const client = createClient(service, connection)
    const pending = safe(client.echo("a"))
    expect(await reached(connection, "closed")).toMatchObject({ code, reason: "go away" })
    expect(await pending).toMatchObject({ error: { code: "CLOSED", executed: "no" } })
    expect(await safe(client.echo("b"))).toMatchObject({
      error: { code: "CLOSED", executed: "no" },
    })
    expect(attempts).toBe(1)
  })

  test.each([1000, 1001, 1005, 1006, 1011, 1012, 1013, 4408, 4429, 4503, 4999])(
    "%i is followed by another attempt",
    async (code) => {
      const url = await startFake((socket, attempt) => {
        if (attempt === 1 && code === 1006) socket.terminate()
        else if (attempt === 1 && code === 1005) socket.close()
        else socket.close(attempt === 1 ? code : 4403)
      })
      const connection = dial(url)
      expect(await reached(connection, "closed")).toMatchObject({ code: 4403 })
    },
  )

  test.each([1003, 1007, 1009, 4400])("%i, the third time, is for good", async (code) => {
    let attempts = 0
    const url = await startFake((socket, attempt) => {
      attempts = attempt
      socket.close(code)
    })
    const connection = dial(url)
    expect(await reached(connection, "closed")).toMatchObject({ code })
    expect(attempts).toBe(3)
  })

  test("that was lost does not matter where a REJECT was read", async () => {
    const url = await startFake((socket) => {
      socket.send('[0,0,[3,{"code":"forbidden","message":"not you"}]]', () => socket.terminate())
    })
    const connection = dial(url)
    const waiting = safe(createClient(service, connection).echo("a"))
    expect(await reached(connection, "closed")).toMatchObject({ code: 4403, reason: "not you" })
    const message = "echo: CLOSED: 4403 not you"
    expect(await waiting).toMatchObject({ error: { code: "CLOSED", executed: "no", message } })
    expect(await safe(createClient(service, connection).echo("b"))).toMatchObject({
      error: { code: "CLOSED", executed: "no", message },
    })
  })

  test("with a hint is waited for as long as the hint says, whatever the backoff", async () => {
    const url = await startFake((socket, attempt) => {
      const busy = '[0,0,[3,{"code":"busy","message":"later","retryAfterMs":[1,5]}]]'
      if (attempt === 1) socket.send(busy)
      else socket.close(4403)
    })
    const connection = dial(url, { reconnect: { base: 600_000, cap: 600_000 } })
    expect(await reached(connection, "closed")).toMatchObject({ code: 4403 })
  })
})

describe("a server that breaks the protocol", () => {
  const welcome = (change = ""): string =>
    `[0,0,[2,{"sid":"s","secret":"x","resumed":false,"rx":0,"subject":"u","limits":{"window":65536,"calls":9,"streams":9,"messageBytes":65536},"hb":20000,"grace":1000,"caps":[]${change}}]]`

  test.each<[what: string, messages: readonly (string | Buffer)[]]>([
    ["no answer to HELLO", ["[0,0]"]],
    ["not JSON", ["hello"]],
    ["a WELCOME without a secret", [welcome().replace('"secret":"x",', "")]],
    ["a WELCOME that resumes what there is not", [welcome().replace("false", "true")]],
    ["two of them", [welcome(), welcome()]],
    ["binary", [welcome(), Buffer.from("[0,0]")]],
    ["a caller's frame", [welcome(), '[1,0,[20,1,"echo"]]']],
    ["a RESULT for a channel that was not opened", [welcome(), "[1,0,[17,99,1]]"]],
    ["a gap in the numbers", [welcome(), "[5,0,[22,1]]"]],
    ["an acknowledgement of the future", [welcome(), "[0,99]"]],
    ["a key named __proto__", [welcome(), '[1,0,[17,1,{"__proto__":1}]]']],
    ["a message over any size", [welcome(), `[1,0,[17,1,"${"x".repeat(300_000)}"]]`]],
  ])("%s: its socket is closed 4400, and the third time for good", async (_, messages) => {
    const codes: number[] = []
    const url = await startFake((socket) => {
      socket.on("close", (code) => codes.push(code))
      socket.once("message", () => {
        for (const message of messages)
          socket.send(message, { binary: typeof message !== "string" })
      })
    })
    const connection = dial(url)
    const pending = safe(createClient(service, connection).echo("a"))
    expect(await reached(connection, "closed")).toMatchObject({ code: 4400 })
    expect(await pending).toMatchObject({ ok: false })
    while (codes.length < 3) await new Promise((resolve) => setImmediate(resolve))
    expect(codes).toEqual([4400, 4400, 4400])
  })
})

describe("what waits for the line", () => {
  test("is bounded in number; one more fails at once, and those before are sent", async () => {
    const connection = dial(nowhere, { queue: { calls: 3 } })
    const client = createClient(service, connection)
    const calls = ["a", "b", "c", "d"].map((text) => safe(client.echo(text)))
    expect(await calls[3]).toMatchObject({ error: { code: "OFFLINE_QUEUE_FULL", executed: "no" } })
    await connection.abort()
    for (const pending of calls.slice(0, 3)) {
      expect(await pending).toMatchObject({ error: { code: "CLOSED", executed: "no" } })
    }
  })

  test("is bounded in size", async () => {
    const connection = dial(nowhere, { queue: { units: 1_000 } })
    const client = createClient(service, connection)
    const first = safe(client.echo("x".repeat(900)))
    expect(await safe(client.echo("x".repeat(900)))).toMatchObject({
      error: { code: "OFFLINE_QUEUE_FULL", executed: "no" },
    })
    await connection.close()
    expect(await first).toMatchObject({ error: { code: "CLOSED" } })
  })

  test("is cancelled without being sent", async () => {
    const connection = dial(nowhere)
    const client = createClient(service, connection)
    const controller = new AbortController()
    const pending = safe(client.echo("a", { signal: controller.signal }))
    controller.abort()
    expect(await pending).toMatchObject({ error: { code: "CANCELLED", executed: "no" } })
    expect(await safe(client.echo("b", { signal: AbortSignal.abort() }))).toMatchObject({
      error: { code: "CANCELLED", executed: "no" },
    })
  })

  test("has its deadline there too, and tells how the last attempt ended", async () => {
    const connection = dial(nowhere)
    await new Promise<void>((resolve) => {
      connection.on("state", ({ to }) => to === "waiting" && resolve())
    })
    const client = createClient(service, connection)
    expect(await safe(client.echo("a", { timeout: 5 }))).toMatchObject({
      error: {
        code: "TIMEOUT",
        executed: "no",
        message: expect.stringMatching(
          /^echo: TIMEOUT: it waited for the line and was never sent \(1006\b.*\)$/,
        ),
      },
    })
  })
})

describe("a call under way", () => {
  /** A client of a server whose `hang` hands out its signal. */
  async function hanging(connect: ConnectOptions, options: ServeOptions<unknown>) {
    let enter: (signal: AbortSignal) => void = () => {}
    const entered = new Promise<AbortSignal>((resolve) => {
      enter = resolve
    })
    const other = implement(service, {
      echo: ({ input }) => input,
      hang: ({ signal }) => {
        enter(signal)
        return new Promise(() => {})
      },
      async *stream() {},
    })
    const listening = await listen(serve(other, options), { port: 0, hostname: "127.0.0.1" })
    endings.push(() => listening.close())
    return { client: createClient(service, dial(urlOf(listening), connect)), entered }
  }

  test("ends at its deadline at the server too", async () => {
    const clock = new VirtualClock()
    const { client, entered } = await hanging({}, { host: clock })
    const pending = safe(client.hang(undefined, { timeout: 15_000 }))
    const signal = await entered
    await clock.advance(15_000)
    expect(await pending).toMatchObject({ error: { code: "TIMEOUT", executed: "unknown" } })
    expect(signal.reason).toMatchObject({ code: "TIMEOUT" })
  })

  test("is waited for as long as connect was told, and its handler is told when that is over", async () => {
    const clock = new VirtualClock()
    const { client, entered } = await hanging({ host: clock, timeout: 30 }, {})
    const pending = safe(client.hang())
    const signal = await entered
    await clock.advance(29)
    expect(await Promise.race([pending, "pending"])).toBe("pending")
    await clock.advance(1)
    expect(await pending).toMatchObject({ error: { code: "TIMEOUT", executed: "unknown" } })
    await expect.poll(() => signal.reason?.code).toBe("CANCELLED")
  })
})

describe("the end", () => {
  async function busy() {
    const connection = dial(urlOf(await start()))
    const client = createClient(service, connection)
    await client.echo("a")
    const pending = safe(client.hang())
    const stream = (async () => {
      for await (const _ of client.stream());
      return "done"
    })().catch((error) => error.code)
    while (connection.info.framesOut < 3) await new Promise((resolve) => setImmediate(resolve))
    return { connection, client, pending, stream }
  }

  test.each(["close", "abort"] as const)("%s settles all that is open", async (verb) => {
    const { connection, client, pending, stream } = await busy()
    await connection[verb]()
    expect(connection.state).toBe("closed")
    expect(await pending).toMatchObject({ error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } })
    expect(await stream).toBe("CLOSED")
    expect(await safe(client.echo("late"))).toMatchObject({
      error: { code: "CLOSED", executed: "no" },
    })
    await connection.close()
    await connection.abort()
    await connection.drain()
  })

  test("drain lets calls finish, ends streams and takes nothing new", async () => {
    let release: (value: number) => void = () => {}
    const other = implement(service, {
      echo: ({ input }) => input,
      hang: () =>
        new Promise((resolve) => {
          release = resolve
        }),
      async *stream() {
        await new Promise(() => {})
      },
    })
    const listening = await listen(serve(other), { port: 0, hostname: "127.0.0.1" })
    endings.push(() => listening.close())
    const connection = dial(urlOf(listening))
    const client = createClient(service, connection)
    const pending = client.hang()
    const stream = (async () => {
      for await (const _ of client.stream());
    })().catch((error) => error.code)
    await client.echo("both are there")
    const drained = connection.drain()
    expect(connection.state).toBe("draining")
    expect(connection.drain()).toBe(drained)
    expect(await safe(client.echo("new"))).toMatchObject({
      error: { code: "CLOSED", executed: "no" },
    })
    expect(await stream).toBe("CLOSED")
    release(5)
    expect(await pending).toBe(5)
    await drained
    expect(connection.state).toBe("closed")
  })

  test.each(["close", "drain", "abort"] as const)(
    "%s ends streams, and is no error that nobody took",
    async (verb) => {
      const connection = dial(urlOf(await start()))
      const unheard: RpcError[] = []
      connection.on("error", (error) => unheard.push(error))
      const streams = createClient(service, connection)
      await new Promise<void>((resolve) => {
        streams.stream().subscribe({ item: () => resolve() })
      })
      await connection[verb]()
      // One that asks for its end is told of it all the same.
      const error = await new Promise<RpcError>((resolve) => {
        streams.stream().subscribe({ item: () => {}, error: resolve })
      })
      expect(error).toMatchObject({ code: "CLOSED", executed: "no" })
      expect(unheard).toEqual([])
    },
  )

  test("a server that ends it for good is an error that nobody took", async () => {
    const url = await startFake((socket) => socket.close(4403, "not you"))
    const connection = dial(url)
    const unheard = new Promise<RpcError>((resolve) => connection.on("error", resolve))
    createClient(service, connection)
      .stream()
      .subscribe({ item: () => {} })
    expect(await unheard).toMatchObject({ code: "CLOSED" })
  })

  test("drain without a line waits for it, as the calls do", async () => {
    const listening = await start()
    let arrive: (token: string) => void = () => {}
    const connection = dial(urlOf(listening), {
      token: () =>
        new Promise((resolve) => {
          arrive = resolve
        }),
    })
    const client = createClient(service, connection)
    const pending = client.echo("early")
    const drained = connection.drain()
    expect(await safe(client.echo("late"))).toMatchObject({
      error: { code: "CLOSED", executed: "no" },
    })
    arrive("t")
    expect(await pending).toBe("early")
    await drained
    expect(connection.state).toBe("closed")
  })

  test("drain of a connection that does nothing, or is closed, is over at once", async () => {
    const connection = dial(nowhere)
    await connection.drain()
    expect(connection.state).toBe("closed")
    await connection.drain()
  })
})

test("latency and counters tell of the line", async () => {
  const connection = dial(urlOf(await start()))
  expect(connection.info).toMatchObject({ session: undefined, subprotocol: "trunkline.v1.json" })
  const client = createClient(service, connection)
  await client.echo("a")
  expect(connection.latency).toBeGreaterThanOrEqual(0)
  expect(connection.info).toMatchObject({ framesOut: 1, framesIn: 1, replayed: 0, duplicates: 0 })
  expect(connection.info.session).toMatch(/^[\w-]{21}$/)
  expect(connection.info.unitsOut).toBeGreaterThan(0)
})
