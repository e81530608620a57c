import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http"
import type { Server as HttpsServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as limits from "@trunkline/protocol/limits"
import type { Transport, TransportEvents } from "@trunkline/transport"
import { type PerMessageDeflateOptions, type RawData, type WebSocket, WebSocketServer } from "ws"
import { defaultPath } from "../options.js"
import { Server, type UpgradeAnswer } from "../server.js"

/** Where on an HTTP server the line is. */
export interface AttachOptions {
  /**
   * The path of the WebSocket.
   * @default "/rpc"
   */
  readonly path?: string | undefined
  /**
   * Compresses messages from this many bytes on. It costs far more time than it saves on small messages,
   * and holds an acknowledgement up behind a large one.
   * @default off
   */
  readonly deflate?: { readonly threshold: number } | undefined
}

export interface ListenOptions extends AttachOptions {
  /** 0 takes a free one. */
  readonly port: number
  /**
   * The address to listen on.
   * @default every address of the machine
   */
  readonly hostname?: string | undefined
  /**
   * Answers plain HTTP on the same port: an Express app, or any request listener.
   * @default every request is answered with 404
   */
  readonly handler?: Parameters<typeof createServer>[1]
}

/** A server that listens. */
export interface Listening {
  readonly port: number
  readonly http: HttpServer
  /** Ends all sessions and stops listening. */
  close(): Promise<void>
}

/** A socket that does not answer our close frame is dropped after this, in milliseconds. */
const closeTimeout = 5_000

/**
 * Serves on an HTTP server that is there already, beside its own routes. Upgrades of other paths are left
 * to whoever else listens for them.
 *
 * @returns takes it back: sockets that are open stay
 * @throws TypeError for what is no server, as an app is none, and for a path without its slash
 */
export function attach(
  server: Server,
  http: HttpServer | HttpsServer,
  { path = defaultPath, deflate }: AttachOptions = {},
): () => void {
  if (!(server instanceof Server)) throw new TypeError("not a server, which `serve` makes")
  // An app of Express has `on` and never upgrades; the server that it listens with has an address.
  if (typeof http?.address !== "function") throw new TypeError("attach: no http.Server")
  if (!path.startsWith("/")) throw new TypeError(`a path begins with a slash: ${path}`)
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytesOnWire,
    perMessageDeflate: deflate ? deflateOptions(deflate.threshold) : false,
    handleProtocols: (_, request) => answers.get(request)?.subprotocol ?? false,
  })
  const answers = new WeakMap<IncomingMessage, UpgradeAnswer>()
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== path) {
      if (http.listenerCount("upgrade") === 1) refuse(socket, "404 Not Found")
      return
    }
    const answer = server.negotiate(offerOf(request))
    if (!answer) return refuse(socket, "400 Bad Request")
    answers.set(request, answer)
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const transport = new NodeTransport(webSocket)
      const { origin } = request.headers
      const { remoteAddress: remote } = request.socket
      if (answer.reject) server.refuse(transport, answer.reject)
      else server.accept(transport, answer.subprotocol, { origin, remote, request })
    })
  }
  http.on("upgrade", upgrade)
  return () => void http.off("upgrade", upgrade)
}

/**
 * Opens a port and serves on it.
 *
 * @example
 * ```ts
 * const { close } = await listen(server, { port: 8080, path: "/rpc", handler: app })
 * ```
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listening> {
  const { port, hostname, handler = notFound } = options
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError(`listen: this is no port: ${String(port)}`)
  }
  const http = createServer(handler)
  attach(server, http, options)
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject)
    http.listen(port, hostname, resolve)
  })
  return {
    http,
    port: portOf(http.address()),
    close: async () => {
      await server.close()
      await new Promise((resolve) => {
        http.close(resolve)
        http.closeAllConnections()
      })
    },
  }
}

/** A socket of `ws` as a transport. */
class NodeTransport implements Transport {
  readonly #socket: WebSocket
  #events: TransportEvents | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on("message", (data, isBinary) => this.#events?.message(encodedOf(data, isBinary)))
    socket.on("close", (code, reason) => this.#events?.closed(code, reason.toString()))
    // Whatever goes wrong is followed by a close; unheard, an error would end the process.
    socket.on("error", () => {})
  }

  get buffered(): number {
    return this.#socket.bufferedAmount
  }

  listen(events: TransportEvents): void {
    this.#events = events
  }

  send(wire: Encoded): void {
    this.#socket.send(wire)
  }

  close(code: number, reason: string): void {
    this.#events = undefined
    this.#socket.close(code, closeCodes.closeReason(reason))
    const drop = setTimeout(() => this.#socket.terminate(), closeTimeout).unref()
    this.#socket.once("close", () => clearTimeout(drop))
  }
}

function encodedOf(data: RawData, isBinary: boolean): Encoded {
  if (!isBinary) return data.toString()
  return new Uint8Array(Array.isArray(data) ? Buffer.concat(data) : data)
}

/** No context is kept between messages: it would cost each connection some hundred kilobytes. */
function deflateOptions(threshold: number): PerMessageDeflateOptions {
  return { threshold, serverNoContextTakeover: true, clientNoContextTakeover: true }
}

function offerOf({ headers }: IncomingMessage): Parameters<Server["negotiate"]>[0] {
  const protocols = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim())
  return { protocols, origin: headers.origin, host: headers.host }
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? url
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" && address ? address.port : 0
}

function refuse(socket: Duplex, status: string): void {
  // Nobody else listens to a socket that asked for an upgrade; unheard, an error would end the process.
  socket.on("error", () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function notFound(_: unknown, response: { writeHead(status: number): { end(): void } }): void {
  response.writeHead(404).end()
}
