import { once } from "node:events"
import { call, contract } from "@trunkline/contract"
import { implement, RpcError, type ServeOptions, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { VirtualClock } from "@trunkline/testing"
import { afterEach, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"
import { LogBook } from "./support/log.js"
import { quickHost } from "./support/quick-host.js"
import { helloBody, RawClient } from "./support/raw-client.js"

/* Who gets in, who does not, and what a client is told (docs/protocol.md, "Attach"). */

const service = contract({ who: call({ output: z.string() }) })

let listening: Listening | undefined
let server: Server
let url: string

async function start(options: ServeOptions<unknown> = {}, path = "/rpc"): Promise<void> {
  const router = implement(service, { who: ({ session }) => session.principal })
  server = serve(router, options)
  listening = await listen(server, { port: 0, hostname: "127.0.0.1", path })
  url = `ws://127.0.0.1:${listening.port}${path}`
}

afterEach(async () => {
  await listening?.close()
  listening = undefined
  expect(server.stats()).toMatchObject({ sessions: 0, handshakes: 0 })
})

/** The HTTP status of an upgrade that did not come about. */
async function refusedStatus(
  address: string,
  protocols: string[],
  origin?: string,
): Promise<number> {
  const socket = new WebSocket(address, protocols, origin === undefined ? {} : { origin })
  socket.on("error", () => {})
  const [, response] = await once(socket, "unexpected-response")
  response.resume()
  socket.terminate()
  return response.statusCode
}

describe("the subprotocol", () => {
  test.each([
    [["trunkline.v1.json"], "trunkline.v1.json"],
    [["trunkline.v1.json", "trunkline.reject"], "trunkline.v1.json"],
    [["trunkline.reject", "trunkline.v1.json"], "trunkline.v1.json"],
    [["other", "trunkline.v1.json"], "trunkline.v1.json"],
  ])("of %j the server takes %s", async (protocols, taken) => {
    await start()
    const client = await RawClient.open(url, { protocols })
    expect(client.socket.protocol).toBe(taken)
    await client.close()
  })

  test("of a later version it takes none, and says so on the sentinel", async () => {
    await start()
    const client = await RawClient.open(url, {
      protocols: ["trunkline.v9.json", "trunkline.reject"],
    })
    expect(client.socket.protocol).toBe("trunkline.reject")
    expect(await client.next()).toEqual([
      3,
      {
        code: "version",
        message: "no subprotocol in common",
        supported: ["trunkline.v1.msgpack", "trunkline.v1.json"],
      },
    ])
    expect(await client.closed).toEqual({ code: 4406, reason: "no subprotocol in common" })
    expect(server.stats()).toMatchObject({ sessions: 0, handshakes: 0 })
  })

  test.each([[[]], [["graphql-transport-ws"]], [["trunkline.v9.json"]], [["TRUNKLINE.V1.JSON"]]])(
    "%j alone gets no socket",
    async (protocols) => {
      await start()
      expect(await refusedStatus(url, protocols)).toBe(400)
    },
  )
})

describe("the path", () => {
  test.each(["/", "/rp", "/rpc/", "/rpc2", "/RPC", "//rpc"])("%s is not it", async (path) => {
    await start()
    const { port } = listening ?? { port: 0 }
    expect(await refusedStatus(`ws://127.0.0.1:${port}${path}`, ["trunkline.v1.json"])).toBe(404)
  })

  test("a query does not matter", async () => {
    await start()
    const client = await RawClient.welcomed(`${url}?token=never-here`)
    await client.close()
  })
})

describe("the origin", () => {
  const refused = (origin: string) => [
    3,
    { code: "origin", message: `pages of ${origin} may not connect` },
  ]

  test("of this very address may connect unless others are named", async () => {
    await start()
    const client = await RawClient.open(url, {
      origin: url.replace("ws:", "http:").replace("/rpc", ""),
    })
    client.hello()
    expect((await client.next())[0]).toBe(2)
    await client.close()
  })

  test.each([
    "http://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1.evil.example",
    "null",
    "file://",
    "not an origin",
  ])("%s may not, and is told so", async (origin) => {
    await start()
    const client = await RawClient.open(url, { origin })
    expect(client.socket.protocol).toBe("trunkline.reject")
    expect(await client.next()).toEqual(refused(origin))
    expect((await client.closed).code).toBe(4403)
  })

  test("that is refused stands in the log, with the host that it is not of", async () => {
    const book = new LogBook()
    await start({ log: book.log })
    const client = await RawClient.open(url, { origin: "http://localhost:5173" })
    await client.closed
    expect(book.entries).toContainEqual({
      ...{ level: "warn", message: "handshake refused", code: 4403, remote: "127.0.0.1" },
      reason: "pages of http://localhost:5173 may not connect",
      ...{ origin: "http://localhost:5173", host: new URL(url).host },
    })
  })

  test("of any length is told short enough for a close frame", async () => {
    await start()
    const client = await RawClient.open(url, { origin: `http://${"x".repeat(4_000)}` })
    expect((await client.closed).reason).toMatch(/^pages of http:\/\/x{73} may not connect$/)
  })

  test("without the sentinel it gets no socket", async () => {
    await start()
    expect(await refusedStatus(url, ["trunkline.v1.json"], "http://evil.example")).toBe(400)
  })

  test("on the list may connect, and no other: this address neither", async () => {
    await start({ origins: ["https://app.example.com"] })
    const client = await RawClient.open(url, { origin: "https://app.example.com" })
    expect(client.socket.protocol).toBe("trunkline.v1.json")
    await client.close()
    for (const origin of [
      "https://app.example.com:444",
      "https://APP.example.com",
      "https://app.example.com.evil.example",
      "http://app.example.com",
      url.replace("ws:", "http:").replace("/rpc", ""),
    ]) {
      const other = await RawClient.open(url, { origin })
      expect(await other.next()).toEqual(refused(origin))
      await other.closed
    }
  })

  test("a client that is no browser has none", async () => {
    await start({ origins: [] })
    const client = await RawClient.welcomed(url)
    await client.close()
  })
})

describe("the token", () => {
  const known = new Map([["good", { principal: "ada", context: { user: "ada" } }]])
  const authenticate: ServeOptions<unknown>["authenticate"] = ({ token }) => {
    const identity = known.get(String(token))
    if (!identity) throw new RpcError("UNAUTHORIZED", { message: "who are you" })
    return identity
  }

  test("that is known lets in, and tells the handler who it is", async () => {
    await start({ authenticate })
    const client = await RawClient.welcomed(url, { auth: "good" })
    client.send([1, 0, [20, 1, "who"]])
    expect(await client.nextOf(17)).toEqual([17, 1, "ada"])
    await client.close()
  })

  test.each([
    ["none", {}],
    ["an unknown one", { auth: "bad" }],
    ["an empty one", { auth: "" }],
  ])("%s is refused", async (_, body) => {
    await start({ authenticate })
    const client = await RawClient.open(url)
    client.hello(body)
    expect(await client.next()).toEqual([3, { code: "auth", message: "who are you" }])
    expect((await client.closed).code).toBe(4401)
    expect(server.stats().sessions).toBe(0)
  })

  test("FORBIDDEN says that no other token would help", async () => {
    await start({
      authenticate: () => {
        throw new RpcError("FORBIDDEN", { message: "not you" })
      },
    })
    const client = await RawClient.open(url)
    client.hello()
    expect(await client.next()).toEqual([3, { code: "forbidden", message: "not you" }])
    expect((await client.closed).code).toBe(4403)
  })

  test.each<[what: string, authenticate: () => unknown]>([
    [
      "throws an error",
      () => {
        throw new Error("database down: secret")
      },
    ],
    [
      "throws no error",
      () => {
        throw "secret"
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["gives nothing", () => undefined],
    ["gives null", () => null],
    ["gives false", () => false],
    ["gives true", () => true],
    ["gives a name", () => "ada"],
    ["gives no context", () => ({ principal: "ada" })],
    ["gives a principal that is no text", () => ({ principal: 5, context: {} })],
    ["gives null for one", () => ({ principal: null, context: {} })],
  ])("authenticate %s: refused without a word of it, and logged whole", async (_, broken) => {
    const book = new LogBook()
    await start({ authenticate: broken as never, log: book.log })
    const client = await RawClient.open(url)
    client.hello({ auth: "t0ken" })
    expect(await client.next()).toEqual([3, { code: "auth", message: "refused" }])
    expect((await client.closed).code).toBe(4401)
    await book.find({ level: "error", message: "authenticate failed" })
    expect(JSON.stringify(book.entries)).not.toContain("t0ken")
  })

  test("authenticate sees what is known of the socket", async () => {
    const seen: unknown[] = []
    await start({
      origins: ["https://app.example.com"],
      authenticate: ({ token, origin, remote, request }) => {
        seen.push({ token, origin, remote, url: (request as { url: string }).url })
        return { context: {} }
      },
    })
    const client = await RawClient.open(`${url}?x=1`, { origin: "https://app.example.com" })
    client.hello({ auth: "t" })
    await client.nextOf(2)
    expect(seen).toEqual([
      { token: "t", origin: "https://app.example.com", remote: "127.0.0.1", url: "/rpc?x=1" },
    ])
    await client.close()
  })

  test("each anonymous client is a principal of its own", async () => {
    await start()
    const names: unknown[] = []
    for (const instance of ["one", "two"]) {
      const client = await RawClient.welcomed(url, { instance })
      client.send([1, 0, [20, 1, "who"]])
      names.push((await client.nextOf(17))[2])
      await client.close()
    }
    expect(new Set(names).size).toBe(2)
  })
})

describe("time", () => {
  test("no HELLO in five seconds", async () => {
    const clock = new VirtualClock()
    await start({ host: clock })
    const client = await RawClient.open(url)
    await clock.advance(5_000)
    expect(await client.closed).toEqual({ code: 4408, reason: "no HELLO in time" })
  })

  test("an authentication that hangs", async () => {
    const clock = new VirtualClock()
    let ask = (): void => {}
    const asked = new Promise<void>((resolve) => {
      ask = resolve
    })
    const authenticate = (): Promise<never> => {
      ask()
      return new Promise(() => {})
    }
    await start({ host: clock, authenticate })
    const client = await RawClient.open(url)
    client.hello()
    await asked
    await clock.advance(10_000)
    expect(await client.closed).toEqual({ code: 4408, reason: "authentication took too long" })
  })

  test("what comes of an authentication after its socket is gone is nobody's session", async () => {
    const clock = new VirtualClock()
    let ask = (): void => {}
    const asked = new Promise<void>((resolve) => {
      ask = resolve
    })
    let allow: (identity: { context: Record<string, unknown> }) => void = () => {}
    const authenticate = () => {
      ask()
      return new Promise<{ context: Record<string, unknown> }>((resolve) => {
        allow = resolve
      })
    }
    await start({ host: clock, authenticate })
    const client = await RawClient.open(url)
    client.hello()
    await asked
    await client.close()
    while (server.stats().handshakes > 0) await new Promise((resolve) => setImmediate(resolve))
    allow({ context: {} })
    await clock.advance(0)
    expect(server.stats().sessions).toBe(0)
  })
})

describe("a session is its owner's", () => {
  const resumeOf = (welcome: readonly unknown[], change: object = {}): object => {
    const { sid, secret } = welcome[1] as { sid: string; secret: string }
    return { resume: { sid, secret, attempt: 1, rx: 0, tx: 1, ...change } }
  }

  /** A session that has done something, and whose socket is gone. */
  async function left(body: object = {}): Promise<readonly unknown[]> {
    const client = await RawClient.open(url)
    client.hello(body)
    const welcome = await client.next()
    client.send([1, 0, [20, 1, "who"]])
    await client.nextOf(17)
    await client.close()
    while (server.stats().attached > 0) await new Promise((resolve) => setImmediate(resolve))
    return welcome
  }

  async function comeBack(body: object): Promise<Record<string, unknown>> {
    const client = await RawClient.open(url)
    client.hello(body)
    const [, welcome] = await client.nextOf(2)
    await client.close()
    return welcome as Record<string, unknown>
  }

  test("with its secret it goes on", async () => {
    await start()
    const welcome = await left()
    const { resumed, rx, secret } = await comeBack(resumeOf(welcome))
    expect([resumed, rx, secret]).toEqual([true, 1, undefined])
  })

  test.each([
    ["a wrong secret", { secret: "guessed" }, "unknown"],
    ["an unknown session", { sid: "nobody" }, "unknown"],
    ["an acknowledgement of the future", { rx: 1_000 }, "counters"],
    ["a counter from the past", { tx: 0 }, "counters"],
    ["a session that is over at the client", { end: true }, "ended"],
  ])("with %s there is another one", async (_, change, why) => {
    await start()
    const welcome = await left()
    const answer = await comeBack(resumeOf(welcome, change))
    expect(answer).toMatchObject({ resumed: false, why, rx: 0 })
    expect(answer["sid"]).not.toBe((welcome[1] as { sid: string }).sid)
    expect(answer["prior"]).toEqual(why === "unknown" ? undefined : { rx: 1 })
  })

  test("somebody else does not get it, with the secret neither", async () => {
    await start({ authenticate: ({ token }) => ({ principal: String(token), context: {} }) })
    const welcome = await left({ auth: "ada" })
    const answer = await comeBack({ auth: "eve", ...resumeOf(welcome) })
    expect(answer).toMatchObject({ resumed: false, why: "principal" })
    expect(answer["prior"]).toBeUndefined()
  })

  test("a later attempt has it, and the earlier socket is closed", async () => {
    await start()
    const welcome = await left()
    const first = await RawClient.open(url)
    first.hello(resumeOf(welcome, { attempt: 1 }))
    expect((await first.nextOf(2))[1]).toMatchObject({ resumed: true })
    const second = await RawClient.open(url)
    second.hello(resumeOf(welcome, { attempt: 2 }))
    expect((await second.nextOf(2))[1]).toMatchObject({ resumed: true })
    expect((await first.closed).code).toBe(4409)

    const late = await RawClient.open(url)
    late.hello(resumeOf(welcome, { attempt: 1 }))
    expect(await late.closed).toEqual({ code: 4409, reason: "a later attempt was made" })
    second.send([0, 0, [4, 5]])
    expect(await second.nextOf(5)).toEqual([5, 5])
    await second.close()
  })

  test("after its grace it is remembered, and over", async () => {
    const book = new LogBook()
    await start({ host: quickHost(10), session: { grace: 1_000 }, log: book.log })
    const welcome = await left()
    await book.find({ message: "session ended", why: "expired" })
    expect(server.stats()).toMatchObject({ sessions: 0, tombstones: 1 })
    expect(await comeBack(resumeOf(welcome))).toMatchObject({
      resumed: false,
      why: "expired",
      prior: { rx: 1 },
    })
  })

  test("a session that never did anything is not kept", async () => {
    await start()
    const client = await RawClient.welcomed(url)
    await client.close()
    while (server.stats().sessions > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(server.stats().attached).toBe(0)
  })

  test("what the WELCOME says is what the options say", async () => {
    await start({
      limits: { calls: 3, window: 20_000 },
      session: { grace: 7_000, heartbeat: 9_000 },
    })
    const answer = await comeBack({})
    expect(answer).toMatchObject({
      limits: { ...helloBody.limits, calls: 3, window: 20_000 },
      hb: 9_000,
      grace: 7_000,
      caps: [],
    })
  })
})

test("a log that throws neither keeps a socket open nor lets one in", async () => {
  const surfaced: unknown[] = []
  const listeners = process.listeners("uncaughtException")
  process.removeAllListeners("uncaughtException")
  process.on("uncaughtException", (error) => surfaced.push(error))
  await start({
    log: () => {
      throw new Error("of the log")
    },
  })
  const client = await RawClient.open(url)
  client.sendText("no HELLO")
  expect((await client.closed).code).toBe(4400)
  expect(surfaced).toEqual([new Error("of the log")])
  process.removeAllListeners("uncaughtException")
  for (const listener of listeners) process.on("uncaughtException", listener)
})
