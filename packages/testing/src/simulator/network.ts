import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Server, UpgradeAnswer } from "@trunkline/server"
import type {
  Transport,
  TransportEvents,
  WebSocketClass,
  WebSocketLike,
} from "@trunkline/transport"
import { eventData } from "../line/line-socket.js"
import { Pipe } from "./pipe.js"
import type { Process } from "./process.js"
import type { Random } from "./random.js"
import { messageIn } from "./speech.js"

export type Direction = "up" | "down"

/** Which ends of a socket hear that it broke. */
export type Notified = "both" | "client" | "server" | "neither"

/** Sees everything that is put on the wire, before anything happens to it; may change it. */
export type Tap = (link: Link, direction: Direction, wire: Encoded) => Encoded

/** A server process that sockets can reach. */
export interface Listener {
  readonly process: Process
  readonly server: Server
}

/** How the network is for now. */
export interface Weather {
  /** Milliseconds that a message takes. */
  latency: number
  /** Up to this many milliseconds more, drawn for each. */
  jitter: number
  /** How likely an attempt to connect is refused. */
  refusal: number
  /** Milliseconds more for a socket to open. */
  handshake: number
  /** How likely the code of a close is lost. */
  closeLoss: number
  /** A balancer leads whoever continues a session to the server that has it. */
  sticky: boolean
  /** Milliseconds that the next socket takes to open, and then holds up what its client says. */
  slowSocket: { readonly opens: number; readonly words: number } | undefined
}

/** Joins client processes with the one server that listens now. */
export class Network {
  readonly weather: Weather = {
    latency: 5,
    jitter: 0,
    refusal: 0,
    handshake: 0,
    closeLoss: 0,
    sticky: true,
    slowSocket: undefined,
  }
  readonly links: Link[] = []
  /** The server that takes new sockets; undefined while none runs. */
  listener: Listener | undefined
  /** Servers that drain while another listens already. */
  readonly leaving = new Set<Listener>()
  /** Where each session began, by its id. */
  readonly homes = new Map<string, Listener>()
  tap: Tap = (_, __, wire) => wire
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** The sockets that are not closed at both ends. */
  get open(): readonly Link[] {
    return this.links.filter((link) => !link.isDead)
  }

  delay(): number {
    return this.weather.latency + this.weather.jitter * this.#random.unit()
  }

  get losesClose(): boolean {
    return this.#random.chance(this.weather.closeLoss)
  }

  get refuses(): boolean {
    return this.#random.chance(this.weather.refusal)
  }

  /** Where a new socket is led: a balancer may not know yet who leaves. */
  choose(): Listener | undefined {
    const unaware = this.leaving.size > 0 && !this.weather.sticky && this.#random.chance(0.4)
    return unaware ? this.#random.pick([this.listener, ...this.leaving]) : this.listener
  }

  /** The class that a client in this process makes its sockets of. */
  socketClass(client: Process): WebSocketClass {
    const network = this
    return class extends ClientEnd {
      constructor(_url: string, protocols: string[]) {
        super()
        network.links.push(new Link(network, client, this, protocols))
      }
    }
  }
}

type Hear = (event: {
  readonly data: unknown
  readonly code: number
  readonly reason: string
}) => void

/** The client's end of a socket: what a browser would give. */
class ClientEnd implements WebSocketLike {
  protocol = ""
  binaryType = ""
  readonly bufferedAmount = 0
  link: Link | undefined
  readonly #listeners = new Map<string, Hear[]>()

  addEventListener(type: string, listener: Hear): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  hear(type: string, event: { data?: unknown; code?: number; reason?: string } = {}): void {
    const { data, code = 0, reason = "" } = event
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, code, reason })
  }

  send(data: Encoded): void {
    this.link?.fromClient(data)
  }

  close(code = 1005, reason = ""): void {
    this.link?.closeByClient(code, reason)
  }
}

/** The server's end of a socket: what an adapter would give. */
class ServerEnd implements Transport {
  readonly #link: Link
  events: TransportEvents | undefined

