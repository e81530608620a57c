import type { Codec } from "@trunkline/protocol"
import type { Server, Transport, TransportEvents } from "@trunkline/server"
import { helloBody } from "../support/raw-client.js"
import { Moment, type Step, wireOf } from "./script.js"
import { heard, written } from "./speech.js"

type Wire = Parameters<TransportEvents["message"]>[0]

/** The server's end of a socket in memory. */
class MemorySocket implements Transport {
  isOpen = true
  readonly #heard: (wire: Wire) => void
  #events: TransportEvents | undefined

  constructor(heard: (wire: Wire) => void) {
    this.#heard = heard
  }

  listen(events: TransportEvents): void {
    this.#events = events
  }

  send(wire: Wire): void {
    if (this.isOpen) this.#heard(wire)
  }

  close(): void {
    this.isOpen = false
  }

  deliver(wire: Wire): void {
    this.#events?.message(wire)
  }

  die(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#events?.closed(1006, "")
  }
}

interface Known {
  readonly sid: string
  readonly secret: string
}

/** A new session's first message, so that what comes then has a channel to be about. */
const opening: Step = { do: "frames", first: "next", ack: 0, frames: [[20, "$next", "count"]] }

/** A client that does as its script says, on sockets in memory. */
export class Attacker {
  /** Messages that an open socket took. */
  messages = 0
  /** Sessions that it was given, and resumed. */
  welcomes = 0
  resumed = 0
  readonly #server: Server
  readonly #codec: Codec
  #socket: MemorySocket | undefined
  #moment = new Moment()
  #known: Known | undefined
  #answered = false
  #attempt = 0

  constructor(server: Server, codec: Codec) {
    this.#server = server
    this.#codec = codec
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === "drop") await this.#reconnect(step.resume)
      else await this.#send(step)
    }
    this.#socket?.die()
  }

  async #send(step: Step): Promise<void> {
    if (!this.#socket?.isOpen) await this.#connect(undefined)
    const wire = wireOf(step, this.#moment, this.#codec)
    if (wire === undefined || !this.#socket?.isOpen) return
    this.messages++
    this.#socket.deliver(wire)
    await turn()
  }

  async #reconnect(change: object | undefined): Promise<void> {
    this.#socket?.die()
    const { next, received } = this.#moment
    const resume = {
      ...this.#known,
      attempt: ++this.#attempt,
      rx: received,
      tx: next - 1,
      ...change,
    }
    await this.#connect(change && this.#known ? resume : undefined)
  }

  async #connect(resume: object | undefined): Promise<void> {
    const socket = new MemorySocket((wire) => this.#heard(heard(this.#codec, wire)))
    this.#socket = socket
    this.#answered = false
    this.#server.accept(socket, this.#codec.subprotocol, {
      origin: undefined,
      remote: "memory",
      cookie: undefined,
      request: undefined,
    })
    const hello = [0, 0, [1, { ...helloBody, ...(resume && { resume }) }]]
    socket.deliver(written(this.#codec, JSON.stringify(hello)))
    while (socket.isOpen && !this.#answered) await turn()
    if (this.#moment.next === 1) await this.#send(opening)
  }

  #heard(message: unknown): void {
    if (!this.#answered) this.#welcomed(message)
    else this.#moment.heard(message)
  }

  #welcomed(message: unknown): void {
    this.#answered = true
    const { sid, secret, resumed } = Object(message)[2][1]
    this.welcomes++
    if (resumed) this.resumed++
    if (resumed) return
    this.#known = { sid, secret }
    this.#moment = new Moment()
    this.#attempt = 0
  }
}

/** Everything that is due gets its turn, sockets included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
