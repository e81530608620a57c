import type { Encoded } from "../codec/codec.js"
import type { Inflow } from "../flow/inflow.js"
import type { Late } from "../flow/sender.js"
import * as Kind from "../kind.js"
import type { Context } from "./context.js"

/** What receives items under credit. */
export interface Receiver {
  readonly id: number
  readonly gone: boolean
  readonly inflow: Inflow | undefined
}

/** CREDIT says "up to item N", so it is written when it is numbered: the newest N replaces all before. */
class CreditFrame implements Late {
  readonly #context: Context
  readonly #receiver: Receiver
  readonly id: number

  constructor(context: Context, receiver: Receiver) {
    this.id = receiver.id
    this.#context = context
    this.#receiver = receiver
  }

  write(): Encoded | undefined {
    const { id, gone, inflow } = this.#receiver
    // It goes on in another session, and is granted credit there.
    if (id !== this.id) return undefined
    const upTo = inflow?.grant()
    if (upTo === undefined || gone) return undefined
    return this.#context.codec.array([Kind.CREDIT, id, upTo])
  }
}

/** Tells the sender to go on, once the consumer has taken enough (docs/protocol.md, "Flow control"). */
export function grant(context: Context, receiver: Receiver): void {
  const { inflow } = receiver
  if (!inflow?.grantDue) return
  if (context.budget.scarce) {
    context.budget.withheld = true
    return
  }
  inflow.granting = true
  context.scheduler.push(new CreditFrame(context, receiver))
}
