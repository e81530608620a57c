import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Transport, TransportEvents } from "./transport.js"

/** What we use of a WebSocket: browsers', Node's own, `ws`, Deno's and Bun's all have it. */
export interface WebSocketLike {
  readonly protocol: string
  readonly bufferedAmount: number
  binaryType: string
  addEventListener(type: "open" | "error", listener: (event: unknown) => void): void
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void
  addEventListener(
    type: "close",
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike

/** Any WebSocket of this side's making as a Transport. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocketLike
  /** What went wrong, where the runtime tells: `ws` does, browsers keep it to themselves. */
  #fault = ""
  #events: TransportEvents | undefined

  constructor(socket: WebSocketLike, opened: () => void) {
    this.#socket = socket
    socket.binaryType = "arraybuffer"
    socket.addEventListener("open", opened)
    socket.addEventListener("message", ({ data }) => this.#message(data))
    socket.addEventListener("close", ({ code, reason }) =>
      this.#events?.closed(code, reason || this.#fault),
    )
    // Whatever goes wrong is followed by a close; unheard, an error would be thrown.
    socket.addEventListener("error", (event) => {
      // Of a host with several addresses there is only a code.
      const { message, error } = Object(event)
      this.#fault = String(message || error?.code || "")
    })
  }

  /** The subprotocol that the other side chose. */
  get protocol(): string {
    return this.#socket.protocol
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
  }

  #message(data: unknown): void {
    if (typeof data === "string") this.#events?.message(data)
    else if (data instanceof ArrayBuffer) this.#events?.message(new Uint8Array(data))
  }
}
