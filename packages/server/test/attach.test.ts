import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type Server as HttpServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { type AddressInfo, connect as connectTcp } from "node:net"
import { connect, createClient, type WebSocketClass } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, type Server, serve } from "@trunkline/server"
import { attach, listen } from "@trunkline/server/node"
import express from "express"
import { fastify } from "fastify"
import { afterEach, describe, expect, test } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import * as z from "zod"
import { RawClient } from "./support/raw-client.js"

/* One port for the line and for whatever else the program serves. */

const service = contract({
  echo: call({ input: z.string(), output: z.string() }),
  count: subscription({ input: z.number(), item: z.number() }),
})

function makeServer(): Server {
  const router = implement(service, {
    echo: ({ input }) => input,
    async *count({ input }) {
      for (let next = 0; next < input; next++) yield next
    },
  })
  return serve(router)
}

const tls = {
  key: readFileSync(new URL("./support/tls/key.pem", import.meta.url)),
  cert: readFileSync(new URL("./support/tls/cert.pem", import.meta.url)),
}

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function opened(http: HttpServer | ReturnType<typeof createTlsServer>): Promise<number> {
  if (!http.listening) await once(http.listen(0, "127.0.0.1"), "listening")
  endings.push(() => {
    const closed = new Promise((resolve) => http.close(resolve))
    http.closeAllConnections()
    return closed
  })
  return (http.address() as AddressInfo).port
}

/** Calls and streams work. */
async function works(url: string, WebSocket?: WebSocketClass): Promise<void> {
  const connection = connect(url, { WebSocket })
  const client = createClient(service, connection)
  expect(await client.echo("hello")).toBe("hello")
  const items: number[] = []
  for await (const item of client.count(500)) items.push(item)
  expect(items).toEqual(Array.from({ length: 500 }, (_, index) => index))
  await connection.close()
}

function attached(
  http: Parameters<typeof attach>[1],
  options?: Parameters<typeof attach>[2],
): Server {
  const server = makeServer()
  const detach = attach(server, http, options)
  endings.push(async () => {
    detach()
    await server.close()
  })
  return server
}

describe("beside the routes of", () => {
  test("plain http", async () => {
    const http = createServer((_, response) => response.end("a page"))
    const port = await opened(http)
    attached(http)
    await works(`ws://127.0.0.1:${port}/rpc`)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("a page")
  })

  test("https", async () => {
    const http = createTlsServer(tls, (_, response) => response.end("a page"))
    const port = await opened(http)
    attached(http)
    const Trusting = class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { ca: tls.cert })
      }
    } as unknown as WebSocketClass
    await works(`wss://127.0.0.1:${port}/rpc`, Trusting)
    await works(`https://127.0.0.1:${port}/rpc`, Trusting)
  })

  test("Express", async () => {
    const app = express()
    app.get("/healthz", (_, response) => void response.json({ ok: true }))
    app.get("/rpc", (_, response) => void response.send("not a socket"))
    const http = createServer(app)
    const port = await opened(http)
    attached(http)
    await works(`ws://127.0.0.1:${port}/rpc`)
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toEqual({ ok: true })
    expect(await (await fetch(`http://127.0.0.1:${port}/rpc`)).text()).toBe("not a socket")
    expect((await fetch(`http://127.0.0.1:${port}/nowhere`)).status).toBe(404)
  })

  test("Express, as the handler of listen", async () => {
    const app = express()
    app.get("/healthz", (_, response) => void response.json({ ok: true }))
    const listening = await listen(makeServer(), { port: 0, hostname: "127.0.0.1", handler: app })
    endings.push(() => listening.close())
    await works(`ws://127.0.0.1:${listening.port}/rpc`)
    expect((await fetch(`http://127.0.0.1:${listening.port}/healthz`)).status).toBe(200)
  })

  test("Fastify", async () => {
    const app = fastify()
    app.get("/healthz", async () => ({ ok: true }))
    await app.listen({ port: 0, host: "127.0.0.1" })
    endings.push(() => app.close())
    const { port } = app.server.address() as AddressInfo
    attached(app.server, { path: "/line" })
    await works(`ws://127.0.0.1:${port}/line`)
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toEqual({ ok: true })
  })
})

