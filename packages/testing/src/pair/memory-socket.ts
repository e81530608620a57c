import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { WebSocketClass, WebSocketLike } from "@trunkline/transport"
import { type ClientEnd, eventData, LineSocket, type SocketLine } from "../line/line-socket.js"

/** What a socket in memory hangs on. */
export interface Wiring extends SocketLine {
  /** Lets a client in; `undefined`: nobody answers. */
  admit(socket: LineSocket, protocols: readonly string[]): string | undefined
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

/** The client's end of a socket that never leaves the program: what a browser would give. */
class MemorySocket implements WebSocketLike, ClientEnd {
  protocol = ""
  binaryType = ""
  readonly bufferedAmount = 0
  readonly #line: LineSocket
  readonly #listeners = new Map<string, Hear[]>()

  constructor(wiring: Wiring, protocols: readonly string[]) {
    this.#line = new LineSocket(wiring, this)
    this.#line.knock(() => this.#knocked(wiring, protocols))
  }

  addEventListener(type: string, listener: Hear): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  send(data: Encoded): void {
    this.#line.sent(data)
  }

  close(code = 1005, reason = ""): void {
    this.#line.left(code, reason)
  }

  received(wire: Encoded): void {
    this.#hear("message", { data: eventData(wire) })
  }

  closed(code: number, reason: string): void {
    this.#hear("close", { code, reason })
  }

  #knocked(wiring: Wiring, protocols: readonly string[]): void {
    if (!this.#line.open) return
    const protocol = wiring.admit(this.#line, protocols)
    if (protocol === undefined) return this.#line.break(closeCodes.ABNORMAL)
    this.protocol = protocol
    this.#hear("open")
  }

  #hear(type: string, event: { data?: unknown; code?: number; reason?: string } = {}): void {
    const { data, code = 0, reason = "" } = event
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, code, reason })
  }
}
