import * as Kind from "@trunkline/protocol/frame-kinds"
import type { Counters } from "../counters.js"
import { must } from "../violation.js"

/** One channel, as the wire shows it. */
interface Way {
  /** Items that the callee allows its caller. */
  allowed: number
  items: number
  ended: boolean
  cancelled: boolean
  calleeEnded: boolean
}

/**
 * What callers send in the channels of one session, and what they may (S8): items within the credit that
 * was seen before them, nothing behind END (S4), and nothing behind a CANCEL (S12).
 */
export class WireItems {
  readonly #ways = new Map<unknown, Way>()
  readonly #counters: Counters

  constructor(counters: Counters) {
    this.#counters = counters
  }

  fromCaller([kind, id, body]: readonly unknown[]): void {
    if (kind === Kind.CANCEL) this.#of(id).cancelled = true
    if (kind !== Kind.ITEM && kind !== Kind.ITEMS && kind !== Kind.END) return
    const way = this.#of(id)
    must(!way.ended, "S4", () => `frame ${String(kind)} of ${String(id)} behind its END`)
    must(!way.cancelled, "S12", () => `frame ${String(kind)} of ${String(id)} behind its CANCEL`)
    if (kind === Kind.END) {
      way.ended = true
      return
    }
    way.items += kind === Kind.ITEM ? 1 : Object(body).length
    const { items, allowed } = way
    must(items <= allowed, "S8", () => `${items} items up, ${allowed} allowed`)
    if (items === allowed) this.#counters.add("credit used up, up")
  }

  /** S8: grants only rise. S4: nothing is told behind END, though credit may be. */
  fromCallee([kind, id, upTo]: readonly unknown[]): void {
    const way = this.#of(id)
    const tells = kind === Kind.ITEM || kind === Kind.ITEMS || kind === Kind.NOTE
    must(!(way.calleeEnded && tells), "S4", () => `${String(id)} tells more behind its END`)
    if (kind === Kind.END) way.calleeEnded = true
    if (kind !== Kind.CREDIT) return
    must(Number(upTo) > way.allowed, "S8", () => `credit ${String(upTo)} after ${way.allowed}`)
    way.allowed = Number(upTo)
    this.#counters.add("credit granted to a caller")
  }

  #of(id: unknown): Way {
    const known = this.#ways.get(id)
    if (known) return known
    const way = { allowed: 0, items: 0, ended: false, cancelled: false, calleeEnded: false }
    this.#ways.set(id, way)
    return way
  }
}
