import { type Encoded, rejectSubprotocol } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import { type WebSocketHandler, type WebSocketHandlerConnection, ws } from "msw"
import { type ClientEnd, eventData, LineSocket } from "../line/line-socket.js"
import type { LocalLine } from "../line/local-line.js"

type MswClient = WebSocketHandlerConnection["client"]

/** Has msw hand the WebSockets that are opened to this address to a line. */
export function interceptor(url: string, line: LocalLine): WebSocketHandler {
  const link = ws.link(url.replace(/^http/, "ws"))
  return link.addEventListener("connection", ({ client, info }) => {
    new InterceptedSocket(client, line).knock(info.protocols)
  })
}

/**
 * A client's socket as msw has it. Its messages leave each in a turn of its own, because msw loses what
 * is sent in the turn in which it is closed.
 */
class InterceptedSocket implements ClientEnd {
  readonly #client: MswClient
  readonly #line: LocalLine
  readonly #socket: LineSocket

  constructor(client: MswClient, line: LocalLine) {
    this.#client = client
    this.#line = line
    this.#socket = new LineSocket(line, this)
    client.addEventListener("message", ({ data }) => this.#sent(data))
    client.addEventListener("close", ({ code, reason }) => this.#socket.left(code, reason))
  }

  /** The first that a client offers is what msw has chosen, whatever a server would. */
  knock(protocols: string | readonly string[] = []): void {
    const [chosen = ""] = typeof protocols === "string" ? [protocols] : protocols
    const subprotocol = this.#line.admit(this.#socket, [chosen, rejectSubprotocol], chosen)
    if (subprotocol === undefined) this.closed(closeCodes.ABNORMAL, "")
  }

  received(wire: Encoded): void {
    this.#client.send(eventData(wire))
  }

  closed(code: number, reason: string): void {
    this.#client.close(code, reason)
  }

  /** Messages of neither kind are none of ours: a session is never sent them. */
  #sent(data: unknown): void {
    if (typeof data === "string") this.#socket.sent(data)
    else if (data instanceof Uint8Array) this.#socket.sent(new Uint8Array(data))
    else if (data instanceof ArrayBuffer) this.#socket.sent(new Uint8Array(data))
  }
}
