import { Bucket } from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"
import { defaultEntrance, type EntranceLimits } from "./options.js"

/** The longest wait that is asked of a client, in milliseconds: it has a backoff of its own for more. */
const longestWait = 60_000
/** How far from each other those who were turned away come back at least, in milliseconds. */
const leastSpread = 1_000

/** From when to when a client that was turned away may come back, in milliseconds from now. */
export type RetryAfter = readonly [min: number, max: number]

/**
 * Who may come in just now (docs/protocol.md, "Accept control"): sockets that have not said yet who they
 * are, by their address and all together, and how many say it in a second.
 *
 * Must hold: whoever was let in and has not left holds one place, and no more are held than the limits say.
 */
export class Entrance {
  readonly #handshakes: number
  readonly #handshakeBytes: number
  readonly #hellos: Bucket
  /** Places taken, by network. */
  readonly #places = new Map<string, number>()
  #pending = 0
  /** How many said who they are in the second that began then, by network: of those who were let through. */
  readonly #said = new Map<string, number>()
  #saidSince = 0
  /** About so many were turned away and have not come back. */
  #waiting = 0
  #countedAt = 0

  constructor(limits: Partial<EntranceLimits> = {}) {
    const { hellos = defaultEntrance.hellos, handshakes = defaultEntrance.handshakes } = limits
    const { handshakeBytes = defaultEntrance.handshakeBytes } = limits
    this.#handshakes = handshakes
    this.#handshakeBytes = handshakeBytes
    this.#hellos = new Bucket(hellos)
  }

  /** Why a socket from this address is not taken now; undefined: it is. */
  refusal(address: string | undefined): "handshakes" | "handshakeBytes" | undefined {
    const bytes = (this.#pending + 1) * limits.messageBytesOnWire
    if (bytes > this.#handshakeBytes) return "handshakeBytes"
    if (address === undefined) return undefined
    const taken = this.#places.get(networkOf(address)) ?? 0
    return taken < this.#handshakes ? undefined : "handshakes"
  }

  /** A socket takes its place; the result gives it back. */
  enter(address: string | undefined): () => void {
    const network = address === undefined ? undefined : networkOf(address)
    this.#move(network, 1)
    return () => this.#move(network, -1)
  }

  /**
   * Somebody says who it is. To continue a session is cheaper than to lose it, so a part of the rate is
   * kept for that; and as much more for other networks than one that has taken a quarter of it this second.
   *
   * @returns when to come back; undefined: go on
   */
  hello(resuming: boolean, now: number, address: string | undefined): RetryAfter | undefined {
    const { rate } = this.#hellos
    const network = address === undefined ? undefined : networkOf(address)
    const reserve = this.#isMuch(network, now) ? (resuming ? 0.75 : 1) : resuming ? 0 : 0.5
    if (this.#hellos.take(now, 1, reserve * rate)) {
      if (network !== undefined) this.#said.set(network, (this.#said.get(network) ?? 0) + 1)
      return undefined
    }
    const gone = ((now - this.#countedAt) * rate) / 1_000
    this.#waiting = Math.max(0, this.#waiting - gone) + 1
    this.#countedAt = now
    const from = Math.min(longestWait, Math.round((this.#waiting / rate) * 1_000))
    return [from, 2 * from + leastSpread]
  }

  /** Twice is never much: one client says so, and again when its line breaks. */
  #isMuch(network: string | undefined, now: number): boolean {
    if (now - this.#saidSince >= 1_000) {
      this.#said.clear()
      this.#saidSince = now
    }
    if (network === undefined) return false
    return (this.#said.get(network) ?? 0) >= Math.max(2, this.#hellos.rate / 4)
  }

  #move(network: string | undefined, by: 1 | -1): void {
    this.#pending += by
    if (network === undefined) return
    const taken = (this.#places.get(network) ?? 0) + by
    if (taken > 0) this.#places.set(network, taken)
    else this.#places.delete(network)
  }
}

/**
 * Who has one address of IPv6 has 2^64 of them: they count as one. Addresses of IPv4 count each, however
 * they are written, and so does whatever else an adapter tells.
 */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!/^[\da-f:]+(%.*)?$/i.test(address) || !address.includes(":")) return address
  const [head = "", tail] = address.split("%", 1)[0]?.split("::") ?? []
  const first = groupsOf(head)
  const last = groupsOf(tail)
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const groups = [...first, ...Array.from({ length: zeros }, () => "0"), ...last]
  return `${groups.slice(0, 4).join(":")}::/64`
}

function groupsOf(part: string | undefined): string[] {
  return part ? part.split(":").map((group) => group.replace(/^0+(?=.)/, "").toLowerCase()) : []
}
