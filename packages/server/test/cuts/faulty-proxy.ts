import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** What happens to one connection, once so many bytes have passed it. */
export interface Fate {
  /**
   * - `cut`: both ends are reset, at this very byte
   * - `freeze`: nothing passes any more, and nobody is told
   * - `late`: the client is reset, and what it had said arrives at the server only after `delay`: behind
   *   what the client says on its next socket
   */
  readonly end: "cut" | "freeze" | "late"
  readonly after: number
  /** Milliseconds. */
  readonly delay: number
  /** Bytes that pass at a time; what TCP parts differently every time is parted here on purpose. */
  readonly piece: number
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  readonly fate: Fate
  left: number
  over: boolean
}

/** A wire that fails in every way in which wires do. */
export class FaultyProxy {
  readonly counts = { connections: 0, cut: 0, freeze: 0, late: 0 }
  /** Where it leads now. */
  target: number
  /** Drawn for each connection; undefined: it lasts. */
  fate: () => Fate | undefined = () => undefined
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((client) => this.#connected(client))
  }

  static async to(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target)
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening")
    return proxy
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rpc`
  }

  async close(): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #connected(client: Socket): void {
    this.counts.connections++
    const server = connect(this.target, "127.0.0.1")
    const forever: Fate = { end: "cut", after: Number.POSITIVE_INFINITY, delay: 0, piece: 65_536 }
    const fate = this.fate() ?? forever
    const pair: Pair = { client, server, fate, left: fate.after, over: false }
    client.setNoDelay()
    server.setNoDelay()
    this.#pairs.add(pair)
    this.#forward(pair, client, server)
    this.#forward(pair, server, client)
    const gone = () => this.#gone(pair)
    client.on("close", gone)
    server.on("close", gone)
  }

  #forward(pair: Pair, from: Socket, to: Socket): void {
    const { piece } = pair.fate
    from.on("error", () => {})
    from.on("data", (data) => {
      for (let at = 0; at < data.length && !pair.over; at += piece) {
        const part = data.subarray(at, Math.min(at + piece, data.length, at + pair.left))
        to.write(part)
        pair.left -= part.length
        if (pair.left <= 0) this.#end(pair, data.subarray(at + part.length), from === pair.client)
      }
    })
  }

  /** @param rest what did not pass any more, and whether the client said it */
  #end(pair: Pair, rest: Buffer, fromClient: boolean): void {
    const { client, server, fate } = pair
    pair.over = true
    this.counts[fate.end]++
    if (fate.end === "freeze") {
      client.pause()
      server.pause()
      return
    }
    client.resetAndDestroy()
    if (fate.end === "cut") return void server.resetAndDestroy()
    setTimeout(() => {
      if (fromClient && !server.destroyed) server.write(rest)
      setTimeout(() => server.destroy(), fate.delay)
    }, fate.delay)
  }

  /** One end is gone: so is the other, unless it is not to know yet. */
  #gone(pair: Pair): void {
    if (pair.over && pair.fate.end === "late" && !pair.server.destroyed) return
    pair.over = true
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
}