  constructor(link: Link) {
    this.#link = link
  }

  listen(events: TransportEvents): void {
    this.events = events
  }

  send(wire: Encoded): void {
    this.#link.fromServer(wire)
  }

  /** As with real sockets, messages that were on their way still arrive. */
  close(code: number, reason: string): void {
    this.#link.closeByServer(code, reason)
  }
}

/** How one end let go. */
export interface Farewell {
  readonly at: number
  readonly code: number
  readonly reason: string
}

/** One socket. What travels keeps its order; what happens to it is up to the faults. */
export class Link {
  readonly client: Process
  server: Process | undefined
  readonly createdAt: number
  /** A fault of any kind befell it: what its ends believe may be wrong. */
  faulty = false
  /** When it last came to be that one direction, or both, arrives nowhere. */
  swallowedAt: number | undefined
  /** When the client last heard anything, and whether anything can still reach it. */
  heardAt = 0
  mute = false
  /** What was held up on its way to the client arrives then, whatever has become of the line. */
  stalledUntil = 0
  closedByClient: Farewell | undefined
  closedByServer: Farewell | undefined
  readonly #network: Network
  readonly #clientEnd: ClientEnd
  readonly #serverEnd: ServerEnd
  #up: Pipe | undefined
  readonly #down: Pipe
  #clientOpen = true
  #serverOpen = false
  #greeted = false
  #remembered = false
  #listener: Listener | undefined

