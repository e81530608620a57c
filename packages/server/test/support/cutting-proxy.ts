import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

interface Pair {
  readonly client: Socket
  readonly server: Socket
  /** Bytes that may still pass, both ways together. */
  left: number
  frozen: boolean
}

/**
 * A wire between a client and a server that can be cut: at once, after so many bytes, or without
 * anybody noticing. No close frame ever passes a cut.
 */
export class CuttingProxy {
  /** Where it leads; a server that comes back elsewhere is found by changing it. */
  target: number
  /** Connections so far, and how many of them were cut. */
  connections = 0
  cuts = 0
  /** Bytes that a new connection may carry until it is cut. */
  lifetime: () => number = () => Number.POSITIVE_INFINITY
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((client) => this.#connected(client))
  }

  static async to(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target)
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening")
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/rpc`
  }

  /** Cuts every wire. */
  cut(): void {
    for (const pair of [...this.#pairs]) this.#cut(pair)
  }

  /** From now on nothing passes the wires that are there, and nobody is told. */
  freeze(): void {
    for (const pair of this.#pairs) {
      pair.frozen = true
      pair.client.pause()
      pair.server.pause()
    }
  }

  /** The server's ends are gone, and the clients are not told. */
  sever(): void {
    this.freeze()
    for (const { server } of this.#pairs) server.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #connected(client: Socket): void {
    this.connections++
    const server = connect(this.target, "127.0.0.1")
    const pair = { client, server, left: this.lifetime(), frozen: false }
    this.#pairs.add(pair)
    this.#forward(pair, client, server)
    this.#forward(pair, server, client)
  }

  #forward(pair: Pair, from: Socket, to: Socket): void {
    from.on("data", (data) => {
      if (pair.frozen) return
      to.write(data.subarray(0, pair.left))
      pair.left -= data.length
      if (pair.left <= 0) this.#cut(pair)
    })
    from.on("error", () => {})
    from.on("close", () => {
      if (pair.frozen || !this.#pairs.delete(pair)) return
      to.destroy()
    })
  }

  #cut(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    this.cuts++
    pair.frozen = true
    pair.client.resetAndDestroy()
    pair.server.resetAndDestroy()
  }
}
