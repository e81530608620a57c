import {
  type Codec,
  type Encoded,
  type HelloBody,
  helloMessage,
  jsonCodec,
  type RejectBody,
  readAnswer,
  rejectSubprotocol,
  type WelcomeBody,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as durations from "@trunkline/protocol/durations"
import * as frameKinds from "@trunkline/protocol/frame-kinds"
import * as limits from "@trunkline/protocol/limits"
import { type Host, type WebSocketClass, WebSocketTransport } from "@trunkline/transport"
import { asToken } from "./token.js"

/** How an attempt to reach the server ended. */
export type DialResult =
  | {
      readonly type: "welcome"
      readonly welcome: WelcomeBody
      readonly transport: WebSocketTransport
      readonly codec: Codec
    }
  | { readonly type: "reject"; readonly reject: RejectBody }
  | { readonly type: "closed"; readonly code: number; readonly reason: string }
  /** The token could not be had, or the socket not be made. */
  | { readonly type: "failed"; readonly cause: unknown }

export interface DialOptions {
  readonly url: string
  readonly WebSocket: WebSocketClass
  readonly host: Host
  /** What to speak, best first. */
  readonly codecs: readonly Codec[]
  /** Asked before the socket is opened. */
  readonly token: () => string | undefined | Promise<string | undefined>
  /** The first message; asked for when the socket is open. */
  readonly hello: (token: string | undefined) => HelloBody
}

/**
 * One attempt: a token, a socket, HELLO, and the server's answer. It ends exactly once, with a result or
 * by being abandoned; a socket that nobody takes over is closed.
 */
export class Dial {
  readonly #options: DialOptions
  readonly #done: (result: DialResult) => void
  readonly #cancelTimeout: () => void
  #token: string | undefined
  #transport: WebSocketTransport | undefined
  #over = false

  constructor(options: DialOptions, done: (result: DialResult) => void) {
    const { host } = options
    this.#options = options
    this.#done = done
    this.#cancelTimeout = host.wakeAt(host.now() + durations.welcome, () =>
      this.#give("nothing came back in time"),
    )
    void this.#start()
  }

  /** Nobody waits for the result any more. */
  abandon(): void {
    if (!this.#finish()) return
    this.#transport?.close(closeCodes.NORMAL, "abandoned")
  }

  async #start(): Promise<void> {
    try {
      // Not before `connect` has returned: whoever wants to hear of a failure needs the connection.
      await undefined
      this.#token = asToken(await this.#options.token())
      if (!this.#over) this.#open()
    } catch (cause) {
      this.#failed(cause)
    }
  }

  #failed(cause: unknown): void {
    if (this.#finish()) this.#done({ type: "failed", cause })
  }

  #open(): void {
    const { WebSocket, url, codecs } = this.#options
    const protocols = [...codecs.map(({ subprotocol }) => subprotocol), rejectSubprotocol]
    const transport = new WebSocketTransport(new WebSocket(url, protocols), () =>
      this.#opened(transport),
    )
    this.#transport = transport
    transport.listen({
      message: (wire) => this.#answered(transport, wire),
      closed: (code, reason) => this.#closed(code, reason),
    })
  }

  #opened(transport: WebSocketTransport): void {
    if (this.#over) return
    const codec = this.#codecOf(transport)
    if (codec) this.#greet(transport, helloMessage(codec, this.#options.hello(this.#token)))
    else if (transport.protocol !== rejectSubprotocol) this.#breach("a subprotocol not offered")
  }

  /** Written, a token may take six times its length. */
  #greet(transport: WebSocketTransport, hello: Encoded): void {
    if (hello.length <= limits.helloUnits) return transport.send(hello)
    transport.close(closeCodes.NORMAL, "abandoned")
    this.#failed(new TypeError(`a HELLO of more than ${limits.helloUnits} units, for its token`))
  }

  #answered(transport: WebSocketTransport, wire: Encoded): void {
    const codec = this.#codecOf(transport) ?? jsonCodec
    const answer = readAnswer(codec, wire)
    if (!answer) return this.#breach("neither WELCOME nor REJECT")
    if (!this.#finish()) return
    const [kind, body] = answer
    if (kind === frameKinds.WELCOME) {
      return this.#done({ type: "welcome", welcome: body, transport, codec })
    }
    transport.close(closeCodes.NORMAL, "rejected")
    this.#done({ type: "reject", reject: body })
  }

  #codecOf(transport: WebSocketTransport): Codec | undefined {
    return this.#options.codecs.find(({ subprotocol }) => subprotocol === transport.protocol)
  }

  #breach(reason: string): void {
    this.#transport?.close(closeCodes.PROTOCOL, reason)
    this.#closed(closeCodes.PROTOCOL, reason)
  }

  #give(reason: string): void {
    this.#transport?.close(closeCodes.SUSPENDING, reason)
    this.#closed(closeCodes.ABNORMAL, reason)
  }

  #closed(code: number, reason: string): void {
    if (this.#finish()) this.#done({ type: "closed", code, reason })
  }

  /** `false`: it has ended before. */
  #finish(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#cancelTimeout()
    return true
  }
}
