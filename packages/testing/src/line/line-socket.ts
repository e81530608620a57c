import { type Codec, type Encoded, jsonCodec } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Transport, TransportEvents } from "@trunkline/transport"
import { Lane, type LaneTiming } from "./lane.js"

/** From the client, or from the server. */
export type Direction = "up" | "down"

/** The client's end of a socket, as its runtime has it. */
export interface ClientEnd {
  received(wire: Encoded): void
  closed(code: number, reason: string): void
}

/** What a socket hangs on. */
export interface SocketLine extends LaneTiming {
  /** Milliseconds that a message takes now. */
  readonly delays: Readonly<Record<Direction, number>>
  /** A message arrives: `arrive` hands it over, unless the line breaks before. */
  pass(direction: Direction, wire: Encoded, codec: Codec, arrive: () => void): void
  gone(socket: LineSocket): unknown
}

/**
 * A socket that never leaves the program: between the client's end, whatever that is, and the server,
 * to which it is what an adapter would give.
 */
export class LineSocket implements Transport {
  /** What is spoken; known when the socket is admitted. */
  codec: Codec = jsonCodec
  readonly #line: SocketLine
  readonly #client: ClientEnd
  readonly #lanes: Readonly<Record<Direction, Lane>>
  #events: TransportEvents | undefined
  /** Each end, as long as it has not closed and has not heard that the other did. */
  #clientOpen = true
  #serverOpen = true

  constructor(line: SocketLine, client: ClientEnd) {
    this.#line = line
    this.#client = client
    this.#lanes = { up: new Lane(line), down: new Lane(line) }
  }

  /** The client is still there. */
  get open(): boolean {
    return this.#clientOpen
  }

  listen(events: TransportEvents): void {
    this.#events = events
  }

  /** The client knocks: takes its time, as whatever it sends behind it. */
  knock(arrive: () => void): void {
    this.#lanes.up.carry(this.#line.delays.up, arrive)
  }

  /** The client sends. */
  sent(wire: Encoded): void {
    if (this.#clientOpen) this.#carry("up", wire, () => this.#events?.message(wire))
  }

  /** The client closes. */
  left(code: number, reason: string): void {
    if (this.#leave()) {
      this.#lanes.up.carry(this.#line.delays.up, () => this.#closed(code, reason))
    }
  }

  send(wire: Encoded): void {
    if (!this.#serverOpen) return
    this.#carry("down", wire, () => {
      if (this.#clientOpen) this.#client.received(wire)
    })
  }

  close(code: number, reason: string): void {
    if (!this.#serverOpen) return
    this.#serverOpen = false
    this.#events = undefined
    this.#lanes.down.carry(this.#line.delays.down, () => {
      if (this.#leave()) this.#client.closed(code, reason)
    })
  }

  /**
   * The line breaks: what is on its way is lost, and both ends learn it.
   *
   * @param code for the client; the server gets none
   */
  break(code: number): void {
    if (!this.#leave()) return
    this.#lanes.up.clear()
    this.#lanes.down.clear()
    this.#line.deliver(() => this.#closed(closeCodes.ABNORMAL, ""))
    this.#line.deliver(() => this.#client.closed(code, ""))
  }

  #carry(direction: Direction, wire: Encoded, arrive: () => void): void {
    const { codec } = this
    this.#lanes[direction].carry(this.#line.delays[direction], () =>
      this.#line.pass(direction, wire, codec, arrive),
    )
  }

  /** The server's end hears that there is no client any more. */
  #closed(code: number, reason: string): void {
    const events = this.#events
    this.#events = undefined
    this.#serverOpen = false
    events?.closed(code, reason)
  }

  /** `false`: the client's end was closed before. */
  #leave(): boolean {
    if (!this.#clientOpen) return false
    this.#clientOpen = false
    this.#line.gone(this)
    return true
  }
}

/** What a WebSocket of the type "arraybuffer" tells of a message. */
export function eventData(wire: Encoded): string | ArrayBuffer {
  return typeof wire === "string" ? wire : wire.slice().buffer
}
