import type { WebSocketClass, WebSocketLike } from "@trunkline/client"
import { type Codec, type Encoded, jsonCodec } from "@trunkline/protocol"
import { turn } from "./attacker.js"
import { Moment, type Step, wireOf } from "./script.js"
import { heard, written } from "./speech.js"

type Listener = (event: never) => void

/** A server that does as its script says, at the other end of sockets in memory. */
export class Captor {
  /** Messages that an open socket took. */
  messages = 0
  welcomes = 0
  /** Results of what it had called. */
  results = 0
  /** For `connect`. */
  readonly WebSocket: WebSocketClass
  #socket: CaptiveSocket | undefined
  #moment = new Moment()
  #session = 0
  readonly #codec: Codec

  constructor(codec: Codec = jsonCodec) {
    this.#codec = codec
    const opened = (socket: CaptiveSocket) => {
      this.#socket = socket
    }
    const message = (wire: string | Uint8Array) => this.#heard(heard(codec, wire))
    this.WebSocket = class extends CaptiveSocket {
      constructor() {
        super(codec, message)
        opened(this)
      }
    }
  }

  /** Plays the script as far as there is a client to hear it. */
  async run(steps: readonly Step[], alive: () => boolean): Promise<void> {
    for (const step of steps) {
      while (alive() && !this.#socket?.welcomed) await turn()
      if (!alive()) return
      if (step.do === "drop") this.#socket?.die()
      else await this.#send(step)
    }
  }

  async #send(step: Step): Promise<void> {
    const wire = wireOf(step, this.#moment, this.#codec)
    if (wire === undefined || !this.#socket?.isOpen) return
    this.messages++
    this.#socket.deliver(wire)
    await turn()
  }

  #heard(message: unknown): void {
    const [, , ...frames]: unknown[] = Array.isArray(message) ? message : []
    const [first] = frames
    this.results += frames.filter((frame) => Array.isArray(frame) && frame[0] === 17).length
    if (Array.isArray(first) && first[0] === 1) this.#welcome(first[1].resume)
    else this.#moment.heard(message)
  }

  /** It takes every client back that comes back. */
  #welcome(resume: { readonly end?: boolean; readonly tx: number } | undefined): void {
    const resumed = resume !== undefined && !resume.end
    if (!resumed) {
      this.#session++
      this.#moment = new Moment()
      // The client has opened some channels by then, which a script may name.
      this.#moment.id = 9
    }
    this.welcomes++
    const body = {
      sid: `s${this.#session}`,
      ...(!resumed && { secret: "secret" }),
      resumed,
      rx: resumed ? this.#moment.received : 0,
      subject: "somebody",
      limits: { window: 65_536, calls: 16, streams: 16, messageBytes: 65_536 },
      hb: 20_000,
      grace: 120_000,
      caps: [],
    }
    this.#socket?.welcome(written(this.#codec, JSON.stringify([0, 0, [2, body]])))
  }
}

class CaptiveSocket implements WebSocketLike {
  readonly protocol: string
  readonly bufferedAmount = 0
  binaryType = "arraybuffer"
  isOpen = true
  welcomed = false
  readonly #heard: (wire: string | Uint8Array) => void
  readonly #listeners = new Map<string, Listener>()

  constructor({ subprotocol }: Codec, heard: (wire: string | Uint8Array) => void) {
    this.protocol = subprotocol
    this.#heard = heard
    setImmediate(() => this.#tell("open", {}))
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener)
  }

  send(data: string | Uint8Array): void {
    if (this.isOpen) this.#heard(data)
  }

  close(code: number | undefined): void {
    this.isOpen = false
    this.welcomed = false
    setImmediate(() => this.#tell("close", { code: code ?? 1005, reason: "" }))
  }

  welcome(wire: Encoded): void {
    this.deliver(wire)
    this.welcomed = this.isOpen
  }

  deliver(wire: Encoded): void {
    this.#tell("message", { data: typeof wire === "string" ? wire : wire.slice().buffer })
  }

  die(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.welcomed = false
    this.#tell("close", { code: 1006, reason: "" })
  }

  #tell(type: string, event: object): void {
    const listener = this.#listeners.get(type) as ((event: object) => void) | undefined
    listener?.(event)
  }
}
