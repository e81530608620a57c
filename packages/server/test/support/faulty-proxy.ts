import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** How a wire ends. No close frame ever passes its end. */
type End = "cut" | "freeze" | "late"

/** What happens to one wire, once so many bytes have passed it, both ways together. */
export interface Fate {
  /**
   * - `cut`: both ends are reset, at this very byte
   * - `freeze`: nothing passes any more, and nobody is told
   * - `late`: the client is reset, and what it had said arrives at the server only after `delay`: behind
   *   what the client says on its next socket
   */
  readonly end: End
  readonly after: number
  /** Milliseconds. Default: 0. */
  readonly delay?: number
  /** Bytes that pass at a time: what TCP parts differently every time is parted here on purpose. */
  readonly piece?: number
}

const lasting: Fate = { end: "cut", after: Number.POSITIVE_INFINITY }

/** Wires between clients and a server that fail in every way in which wires do. */
export class FaultyProxy {
  readonly counts = { connections: 0, cut: 0, freeze: 0, late: 0 }
  /** Where it leads; a server that comes back elsewhere is found by changing it. */
  target: number
  /** Drawn for each new wire; undefined: it lasts. */
  fate: () => Fate | undefined = () => undefined
  readonly #server: Server
  readonly #wires = new Set<Wire>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((client) => this.#connected(client))
  }

  static async to(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target)
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
    for (const wire of [...this.#wires]) wire.cut()
  }

  /** From now on nothing passes the wires that are there, and nobody is told. */
  freeze(): void {
    for (const wire of this.#wires) wire.freeze()
  }

  /** The server's ends are gone, and the clients are not told. */
  sever(): void {
    for (const wire of this.#wires) wire.sever()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #connected(client: Socket): void {
    this.counts.connections++
    const server = connect(this.target, "127.0.0.1")
    const wire = new Wire(client, server, this.fate() ?? lasting, {
      ended: (end) => this.counts[end]++,
      gone: () => this.#wires.delete(wire),
    })
    this.#wires.add(wire)
  }
}

interface WireUser {
  ended(end: End): void
  gone(): void
}

/** One connection through the proxy. */
class Wire {
  readonly #client: Socket
  readonly #server: Socket
  readonly #fate: Fate
  readonly #user: WireUser
  #left: number
  /** Nothing passes any more. */
  #over = false
  /** One end does not learn what becomes of the other. */
  #silent = false

  constructor(client: Socket, server: Socket, fate: Fate, user: WireUser) {
    this.#client = client
    this.#server = server
    this.#fate = fate
    this.#user = user
    this.#left = fate.after
    this.#forward(client, server)
    this.#forward(server, client)
  }

  cut(): void {
    this.#end("cut")
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
    this.#user.gone()
  }

  freeze(): void {
    this.#end("freeze")
    this.#silent = true
    this.#client.pause()
    this.#server.pause()
  }

  sever(): void {
    this.freeze()
    this.#server.resetAndDestroy()
  }

  /** @param rest what the client had said and did not pass any more */
  #belate(rest: Buffer): void {
    const { delay = 0 } = this.#fate
    this.#end("late")
    this.#silent = true
    this.#client.resetAndDestroy()
    setTimeout(() => {
      if (!this.#server.destroyed) this.#server.write(rest)
      setTimeout(() => this.#server.destroy(), delay)
    }, delay)
  }

  #end(end: End): void {
    this.#over = true
    this.#user.ended(end)
  }

  #forward(from: Socket, to: Socket): void {
    const { piece = 65_536 } = this.#fate
    from.setNoDelay()
    from.on("error", () => {})
    from.on("close", () => this.#closed(to))
    from.on("data", (data) => {
      for (let at = 0; at < data.length && !this.#over; at += piece) {
        const part = data.subarray(at, Math.min(at + piece, data.length, at + this.#left))
        to.write(part)
        this.#left -= part.length
        if (this.#left > 0) continue
        const rest = from === this.#client ? data.subarray(at + part.length) : Buffer.alloc(0)
        this.#meetFate(rest)
      }
    })
  }

  #meetFate(rest: Buffer): void {
    const { end } = this.#fate
    if (end === "cut") this.cut()
    else if (end === "freeze") this.freeze()
    else this.#belate(rest)
  }

  /** One end is gone: so is the other, unless it is not to know. */
  #closed(other: Socket): void {
    this.#over = true
    if (!this.#silent) other.destroy()
    if (this.#client.destroyed && this.#server.destroyed) this.#user.gone()
  }
}
