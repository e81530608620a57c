import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { connect, createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { type EntranceLimits, implement, type Server, scope, serve } from "@trunkline/server"
import { type AttachOptions, type Listening, listen } from "@trunkline/server/node"
import { connectedPair, VirtualClock } from "@trunkline/testing"
import { afterEach, expect, test } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"
import { LogBook } from "./support/log.js"
import { helloBody, protocols, RawClient } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/* Who may come in: what is too much is turned away, comes back by itself, and disturbs nobody inside. */

const service = contract({
  ...witnessContract,
  name: call({ output: z.string(), idempotency: "safe" }),
})

const router = scope<{ name: string }>().implement(service, {
  ...witnessHandlers,
  name: ({ context }) => context.name,
})

const book = new LogBook()
let server: Server
let listening: Listening | undefined

async function start(
  entrance: Partial<EntranceLimits>,
  options: AttachOptions & { headersTimeout?: number } = {},
): Promise<string> {
  server = serve(router, {
    limits: { entrance },
    log: book.log,
    authenticate: ({ token }) => ({ principal: token, context: { name: token ?? "nobody" } }),
  })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1", ...options })
  return `ws://127.0.0.1:${listening.port}/rpc`
}

afterEach(async () => {
  await listening?.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0, held: 0 })
})

/** Opens a socket from an address that the proxy tells; gives the status when there is none. */
async function knock(url: string, address: string): Promise<WebSocket | number> {
  const socket = new WebSocket(url, [...protocols], { headers: { "x-real-ip": address } })
  return new Promise((resolve) => {
    socket.on("open", () => resolve(socket))
    socket.on("unexpected-response", (request, { statusCode = 0 }) => {
      request.destroy()
      resolve(statusCode)
    })
    socket.on("error", () => {})
  })
}

const byProxy: AttachOptions = { address: ({ headers }) => headers["x-real-ip"]?.toString() }

async function leave(knocked: WebSocket | number | undefined): Promise<void> {
  if (!(knocked instanceof WebSocket)) throw new Error(`it was not let in: ${knocked}`)
  const left = server.stats().handshakes - 1
  knocked.terminate()
  while (server.stats().handshakes > left) await new Promise((resolve) => setImmediate(resolve))
}

const quick = { reconnect: { base: 5, cap: 10 } }

test("one address has so many sockets that have not said who they are, and others have theirs", async () => {
  const url = await start({ handshakes: 2 }, byProxy)
  const witness = await Witness.watch(url)
  const first = await knock(url, "10.0.0.1")
  const second = await knock(url, "10.0.0.1")
  expect(await knock(url, "10.0.0.1")).toBe(503)
  const other = await knock(url, "10.0.0.2")
  expect(server.stats()).toMatchObject({ handshakes: 3, refused: { handshakes: 1 } })
  await witness.undisturbed()
  await leave(first)
  const third = await knock(url, "10.0.0.1")
  for (const knocked of [second, third, other]) await leave(knocked)
  await witness.close()
})

test("addresses of one network of IPv6 count as one", async () => {
  const url = await start({ handshakes: 1 }, byProxy)
  const first = await knock(url, "2001:db8::1")
  expect(await knock(url, "2001:db8::2")).toBe(503)
  await leave(first)
})

test("a client that was turned away comes in as soon as there is a place", async () => {
  const url = await start({ handshakes: 1 })
  const first = await RawClient.open(url)
  const connection = connect(url, { ...quick, token: () => "ada" })
  while ((server.stats().refused.handshakes ?? 0) < 3) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await first.close()
  expect(await createClient(service, connection).name()).toBe("ada")
  await connection.close()
})

test("all sockets that have not said who they are hold so many bytes", async () => {
  const url = await start({ handshakeBytes: 2 * 262_144 }, byProxy)
  const first = await knock(url, "10.0.0.1")
  const second = await knock(url, "10.0.0.2")
  expect(await knock(url, "10.0.0.3")).toBe(503)
  expect(server.stats().refused).toEqual({ handshakeBytes: 1 })
  await leave(first)
  await leave(second)
})

test("too many who say who they are at once are told when to come back", async () => {
  const url = await start({ hellos: 20 })
  const witness = await Witness.watch(url)
  const clients: RawClient[] = []
  for (;;) {
    const client = await RawClient.open(url)
    clients.push(client)
    client.hello({ instance: `raw-${clients.length}` })
    const [kind, body] = await client.next()
    if (kind === 2) continue
    const message = "too many clients at once"
    expect([kind, body]).toEqual([3, { code: "busy", message, retryAfterMs: [50, 1_100] }])
    expect(await client.closed).toEqual({ code: 4503, reason: "too many clients at once" })
    break
  }
  expect(clients.length).toBeGreaterThan(19)
  await witness.undisturbed()
  for (const client of clients) await client.close()
  await witness.close()
})

