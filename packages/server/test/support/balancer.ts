import { once } from "node:events"
import { request } from "node:http"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** How often the balancer asks its servers how they are, in milliseconds: until then it does not know. */
const checkEvery = 100

/** Leads each new TCP connection to the next of the servers that say that they are well. */
export class Balancer {
  /** Ports, and whether the last answer was a good one. */
  readonly #servers = new Map<number, boolean>()
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #turn = 0
  #closed = false

  private constructor() {
    this.#server = createServer((client) => this.#lead(client))
  }

  static async open(): Promise<Balancer> {
    const balancer = new Balancer()
    await once(balancer.#server.listen(0, "127.0.0.1"), "listening")
    void balancer.#watch()
    return balancer
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rpc`
  }

  async add(port: number): Promise<void> {
    this.#servers.set(port, await isWell(port))
  }

  remove(port: number): void {
    this.#servers.delete(port)
  }

  close(): void {
    this.#closed = true
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #lead(client: Socket): void {
    const well = [...this.#servers].filter(([, isWell]) => isWell)
    const [port] = well[this.#turn++ % well.length] ?? []
    if (port === undefined) return void client.destroy()
    const server = connect(port, "127.0.0.1")
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.pipe(other)
      socket.on("error", () => socket.destroy())
      socket.on("close", () => {
        this.#sockets.delete(socket)
        other.destroySoon()
      })
    }
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      await sleep(checkEvery)
      for (const port of this.#servers.keys()) {
        const well = await isWell(port)
        if (this.#servers.has(port)) this.#servers.set(port, well)
      }
    }
  }
}

function isWell(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ host: "127.0.0.1", port, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asking.on("error", () => resolve(false))
    asking.end()
  })
}
