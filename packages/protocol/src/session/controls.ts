import type { Encoded } from "../codec/codec.js"
import type { Bye, GoAwayBody } from "../frame.js"
import type { SessionControl } from "../frames/read-control.js"
import * as Kind from "../kind.js"
import { Violation } from "../violation.js"
import type { Context } from "./context.js"
import type { Role } from "./heartbeat.js"
import type { Liveness } from "./liveness.js"
import { TokenTerm } from "./token-term.js"

/**
 * What is said without a number, for the current socket alone: nothing of it is kept, and nothing sent again
 * (docs/protocol.md, "Frames").
 */
export class Controls {
  /** Of the client. */
  readonly token: TokenTerm = new TokenTerm()
  readonly #role: Role
  readonly #context: Context
  readonly #liveness: Liveness
  #waiting: Encoded[] = []

  constructor(role: Role, context: Context, liveness: Liveness) {
    this.#role = role
    this.#context = context
    this.#liveness = liveness
  }

  /** Whether something waits to be sent. */
  get pending(): boolean {
    return this.#waiting.length > 0
  }

  /** What waits, in order; nothing does any more. */
  take(): readonly Encoded[] {
    const waiting = this.#waiting
    if (waiting.length > 0) this.#waiting = []
    return waiting
  }

  ping(): void {
    this.#send([Kind.PING, this.#liveness.ping()])
  }

  /** Shows the server another token (docs/protocol.md, "AUTH"). */
  auth(token: string): void {
    this.#send([Kind.AUTH, this.#context.codec.encode(token)])
  }

  /** The client's token is believed, for so many milliseconds unless it does not run out. */
  authOk(exp: number | undefined): void {
    const { codec, now } = this.#context
    if (!this.token.believed(now, exp)) return
    this.#send([Kind.AUTH_OK, codec.encode(exp === undefined ? {} : { exp })])
  }

  /** Tells the client that the server is about to leave. */
  goAway(body: GoAwayBody): void {
    this.#send([Kind.GOAWAY, this.#context.codec.encode(body)])
  }

  /** What the other side says. Throws a Violation for what is not its to say. */
  apply(frame: Exclude<SessionControl, Bye>): void {
    const { rates, now } = this.#context
    switch (frame[0]) {
      case Kind.PING:
        rates?.ping(now)
        return this.#send([Kind.PONG, frame[1]])
      case Kind.PONG:
        return this.#liveness.pong(frame[1])
      case Kind.GOAWAY:
        this.#mustBeFrom("server")
        return this.#context.emit({ type: "goaway", body: frame[1] })
      case Kind.AUTH:
        this.#mustBeFrom("client")
        this.token.shown(now)
        return this.#context.emit({ type: "auth", token: frame[1] })
      case Kind.AUTH_OK:
        this.#mustBeFrom("server")
        return this.#context.emit({ type: "authOk", exp: frame[1].exp ?? undefined })
    }
  }

  #mustBeFrom(sender: Role): void {
    if (this.#role === sender) throw new Violation(`only a ${sender} sends this`)
  }

  #send(fields: readonly (number | Encoded)[]): void {
    if (this.#context.attached) this.#waiting.push(this.#context.codec.array(fields))
  }
}