test("a client that was told when to come back does, and goes on with its session", async () => {
  const clock = new VirtualClock()
  const pair = connectedPair(router, {
    clock,
    serve: {
      limits: { entrance: { hellos: 1 } },
      authenticate: () => ({ context: { name: "ada" } }),
    },
  })
  const client = createClient(service, pair.connection)
  expect(await client.name()).toBe("ada")
  const { session } = pair.connection.info
  for (let drops = 0; drops < 2; drops++) {
    pair.drop()
    await clock.advance(40)
  }
  // No second has passed, and both HELLOs of the first were said.
  expect(pair.connection.state).toBe("waiting")
  expect(pair.server.stats()).toMatchObject({ refused: { hellos: 1 }, closes: { 4503: 1 } })
  const late = client.name()
  await clock.advance(3_000)
  expect(await late).toBe("ada")
  expect(pair.connection.info.session).toBe(session)
  await pair.close()
})

test("who continues a session is let in where a newcomer is not", async () => {
  const url = await start({ hellos: 4 })
  const raw = await RawClient.open(url)
  raw.hello({ auth: "ada" })
  const [, welcome] = await raw.next()
  const { sid, secret } = Object(welcome)
  raw.send([1, 0, [20, 1, "name"]])
  await raw.nextOf(17)
  await raw.close()
  for (let code: unknown = ""; code !== "busy"; ) {
    const newcomer = await RawClient.open(url)
    newcomer.hello({ auth: "bob" })
    code = Object((await newcomer.next())[1]).code
    await newcomer.close()
  }
  const back = await RawClient.open(url)
  back.hello({ auth: "ada", resume: { sid, secret, attempt: 1, rx: 1, tx: 1 } })
  expect(await back.next()).toMatchObject([2, { resumed: true, sid }])
  await back.close()
})

test("a principal has so many sockets; one more is busy, and comes in when another has gone", async () => {
  const url = await start({ connections: 2 })
  const witness = await Witness.watch(url)
  const mine = [await RawClient.welcomed(url, { auth: "ada" })]
  mine.push(await RawClient.welcomed(url, { auth: "ada" }))
  const third = await RawClient.open(url)
  third.hello({ auth: "ada" })
  expect(await third.next()).toEqual([
    3,
    { code: "busy", message: "too many sockets of one principal" },
  ])
  expect(await third.closed).toMatchObject({ code: 4503 })
  expect(server.stats().refused).toEqual({ connections: 1 })
  const lost = await RawClient.open(url)
  lost.hello({
    auth: "ada",
    resume: { sid: "lost", secret: "elsewhere", attempt: 1, rx: 0, tx: 0 },
  })
  expect(await lost.next()).toMatchObject([2, { resumed: false, why: "unknown" }])
  await lost.close()
  while (server.stats().sessions > 3) await new Promise((resolve) => setImmediate(resolve))
  const others = await RawClient.welcomed(url, { auth: "bob" })
  const connection = connect(url, { ...quick, token: () => "ada" })
  while ((server.stats().refused.connections ?? 0) < 3) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await mine[0]?.close()
  expect(await createClient(service, connection).name()).toBe("ada")
  await witness.undisturbed()
  await connection.close()
  for (const client of [...mine, others]) await client.close()
  await witness.close()
})

test("a socket that takes the place of its session's old one adds none", async () => {
  const url = await start({ connections: 1 })
  const raw = await RawClient.open(url)
  raw.hello({ auth: "ada" })
  const { sid, secret } = Object((await raw.next())[1])
  const again = await RawClient.open(url)
  again.hello({ auth: "ada", resume: { sid, secret, attempt: 1, rx: 0, tx: 0 } })
  expect(await again.next()).toMatchObject([2, { resumed: true }])
  expect(await raw.closed).toMatchObject({ code: 4409 })
  await again.close()
})

test("an address that cannot be told refuses the socket and nothing else", async () => {
  const url = await start(
    {},
    {
      address: ({ headers }) => {
        if (headers["x-real-ip"] === undefined) throw new Error("no address")
        return String(headers["x-real-ip"])
      },
    },
  )
  const socket = new WebSocket(url, [...protocols])
  const [request, response] = await once(socket, "unexpected-response")
  request.destroy()
  socket.on("error", () => {})
  expect(response.statusCode).toBe(400)
  expect(await book.find({ message: "address failed" })).toMatchObject({ level: "error" })
  const other = await knock(url, "10.0.0.1")
  await leave(other)
})

