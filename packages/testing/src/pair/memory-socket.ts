import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Server } from "@trunkline/server"
import type {
  Transport,
  TransportEvents,
  WebSocketClass,
  WebSocketLike,
} from "@trunkline/transport"

/** What a socket in memory hangs on. */
export interface Wiring {
  /** Who takes new sockets; undefined while nobody does. */
  readonly server: Server | undefined
  /** Runs in a turn of its own, in order, as a message from a network would. */
  deliver(run: () => void): void
  opened(socket: MemorySocket): unknown
  gone(socket: MemorySocket): unknown
}

/** The class that a client makes its sockets of. */
export function memorySocketClass(wiring: Wiring): WebSocketClass {
  return class extends MemorySocket {
    constructor(_url: string, protocols: readonly string[]) {
      super(wiring, protocols)
    }
  }
}

type Hear = (event: {
  readonly data: unknown
  readonly code: number
  readonly reason: string
}) => void

/** What a WebSocket of the type "arraybuffer" tells of a message. */
export function eventData(wire: Encoded): string | ArrayBuffer {
  return typeof wire === "string" ? wire : wire.slice().buffer
}

/** The client's end of a socket that never leaves the program: what a browser would give. */
export class MemorySocket implements WebSocketLike {
  protocol = ""
  binaryType = ""
  readonly bufferedAmount = 0
  readonly #wiring: Wiring
  readonly #listeners = new Map<string, Hear[]>()
  #server: ServerEnd | undefined
  #open = true
  #broken = false

  constructor(wiring: Wiring, protocols: readonly string[]) {
    this.#wiring = wiring
    wiring.opened(this)
    wiring.deliver(() => this.#arrive(protocols))
  }

  addEventListener(type: string, listener: Hear): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  send(data: Encoded): void {
    if (this.#open) this.#carry(() => this.#server?.events?.message(data))
  }

  close(code = 1005, reason = ""): void {
    if (this.#leave()) this.#carry(() => this.#server?.closed(code, reason))
  }

  /** The line breaks: what is on its way is lost, and both ends learn it without a code. */
  drop(): void {
    if (!this.#leave()) return
    this.#broken = true
    this.#wiring.deliver(() => this.#server?.closed(closeCodes.ABNORMAL, ""))
    this.#wiring.deliver(() => this.#hear("close", { code: closeCodes.ABNORMAL }))
  }

  /** A message from the server. */
  received(data: Encoded): void {
    this.#carry(() => this.#open && this.#hear("message", { data: eventData(data) }))
  }

  /** The server's end is closed; what it sent before arrives before. */
  closed(code: number, reason: string): void {
    this.#carry(() => this.#leave() && this.#hear("close", { code, reason }))
  }

  #arrive(protocols: readonly string[]): void {
    if (!this.#open) return
    const { server } = this.#wiring
    const answer = server?.negotiate({
      ...{ protocols, origin: undefined, host: undefined, address: undefined },
    })
    if (!server || !answer || "status" in answer) return this.drop()
    this.#server = new ServerEnd(this)
    this.protocol = answer.subprotocol
    this.#hear("open")
    if (answer.reject) return server.refuse(this.#server, answer.reject, undefined)
    const credentials = {
      origin: undefined,
      remote: "memory",
      cookie: undefined,
      request: undefined,
    }
    server.accept(this.#server, answer.subprotocol, credentials)
  }

  #carry(arrive: () => void): void {
    this.#wiring.deliver(() => {
      if (!this.#broken) arrive()
    })
  }

  /** `false`: it was closed before. */
  #leave(): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#wiring.gone(this)
    return true
  }

  #hear(type: string, event: { data?: unknown; code?: number; reason?: string } = {}): void {
    const { data, code = 0, reason = "" } = event
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, code, reason })
  }
}

/** The server's end: what an adapter would give. */
class ServerEnd implements Transport {
  readonly #client: MemorySocket
  #open = true
  events: TransportEvents | undefined

  constructor(client: MemorySocket) {
    this.#client = client
  }

  listen(events: TransportEvents): void {
    this.events = events
  }

  send(wire: Encoded): void {
    if (this.#open) this.#client.received(wire)
  }

  close(code: number, reason: string): void {
    this.events = undefined
    this.#open = false
    this.#client.closed(code, reason)
  }

  closed(code: number, reason: string): void {
    const { events } = this
    this.events = undefined
    this.#open = false
    events?.closed(code, reason)
  }
}
