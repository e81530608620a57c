import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Server } from "@trunkline/server"
import { attach } from "@trunkline/server/node"
import { conditionOf, Lines } from "./lines.js"
import { type File, indexPage, pageOf, sharedFiles } from "./pages.js"

/** Nothing is loaded from elsewhere, and the browser is told so. Zod compiles its schemas where it may. */
const policy =
  "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

/** Where the examples are shown: the page of each at `/<name>/`, and its line at `/<name>/rpc`. */
export class Stage {
  readonly #files = new Map<string, File>()
  readonly #lines = new Lines()
  readonly #http = createServer((request, response) => this.#answer(request, response))
  /** Never listens. Servers hear of upgrades here, whose sockets go through lines. */
  readonly #behind = createServer()

  constructor() {
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head))
  }

  async put(name: string, server: Server): Promise<void> {
    for (const [path, file] of await pageOf(name)) this.#files.set(`/${name}/${path}`, file)
    attach(server, this.#behind, { path: `/${name}/rpc` })
  }

  /** A page at `/` that leads to all examples. */
  async putIndex(): Promise<void> {
    this.#files.set("/", await indexPage())
  }

  /** Gives the port, which it chooses where 0 was given. */
  async open(port: number, host: string): Promise<number> {
    for (const [path, file] of await sharedFiles()) this.#files.set(`/${path}`, file)
    await once(this.#http.listen(port, host), "listening")
    const address = this.#http.address()
    return typeof address === "object" && address ? address.port : port
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path = "", query] = request.url?.split("?", 2) ?? []
    const name = path.match(/^\/(\w+)\/rpc$/)?.[1]
    if (name === undefined || !this.#files.has(`/${name}/`)) return void socket.destroy()
    if (socket instanceof Socket) socket.setNoDelay()
    const wire = this.#lines.carry(new URLSearchParams(query).get("line") ?? "", socket)
    if (wire) this.#behind.emit("upgrade", request, wire, head)
  }

  #answer({ method, url = "" }: IncomingMessage, response: ServerResponse): void {
    const [path = ""] = url.split("?", 1)
    const [, line, text] = path.match(/^\/lines\/([\w-]{1,64})\/(\w+)$/) ?? []
    const condition = conditionOf(text)
    const file = this.#files.get(path)
    if (line && condition && method === "PUT") {
      this.#lines.change(line, condition)
      response.writeHead(204).end()
    } else if (file && (method === "GET" || method === "HEAD")) {
      const headers = { "content-security-policy": policy, "cache-control": "no-cache" }
      response.writeHead(200, { ...headers, "content-type": file.type }).end(file.body)
    } else {
      response.writeHead(404).end("Not found\n")
    }
  }
}