test("an address that is no text refuses the socket and nothing else", async () => {
  const given: unknown[] = [5, null, ["10.0.0.1"], Promise.resolve("10.0.0.1"), "10.0.0.1"]
  const url = await start({}, { address: () => given.shift() as string })
  for (let count = 0; count < 4; count++) expect(await knock(url, "")).toBe(400)
  await leave(await knock(url, ""))
})

test("a socket that was refused keeps its place until it is gone", async () => {
  const url = await start({ handshakes: 2 }, byProxy)
  const { port } = listening ?? { port: 0 }
  // The one is told why it may not connect, the other says what is no HELLO; neither closes.
  const origin = await stay(port, "Origin: http://evil.example\r\n")
  const wrong = await stay(port)
  wrong.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]))
  const [closing] = await once(wrong, "data")
  expect(Buffer.from(closing).readUInt16BE(2)).toBe(4400)
  expect(server.stats().handshakes).toBe(0)
  expect(await knock(url, "10.0.0.1")).toBe(503)
  wrong.destroy()
  origin.destroy()
  let knocked = await knock(url, "10.0.0.1")
  while (knocked === 503) knocked = await knock(url, "10.0.0.1")
  await leave(knocked)
})

test.each([
  ["503", "/rpc", "trunkline.v1.json", 1],
  ["400", "/rpc", "other", 2],
  ["404", "/elsewhere", "trunkline.v1.json", 2],
])("a client that gets %s and stays is dropped", async (status, path, protocol, handshakes) => {
  const url = await start({ handshakes }, byProxy)
  const first = await knock(url, "10.0.0.1")
  const socket = connectTcp({ port: listening?.port ?? 0, host: "127.0.0.1", allowHalfOpen: true })
  let answer = ""
  socket.on("data", (data) => {
    answer += data
  })
  socket.write(upgradeOf(path, protocol))
  await once(socket, "end")
  expect(answer).toContain(`HTTP/1.1 ${status} `)
  // Its end is open, and nothing more is said.
  await leave(first)
  await new Promise<void>((resolve) => {
    const look = (): void =>
      void listening?.http.getConnections((_, count) =>
        count > 0 ? setImmediate(look) : resolve(),
      )
    look()
  })
  socket.destroy()
})

function upgradeOf(path: string, protocol: string, header = ""): string {
  return [
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`,
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    `x-real-ip: 10.0.0.1\r\nSec-WebSocket-Protocol: ${protocol}\r\n${header}\r\n`,
  ].join("")
}

/** A socket of a client that says nothing by itself, not even that it closes. */
async function stay(port: number, header = ""): Promise<Socket> {
  const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true })
  socket.write(upgradeOf("/rpc", "trunkline.v1.json, trunkline.reject", header))
  await once(socket, "data")
  return socket
}

test("handlers see the address that the proxy tells", async () => {
  const seen: unknown[] = []
  const remote = contract({ remote: call({}) })
  server = serve(implement(remote, { remote: ({ session }) => void seen.push(session.remote) }))
  listening = await listen(server, { port: 0, hostname: "127.0.0.1", ...byProxy })
  const url = `ws://127.0.0.1:${listening.port}/rpc`
  const socket = await knock(url, "10.0.0.7")
  if (!(socket instanceof WebSocket)) throw new Error("it was not let in")
  socket.send(JSON.stringify([0, 0, [1, helloBody]]))
  await once(socket, "message")
  socket.send(JSON.stringify([1, 0, [20, 1, "remote"]]))
  await once(socket, "message")
  expect(seen).toEqual(["10.0.0.7"])
  socket.terminate()
})

test("headers that do not come to their end are not waited for", async () => {
  await start({}, { headersTimeout: 100 })
  const socket = connectTcp(listening?.port ?? 0, "127.0.0.1")
  socket.write("GET /rpc HTTP/1.1\r\nHost: x\r\nUpgrade: web")
  const [answer] = await once(socket, "data")
  expect(String(answer)).toMatch(/^HTTP\/1.1 408 /)
  socket.destroy()
})

test("a message in too many fragments closes its socket", async () => {
  const url = await start({})
  const witness = await Witness.watch(url)
  const raw = await RawClient.welcomed(url)
  for (let part = 0; part < 300; part++) raw.socket.send(" ", { fin: false })
  expect(await raw.closed).toMatchObject({ code: 1008 })
  await witness.undisturbed()
  await witness.close()
})