describe("beside other sockets", () => {
  test("another path is left to whoever listens for it", async () => {
    const http = createServer()
    const port = await opened(http)
    const others = new WebSocketServer({ noServer: true })
    attached(http, { path: "/line" })
    http.on("upgrade", (request, socket, head) => {
      if (request.url !== "/others") return
      others.handleUpgrade(request, socket, head, (other) => other.send("hello from others"))
    })
    endings.push(() => {
      for (const client of others.clients) client.terminate()
    })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/others`)
    const [data] = await once(socket, "message")
    expect(String(data)).toBe("hello from others")
    socket.terminate()
    await works(`ws://127.0.0.1:${port}/line`)
  })

  test("two servers on two paths", async () => {
    const http = createServer()
    const port = await opened(http)
    attached(http, { path: "/one" })
    attached(http, { path: "/two" })
    await works(`ws://127.0.0.1:${port}/one`)
    await works(`ws://127.0.0.1:${port}/two`)
  })

  test("taken back, new sockets are refused and open ones stay", async () => {
    const http = createServer((_, response) => response.writeHead(404).end())
    const port = await opened(http)
    const server = makeServer()
    const detach = attach(server, http)
    endings.push(() => server.close())
    const client = await RawClient.welcomed(`ws://127.0.0.1:${port}/rpc`)
    detach()
    await expect(RawClient.open(`ws://127.0.0.1:${port}/rpc`)).rejects.toThrow()
    client.send([1, 0, [20, 1, "echo", "still"]])
    expect(await client.nextOf(17)).toEqual([17, 1, "still"])
    await client.close()
  })

  test("a socket that dies while it is refused ends nothing else", async () => {
    const http = createServer()
    const port = await opened(http)
    attached(http)
    for (let round = 0; round < 20; round++) {
      const socket = connectTcp(port, "127.0.0.1")
      await once(socket, "connect")
      socket.on("error", () => {})
      socket.write(
        "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      )
      socket.resetAndDestroy()
    }
    await works(`ws://127.0.0.1:${port}/rpc`)
  })
})

describe("compression", () => {
  const long = "compress me ".repeat(2_000)

  async function bytesOf(deflate: { threshold: number } | undefined, text: string) {
    const http = createServer()
    const port = await opened(http)
    attached(http, { deflate })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, ["trunkline.v1.json"])
    const [{ headers }] = await once(socket, "upgrade")
    if (socket.readyState !== WebSocket.OPEN) await once(socket, "open")
    let bytes = 0
    const tcp = (socket as unknown as { _socket: NodeJS.EventEmitter })["_socket"]
    const hello = `[0,0,[1,{"caps":[],"client":"t","instance":"i","limits":{"window":262144,"calls":1,"streams":1,"messageBytes":1048576}}]]`
    socket.send(hello)
    await once(socket, "message")
    tcp.on("data", (data: Buffer) => {
      bytes += data.length
    })
    socket.send(JSON.stringify([1, 0, [20, 1, "echo", text]]))
    for (;;) {
      const [data] = await once(socket, "message")
      if (String(data).includes(`[17,1,`)) break
    }
    const extensions = headers["sec-websocket-extensions"]
    socket.terminate()
    return { bytes, extensions }
  }

  test("is off unless it is asked for", async () => {
    const { bytes, extensions } = await bytesOf(undefined, long)
    expect(extensions).toBeUndefined()
    expect(bytes).toBeGreaterThan(long.length)
  })

  test("is negotiated without a context that is kept", async () => {
    const { bytes, extensions } = await bytesOf({ threshold: 1_024 }, long)
    expect(extensions).toContain("permessage-deflate")
    expect(extensions).toContain("server_no_context_takeover")
    expect(extensions).toContain("client_no_context_takeover")
    expect(bytes).toBeLessThan(long.length / 10)
  })

  test("leaves messages below the threshold as they are", async () => {
    const { bytes } = await bytesOf({ threshold: 100_000 }, long)
    expect(bytes).toBeGreaterThan(long.length)
  })

  test("the limit holds for what comes out of it", async () => {
    const http = createServer()
    const port = await opened(http)
    attached(http, { deflate: { threshold: 1 } })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, ["trunkline.v1.json"])
    await once(socket, "open")
    socket.send("x".repeat(50_000_000))
    const [code] = await once(socket, "close")
    expect(code).toBe(1009)
  })

  test("the line works with it", async () => {
    const http = createServer()
    const port = await opened(http)
    attached(http, { deflate: { threshold: 16 } })
    await works(`ws://127.0.0.1:${port}/rpc`)
  })
})

test("a port that was closed can be listened on at once", async () => {
  const first = await listen(makeServer(), { port: 0, hostname: "127.0.0.1" })
  const { port } = first
  const client = await RawClient.welcomed(`ws://127.0.0.1:${port}/rpc`)
  await first.close()
  expect((await client.closed).code).toBe(1000)
  const second = await listen(makeServer(), { port, hostname: "127.0.0.1" })
  endings.push(() => second.close())
  await works(`ws://127.0.0.1:${port}/rpc`)
})

test("a port that is taken is an error, not a server", async () => {
  const first = await listen(makeServer(), { port: 0, hostname: "127.0.0.1" })
  endings.push(() => first.close())
  await expect(
    listen(makeServer(), { port: first.port, hostname: "127.0.0.1" }),
  ).rejects.toMatchObject({
    code: "EADDRINUSE",
  })
})
