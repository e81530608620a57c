import type { Assembly } from "../flow/assembly.js"
import type { Part, SequencedFrame } from "../frame.js"
import { readSequenced } from "../frames/read-sequenced.js"
import * as Kind from "../kind.js"
import { Violation } from "../violation.js"
import type { Context } from "./context.js"
import type { Half } from "./half.js"

/** Kinds that are too large for one message now and then, and may arrive in parts. */
const partedKinds: readonly number[] = [Kind.OPEN, Kind.RESULT, Kind.ERROR, Kind.ITEM, Kind.NOTE]

/**
 * Where each numbered frame of the other side belongs: to a channel that this side opened, or to one
 * that it serves. Throws a Violation for what a correct peer would not send.
 */
export class Incoming {
  readonly #context: Context
  readonly #calling: Half
  readonly #callee: Half
  readonly #assembly: Assembly
  /** The low bit of the ids that this side opens. */
  readonly #parity: number

  /** @param messageBytes the largest frame that this side accepts, in units */
  constructor(context: Context, calling: Half, callee: Half, parity: number, messageBytes: number) {
    this.#context = context
    this.#calling = calling
    this.#callee = callee
    this.#parity = parity
    this.#assembly = context.assembly
    this.#assembly.messageBytes = messageBytes
  }

  /** @param charge units of the message that each of its values accounts for */
  apply(frame: SequencedFrame, charge: number): void {
    if (frame[0] === Kind.EVENT) {
      this.#context.rates?.event(this.#context.now)
      return this.#context.emit({ type: "event", path: frame[1], input: frame[2] })
    }
    if (frame[0] === Kind.PART) return this.#part(frame)
    this.#betweenParts(frame[0], frame[1])
    this.#halfOf(frame[1]).apply(frame, charge)
    this.#relieve()
  }

  #halfOf(id: number): Half {
    return id % 2 === this.#parity ? this.#calling : this.#callee
  }

  /** A slice of a frame (docs/protocol.md, "PART"); the frame is applied with its last one. */
  #part([, id, more, slice]: Part): void {
    if (this.#assembly.skips(id, more) || !this.#halfOf(id).wantsParts(id)) return
    const joined = this.#assembly.add(id, more, slice)
    if (joined === undefined) return this.#relieve()
    const { value, revive } = this.#context.codec.decode(joined)
    const frame = readSequenced(value, revive)
    if (frame === undefined || !partedKinds.includes(frame[0]) || frame[1] !== id) {
      throw new Violation("parts that join to no frame of their id")
    }
    this.apply(frame, joined.length)
  }

  /** What ends a channel discards what has arrived of it; only credit may come in between. */
  #betweenParts(kind: number, id: number): void {
    if (!this.#assembly.has(id) || kind === Kind.CREDIT) return
    if (kind !== Kind.CANCEL && kind !== Kind.ERROR) {
      throw new Violation("a frame between the parts of another")
    }
    this.#assembly.discard(id)
  }

  /** Above the receive budget the id that holds most of it ends (docs/protocol.md, "Flow control"). */
  #relieve(): void {
    if (!this.#context.budget.exceeded) return
    const half = this.#callee.heaviest > this.#calling.heaviest ? this.#callee : this.#calling
    const parted = this.#assembly.heaviest()
    if (parted !== undefined && this.#assembly.held(parted) > half.heaviest) {
      this.#assembly.refuse(parted)
      this.#halfOf(parted).refuseParts(parted)
    } else half.relieve()
  }
}
