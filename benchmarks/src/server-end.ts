import { createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Service } from "./contender.js"
import { type ContenderName, contenders } from "./contenders/index.js"
import type { Traffic } from "./replies.js"
import { sampleOf, Workload } from "./workload.js"

/** What the server's process does when told. */
export class ServerEnd {
  readonly #workload = new Workload()
  readonly #http = createServer((_, response) => response.writeHead(404).end())
  readonly #sockets = new Set<Socket>()
  #service: Service | undefined
  #published = 0

  async listen(name: ContenderName): Promise<number> {
    const serve = await contenders[name].serve()
    this.#http.on("connection", (socket) => this.#sockets.add(socket))
    this.#service = serve(this.#http, this.#workload)
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve))
    return portOf(this.#http.address())
  }

  /** All in one turn of the event loop. */
  publish(count: number): void {
    for (let index = 0; index < count; index++) this.#service?.publish(sampleOf(this.#published++))
  }

  get watchers(): number {
    return this.#service?.watchers ?? 0
  }

  get produced(): number {
    return this.#workload.produced
  }

  get traffic(): Traffic {
    let up = 0
    let down = 0
    for (const socket of this.#sockets) {
      up += socket.bytesRead
      down += socket.bytesWritten
    }
    return { up, down }
  }
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== "object" || !address) throw new Error("the server does not listen")
  return address.port
}
