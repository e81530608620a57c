import type { ReservedCode } from "../error-code.js"
import type { SequencedFrame } from "../frame.js"
import { errorFrame } from "../frames/error-frame.js"
import * as Kind from "../kind.js"
import { waitingAnswers } from "../limits.js"
import { Violation } from "../violation.js"
import type { Context } from "./context.js"
import type { Half } from "./half.js"

/** The serving half of a side that serves nothing: every path is unknown to it. */
export class NothingServed implements Half {
  readonly size = 0
  readonly heaviest = 0
  readonly binding = 0
  readonly soonest: number = Number.POSITIVE_INFINITY
  readonly #context: Context
  #highest = 0

  constructor(context: Context) {
    this.#context = context
  }

  apply([kind, id]: SequencedFrame): void {
    if (typeof id === "number") this.#answer(id, kind === Kind.CANCEL ? "CANCELLED" : "NOT_FOUND")
  }

  wantsParts(id: number): boolean {
    this.#answer(id, "NOT_FOUND")
    return false
  }

  ring(): void {}
  refuseParts(): void {}
  relieve(): void {}
  regrant(): void {}
  attached(): void {}
  detached(): void {}
  abandon(): void {}

  /** The first frame of an id is answered, and with that the id is closed. */
  #answer(id: number, code: ReservedCode): void {
    if (id <= this.#highest) return
    const { codec, scheduler } = this.#context
    if (scheduler.length > waitingAnswers) throw new Violation("it does not take the answers")
    this.#highest = id
    scheduler.push(errorFrame(codec, id, { code, executed: "no" }))
  }
}
