import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http"
import type { Server as HttpsServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as limits from "@trunkline/protocol/limits"
import type { Transport, TransportEvents } from "@trunkline/transport"
import { type PerMessageDeflateOptions, type RawData, type WebSocket, WebSocketServer } from "ws"
import { checkDrain } from "../check.js"
import {
  type DrainOptions,
  defaultHeadersTimeout,
  defaultPath,
  defaultSignals,
} from "../options.js"
import { Server } from "../server.js"
import type { UpgradeAnswer, UpgradeOffer } from "../upgrade.js"
import { onTermination } from "./termination.js"

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
  /**
   * Where a client comes from: by this its sockets are counted until it has said who it is, and handlers get
   * it as `session.remote`. Behind a proxy every socket comes from the proxy: name the header that it sets,
   * and make sure that it does not hand on one that the client sent.
   *
   * @default the address of the socket
   * @example
   * ```ts
   * attach(server, http, { address: ({ headers }) => headers["x-real-ip"]?.toString() })
   * ```
   */
  readonly address?: ((request: IncomingMessage) => string | undefined) | undefined
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
  /**
   * Milliseconds for the headers of a request, so that nobody holds sockets by writing slowly.
   * @default 10_000
   */
  readonly headersTimeout?: number | undefined
  /**
   * Whether SIGTERM drains the server, and how, and then closes it: a process that nothing else keeps
   * alive ends by itself. A second SIGTERM ends it at once. `false`: the signal is yours.
   * @default true
   */
  readonly signals?: boolean | DrainOptions | undefined
}

/** A server that listens. */
export interface Listening {
  readonly port: number
  readonly http: HttpServer
  /** Ends all sessions and stops listening. */
  close(): Promise<void>
  /** Fulfilled when it has been closed, also by a signal: what only it needed may go. */
  readonly closed: Promise<void>
}

/** A socket that does not answer our close frame is dropped after this, in milliseconds. */
const closeTimeout = 5_000
/** Fragments of one message, and chunks of TCP that a socket keeps until it can read on: many small ones take
 * far more memory than their bytes. A correct client sends whole messages. */
const mostFragments = 256
const mostChunks = 4_096

const statuses = { 400: "400 Bad Request", 503: "503 Service Unavailable" } as const

/**
 * Serves on an HTTP server that is there already, beside its own routes. Upgrades of other paths are left
 * to whoever else listens for them.
 *
 * @returns takes it back: sockets that are open stay
 * @throws TypeError for what is no server, as an app is none, and for an option that could not work
 */
export function attach(
  server: Server,
  http: HttpServer | HttpsServer,
  { path = defaultPath, deflate, address = addressOf }: AttachOptions = {},
): () => void {
  if (!(server instanceof Server)) throw new TypeError("not a server, which `serve` makes")
  // An app of Express has `on` and never upgrades; the server that it listens with has an address.
  if (typeof http?.address !== "function") throw new TypeError("attach: no http.Server")
  checkAttach({ path, deflate, address })
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytesOnWire,
    maxFragments: mostFragments,
    maxBufferedChunks: mostChunks,
    perMessageDeflate: deflate ? deflateOptions(deflate.threshold) : false,
    handleProtocols: (_, request) => answers.get(request)?.subprotocol ?? false,
  })
  const answers = new WeakMap<IncomingMessage, UpgradeAnswer>()
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== path) {
      if (http.listenerCount("upgrade") === 1) refuse(socket, "404 Not Found")
      return
    }
    const remote = attempt(() => checkedAddress(address(request)))
    if (remote instanceof Failed) {
      server.report("address failed", remote.error)
      return refuse(socket, statuses[400])
    }
    const answer = server.negotiate({ ...offerOf(request), address: remote })
    if ("status" in answer) return refuse(socket, statuses[answer.status])
    answers.set(request, answer)
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const transport = new NodeTransport(webSocket)
      const { origin, cookie } = request.headers
      if (answer.reject) server.refuse(transport, answer.reject, remote)
      else server.accept(transport, answer.subprotocol, { origin, remote, cookie, request })
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
  const { headersTimeout = defaultHeadersTimeout, signals = defaultSignals } = options
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError(`listen: this is no port: ${String(port)}`)
  }
  if (typeof handler !== "function") throw new TypeError("listen: handler is no function")
  const draining = typeof signals === "object" ? signals : {}
  checkDrain(draining)
  const timeouts = { headersTimeout, connectionsCheckingInterval: headersTimeout / 2 }
  const http = createServer(timeouts, handler)
  attach(server, http, options)
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject)
    http.listen(port, hostname, resolve)
  })
  const closed = new Promise<void>((resolve) => void http.once("close", resolve))
  const close = async (): Promise<void> => {
    ignore()
    await server.close()
    http.close()
    http.closeAllConnections()
    await closed
  }
  const leave = (): void => void server.drain(draining).then(close)
  const ignore = signals === false ? () => {} : onTermination(leave)
  return { http, port: portOf(http.address()), close, closed }
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

  gone(run: () => void): void {
    this.#socket.once("close", run)
  }
}

function encodedOf(data: RawData, isBinary: boolean): Encoded {
  if (!isBinary) return data.toString()
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  const bytes = Array.isArray(data) ? Buffer.concat(data) : data
  const { buffer, byteOffset, byteLength } = bytes
  // Not copied: nothing that is read from it refers to it.
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(bytes)
}

/** No context is kept between messages: it would cost each connection some hundred kilobytes. */
function deflateOptions(threshold: number): PerMessageDeflateOptions {
  return { threshold, serverNoContextTakeover: true, clientNoContextTakeover: true }
}

/** What a function threw. */
class Failed {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

function attempt<T>(run: () => T): T | Failed {
  try {
    return run()
  } catch (error) {
    return new Failed(error)
  }
}

/** Later it would be every client that is refused. */
function checkAttach({ path, deflate, address }: AttachOptions): void {
  if (!String(path).startsWith("/")) throw new TypeError(`a path begins with a slash: ${path}`)
  if (typeof address !== "function") throw new TypeError("attach: address is no function")
  if (deflate && !(deflate.threshold >= 0)) {
    throw new TypeError(`attach: deflate.threshold is no number of bytes: ${deflate.threshold}`)
  }
}

function addressOf({ socket }: IncomingMessage): string | undefined {
  return socket.remoteAddress
}

function checkedAddress(given: unknown): string | undefined {
  if (given === undefined || typeof given === "string") return given
  throw new TypeError("address gives a text, or undefined")
}

function offerOf({ headers }: IncomingMessage): Omit<UpgradeOffer, "address"> {
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
  // Nor would anybody close it: a client that keeps its own end open would keep the socket for ever.
  socket.once("finish", () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function notFound(_: unknown, response: { writeHead(status: number): { end(): void } }): void {
  response.writeHead(404).end()
}
