import * as Kind from "@trunkline/protocol/frame-kinds"
import * as limits from "@trunkline/protocol/limits"
import type { Counters } from "../counters.js"
import type { Ledger } from "../ledger.js"
import { must } from "../violation.js"

/*
 * Large values and small calls on one line (docs/protocol.md, "Scheduler"): whoever is small is not held up
 * behind whoever is large.
 */

/**
 * Parts of others that may be sent while a small call or a PING is under way: what the window lets pass before
 * it arrives; as much again while its handler has been begun and acknowledgements arrive, all at once where a
 * process was frozen; and two messages until its answer has its turn.
 */
const mostParts = (2 * limits.defaultLimits.window + 2 * limits.messageUnits) / limits.partUnits

/** Watches one session for whoever is held up. */
export class Ferry {
  /** Parts sent by the server since each of these was asked. */
  readonly #calls = new Map<number, number>()
  readonly #pings = new Map<number, number>()
  readonly #counters: Counters
  readonly #ledger: Ledger

  constructor(counters: Counters, ledger: Ledger) {
    this.#counters = counters
    this.#ledger = ledger
  }

  /** The client called an operation, by a frame that arrives whole. */
  called(id: number, operation: number): void {
    const { operation: known } = this.#ledger.accounts.get(operation) ?? {}
    if (known?.type !== "call" || known.behaviour !== "return") return
    // Their answers wait for a store beside.
    if (known.procedure === "keyed" || known.procedure === "rerun") return
    if (known.delay === 0 && known.size <= 2_000) this.#calls.set(id, 0)
  }

  pinged(number: number): void {
    this.#pings.set(number, 0)
  }

  ponged(number: number): void {
    this.#answered(this.#pings, number, "a PING")
  }

  /** The server sent this frame. */
  sent(kind: unknown, id: number): void {
    if (kind === Kind.RESULT || kind === Kind.ERROR) this.#answered(this.#calls, id, "a small call")
    if (kind !== Kind.PART) return
    for (const waiting of [this.#calls, this.#pings]) {
      for (const [asked, parts] of waiting) waiting.set(asked, parts + 1)
    }
  }

  /** The line broke: what is sent again comes first, and answers may be among it. */
  broken(): void {
    this.#calls.clear()
    this.#pings.clear()
  }

  #answered(waiting: Map<number, number>, asked: number, what: string): void {
    const parts = waiting.get(asked)
    if (parts === undefined) return
    waiting.delete(asked)
    if (parts > 0) this.#counters.add(`${what} answered among parts`)
    must(parts <= mostParts, "L3", () => `${parts} parts were sent before ${what} was answered`)
  }
}
