import { call, contract } from "@trunkline/contract"
import {
  type Credentials,
  type Identity,
  implement,
  RpcError,
  type Server,
  serve,
} from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterEach, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import { protocols, RawClient } from "./support/raw-client.js"

/* Tokens on real sockets (docs/protocol.md, "AUTH"), and what browsers send along. */

const service = contract({ hang: call({}) })
const origin = "https://app.example.com"

let listening: Listening
let server: Server
let url: string
let believed: Credentials[]
let identity: (credentials: Credentials) => Identity<unknown> | Promise<Identity<unknown>>

async function start(): Promise<void> {
  believed = []
  identity = ({ token }) => {
    if (token === "bad") throw new RpcError("UNAUTHORIZED", { message: "log in again" })
    return { principal: token?.split("/")[0], context: {} }
  }
  const router = implement(service, { hang: () => new Promise<void>(() => {}) })
  server = serve(router, {
    origins: [origin],
    authenticate: (credentials) => {
      believed.push(credentials)
      return identity(credentials)
    },
  })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  url = `ws://127.0.0.1:${listening.port}/rpc`
}

afterEach(async () => {
  await listening.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
})

describe("AUTH", () => {
  test("is answered while everything else goes on", async () => {
    await start()
    identity = () => ({ principal: "ada", context: {}, expires: new Date(Date.now() + 60_000) })
    const client = await RawClient.welcomed(url, { auth: "ada" })
    client.send([1, 0, [20, 1, "hang"]])
    client.send([0, 0, [7, "ada/2"]])
    const [, body] = await client.nextOf(8)
    expect(Object(body).exp).toBeGreaterThan(50_000)
    expect(Object(body).exp).toBeLessThanOrEqual(60_000)
    expect(believed.map(({ token }) => token)).toEqual(["ada", "ada/2"])
    expect(server.stats()).toMatchObject({ sessions: 1, channels: 1 })
    await client.close()
  })

  test.each<[name: string, token: string, code: number, reason: string]>([
    ["that is not good closes 4401", "bad", 4401, "log in again"],
    ["of another principal closes 4409", "bob", 4409, "another user"],
    ["that is empty is nobody's, and closes 4409", "", 4409, "another user"],
    ["over its size closes 4400", "x".repeat(8_193), 4400, "a malformed frame"],
  ])("%s", async (_, token, code, reason) => {
    await start()
    const client = await RawClient.welcomed(url, { auth: "ada" })
    const other = await RawClient.welcomed(url, { auth: "eve" })
    client.send([0, 0, [7, token]])
    expect(await client.closed).toMatchObject({ code })
    if (code !== 4400) expect(await client.closed).toMatchObject({ reason })
    other.send([0, 0, [4, 1]])
    expect(await other.nextOf(5)).toEqual([5, 1])
    await other.close()
  })

  test("twice at a time closes 4400, and costs one authentication", async () => {
    await start()
    const client = await RawClient.welcomed(url, { auth: "ada" })
    identity = () => new Promise(() => {})
    client.send([0, 0, [7, "ada"], [7, "ada"]])
    expect(await client.closed).toMatchObject({ code: 4400, reason: "AUTH too soon" })
    expect(believed).toHaveLength(2)
  })

  test("of a socket that is gone says nothing to the next one", async () => {
    await start()
    const client = await RawClient.open(url)
    client.hello({ auth: "ada" })
    const [, welcome] = await client.nextOf(2)
    const { sid, secret } = Object(welcome)
    client.send([1, 0, [20, 1, "hang"]])
    let answer: (identity: Identity<unknown>) => void = () => {}
    const slow = new Promise<Identity<unknown>>((resolve) => {
      answer = resolve
    })
    const asked = new Promise<void>((resolve) => {
      identity = () => {
        resolve()
        return slow
      }
    })
    client.send([0, 0, [7, "ada"]])
    await asked
    identity = () => ({ principal: "ada", context: {} })
    const next = await RawClient.open(url)
    next.hello({ auth: "ada", resume: { sid, secret, attempt: 1, rx: 0, tx: 1 } })
    await next.nextOf(2)
    answer({ principal: "bob", context: {} })
    next.send([0, 0, [4, 9]])
    expect(await next.nextOf(5)).toEqual([5, 9])
    expect(server.stats()).toMatchObject({ sessions: 1, channels: 1 })
    await next.close()
  })
})

describe("revoke", () => {
  test("closes every socket of a principal 4403, and only those", async () => {
    await start()
    const ada = [
      await RawClient.welcomed(url, { auth: "ada" }),
      await RawClient.welcomed(url, { auth: "ada/phone" }),
    ]
    const bob = await RawClient.welcomed(url, { auth: "bob" })
    expect(server.revoke("ada")).toBe(2)
    for (const { closed } of ada) expect(await closed).toEqual({ code: 4403, reason: "revoked" })
    bob.send([0, 0, [4, 1]])
    expect(await bob.nextOf(5)).toEqual([5, 1])
    await bob.close()
  })
})

describe("cookies", () => {
  async function cookieOf(headers: Record<string, string>): Promise<string | undefined> {
    await start()
    const socket = new WebSocket(url, [...protocols], { headers })
    const opened = new Promise((resolve) => socket.once("message", resolve))
    socket.once("open", () =>
      socket.send(
        JSON.stringify([
          0,
          0,
          [
            1,
            {
              caps: [],
              client: "raw",
              instance: "i",
              limits: { window: 65_536, calls: 1, streams: 1, messageBytes: 65_536 },
            },
          ],
        ]),
      ),
    )
    await opened
    socket.terminate()
    return believed[0]?.cookie
  }

  test("are given where the page's origin was checked", async () => {
    expect(await cookieOf({ cookie: "session=1", origin })).toBe("session=1")
  })

  test("are worth nothing without an origin", async () => {
    expect(await cookieOf({ cookie: "session=1" })).toBeUndefined()
  })
})