  constructor(network: Network, client: Process, end: ClientEnd, protocols: readonly string[]) {
    const listener = network.choose()
    this.#network = network
    this.#listener = listener
    this.client = client
    this.createdAt = client.now()
    this.server = listener?.process
    this.#clientEnd = end
    this.#serverEnd = new ServerEnd(this)
    end.link = this
    const delay = () => network.delay()
    this.#up = listener && new Pipe(listener.process, delay)
    this.#down = new Pipe(client, delay)
    const reached = !network.refuses && listener !== undefined
    const { slowSocket, handshake } = network.weather
    const arrival = client.now() + network.delay() + (slowSocket?.opens ?? handshake)
    network.weather.slowSocket = undefined
    if (slowSocket) this.stall("up", arrival + slowSocket.words)
    if (reached) listener.process.run(arrival, () => this.#arrive(listener, protocols))
    else client.run(arrival + network.delay(), () => this.#closeClient(closeCodes.ABNORMAL))
  }

  get clientOpen(): boolean {
    return this.#clientOpen
  }

  get isDead(): boolean {
    return !this.#clientOpen && !this.#serverOpen
  }

  /** Messages on their way, both directions. */
  get inFlight(): number {
    return this.#down.inFlight + (this.#up?.inFlight ?? 0)
  }

  fromClient(wire: Encoded): void {
    if (!this.#clientOpen) return
    const sent = this.#network.tap(this, "up", wire)
    if (!this.#greeted) this.#lead(sent)
    this.#greeted = true
    this.#up?.send(() => this.#serverEnd.events?.message(sent))
  }

  fromServer(wire: Encoded): void {
    if (!this.#serverOpen) return
    const sent = this.#network.tap(this, "down", wire)
    this.#remember(sent)
    this.#down.send(() => {
      this.heardAt = this.client.now()
      this.#clientEnd.hear("message", { data: eventData(sent) })
    })
  }

  closeByClient(code: number, reason: string): void {
    if (!this.#clientOpen) return
    this.#clientOpen = false
    this.closedByClient = { at: this.client.now(), code, reason }
    this.#up?.send(() => this.#closeServer(code, reason))
  }

  closeByServer(code: number, reason: string): void {
    if (!this.#serverOpen) return
    this.#serverOpen = false
    this.closedByServer = { at: this.client.now(), code, reason }
    const told = this.#network.losesClose ? closeCodes.ABNORMAL : code
    this.#down.send(() => this.#closeClient(told, reason))
  }

  /** Breaks the socket: of what is on its way, so much still arrives. */
  cut(notified: Notified, keptUp: number, keptDown: number): void {
    this.faulty = true
    this.mute = true
    this.#up?.cut(keptUp)
    this.#down.cut(keptDown)
    const later = this.client.now() + this.#network.delay()
    if (notified === "both" || notified === "client") {
      this.client.run(later, () => this.#closeClient(closeCodes.ABNORMAL))
    }
    if (notified === "both" || notified === "server") {
      this.server?.run(later, () => this.#closeServer(closeCodes.ABNORMAL, ""))
    }
  }

  /** Breaks the socket, and its client knows at once. */
  sever(): void {
    this.cut("server", 0, 0)
    this.#closeClient(closeCodes.ABNORMAL)
  }

  /** From now on nothing arrives that way, and nobody is told. */
  swallow(direction: Direction | "both"): void {
    this.faulty = true
    this.swallowedAt = this.client.now()
    if (direction !== "down") this.#up?.swallow()
    if (direction === "up") return
    this.#down.swallow()
    this.mute = true
  }

  /** Holds everything that way up for a while. */
  stall(direction: Direction, until: number): void {
    if (direction === "down") this.stalledUntil = Math.max(this.stalledUntil, until)
    this.faulty = true
    if (direction === "up") this.#up?.stall(until)
    else this.#down.stall(until)
  }

  /** Its HELLO says whose session it continues: a balancer that knows leads it there. */
  #lead(hello: Encoded): void {
    const { leaving, homes, weather } = this.#network
    if (leaving.size === 0 || !weather.sticky || this.faulty) return
    const home = homes.get(String(greetingOf(hello).resume?.sid))
    if (!home || home === this.#listener || home.process.dead) return
    this.#serverEnd.events?.closed(closeCodes.ABNORMAL, "led elsewhere")
    this.#listener = home
    this.server = home.process
    this.#up = new Pipe(home.process, () => this.#network.delay())
    this.#welcome(home.server, { subprotocol: this.#clientEnd.protocol })
  }

  #remember(wire: Encoded): void {
    if (!this.#listener || this.#remembered) return
    const { sid, resumed } = greetingOf(wire)
    this.#remembered = true
    if (sid !== undefined && !resumed) this.#network.homes.set(sid, this.#listener)
  }

  #arrive(listener: Listener, protocols: readonly string[]): void {
    const answer = listener.server.negotiate({
      ...{ protocols, origin: undefined, host: undefined, address: this.client.name },
    })
    if ("status" in answer)
      return void this.#down.send(() => this.#closeClient(closeCodes.ABNORMAL))
    this.#serverOpen = true
    this.#down.send(() => this.#open(answer.subprotocol))
    this.#welcome(listener.server, answer)
  }

  #welcome(server: Server, { reject, subprotocol }: UpgradeAnswer): void {
    if (reject) return server.refuse(this.#serverEnd, reject, undefined)
    const credentials = {
      origin: undefined,
      remote: this.client.name,
      cookie: undefined,
      request: undefined,
    }
    server.accept(this.#serverEnd, subprotocol, credentials)
  }

  #open(subprotocol: string): void {
    if (!this.#clientOpen) return
    this.#clientEnd.protocol = subprotocol
    this.#clientEnd.hear("open")
  }

  #closeClient(code: number, reason = ""): void {
    if (!this.#clientOpen) return
    this.#clientOpen = false
    this.#clientEnd.hear("close", { code, reason })
  }

  #closeServer(code: number, reason: string): void {
    if (!this.#serverOpen) return
    this.#serverOpen = false
    this.#serverEnd.events?.closed(code, reason)
  }
}

interface Greeting {
  readonly sid?: string
  readonly resumed?: boolean
  readonly resume?: { readonly sid: string }
}

/** What stands in the first message of a socket. */
function greetingOf(wire: Encoded): Greeting {
  const [, , frame] = messageIn(wire)
  return Object(Array.isArray(frame) ? frame[1] : undefined)
}
