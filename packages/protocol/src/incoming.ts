import { Assembly } from "./assembly.js"
import type { Calling } from "./calling.js"
import type { OpenedChannel } from "./channel.js"
import type { Context } from "./context.js"
import type { ErrorFrame, Frame, Note, Part, Result } from "./frame.js"
import * as Kind from "./kind.js"
import { readFrame } from "./read-frame.js"
import type { Serving } from "./serving.js"
import { Violation } from "./violation.js"

/** Kinds that are too large for one message now and then, and may arrive in parts. */
const partedKinds: readonly number[] = [Kind.OPEN, Kind.RESULT, Kind.ERROR, Kind.ITEM, Kind.NOTE]

/**
 * Where each numbered frame of the other side belongs: to a channel that we opened, or to one that it
 * opened. Throws a Violation for what a correct peer would not send; what came before stays applied.
 */
export class Incoming {
  readonly #context: Context
  readonly #calling: Calling
  readonly #serving: Serving
  readonly #assembly: Assembly
  /** The low bit of the ids that we open. */
  readonly #parity: number

  /** @param messageBytes the largest frame that this side accepts, in units */
  constructor(
    context: Context,
    calling: Calling,
    serving: Serving,
    parity: number,
    messageBytes: number,
  ) {
    this.#context = context
    this.#calling = calling
    this.#serving = serving
    this.#parity = parity
    this.#assembly = new Assembly(context.codec, context.budget, messageBytes)
  }

  /** @param charge units of the message that each of its values accounts for */
  apply(frame: Frame, charge: number): void {
    switch (frame[0]) {
      case Kind.OPEN:
        this.#serving.take(this.#theirs(frame[1]))
        return this.#serving.accept(frame)
      case Kind.RESULT:
      case Kind.ERROR:
      case Kind.NOTE:
        return this.#answer(frame, charge)
      case Kind.ITEM:
        return this.#items(frame[1], [frame[2]], frame[3] == null ? undefined : [frame[3]], charge)
      case Kind.ITEMS:
        return this.#items(frame[1], frame[2], frame[3] ?? undefined, charge)
      case Kind.END:
        return this.#end(frame[1])
      case Kind.CREDIT:
        return this.#credit(frame[1], frame[2])
      case Kind.CANCEL:
        return this.#cancel(this.#theirs(frame[1]))
      case Kind.EVENT:
        return this.#context.emit({ type: "event", path: frame[1], input: frame[2] })
      case Kind.PART:
        return this.#part(frame)
      default:
        throw new Violation(`frame ${frame[0]} among numbered frames`)
    }
  }

  #isOurs(id: number): boolean {
    return id % 2 === this.#parity
  }

  #theirs(id: number): number {
    if (this.#isOurs(id)) throw new Violation("a caller's frame for an id of ours")
    return id
  }

  #ours(id: number): OpenedChannel | undefined {
    if (!this.#isOurs(id)) throw new Violation("a callee's frame for an id of theirs")
    return this.#calling.find(id)
  }

  #answer(frame: Result | ErrorFrame | Note, charge: number): void {
    const channel = this.#ours(frame[1])
    if (frame[0] === Kind.ERROR) this.#assembly.discard(frame[1])
    else this.#noParts(frame[1])
    if (!channel) return
    if (frame[0] === Kind.RESULT) return this.#calling.result(channel, frame[2])
    if (frame[0] === Kind.NOTE) {
      this.#calling.note(channel, frame[2], frame[3], charge)
      return this.#relieve()
    }
    const [, , code, executed, message, data] = frame
    this.#calling.error(channel, { code, executed, message: message ?? undefined, data })
  }

  #items(
    id: number,
    values: readonly unknown[],
    cursors: readonly string[] | undefined,
    charge: number,
  ): void {
    this.#noParts(id)
    if (cursors && cursors.length !== values.length) throw new Violation("cursors for some items")
    if (!this.#isOurs(id)) return this.#noItems(id)
    const channel = this.#calling.find(id)
    if (!channel) return
    this.#calling.items(channel, values, cursors, charge)
    this.#relieve()
  }

  /** No procedure served here takes items yet, so nobody was given credit for any. */
  #noItems(id: number): void {
    if (this.#serving.find(id)) throw new Violation("an item beyond its credit")
  }

  #end(id: number): void {
    this.#noParts(id)
    if (!this.#isOurs(id)) return this.#noItems(id)
    const channel = this.#calling.find(id)
    if (channel) this.#calling.end(channel)
  }

  #credit(id: number, upTo: number): void {
    if (this.#isOurs(id)) {
      const channel = this.#calling.find(id)
      if (channel) this.#calling.credit(channel, upTo)
    } else {
      const channel = this.#serving.find(id)
      if (channel) this.#serving.credit(channel, upTo)
    }
  }

  #cancel(id: number): void {
    if (!this.#assembly.has(id)) return this.#serving.cancel(id)
    this.#assembly.discard(id)
    this.#serving.refusePartial(id, "CANCELLED")
  }

  /** A slice of a frame (docs/protocol.md, "PART"); the frame is applied with its last one. */
  #part([, id, more, slice]: Part): void {
    if (!this.#wantsParts(id)) return
    const joined = this.#assembly.add(id, more, slice)
    if (joined === undefined) return this.#relieve()
    const { value, revive } = this.#context.codec.decode(joined)
    const frame = readFrame(value, revive)
    if (frame === undefined || !partedKinds.includes(frame[0]) || frame[1] !== id) {
      throw new Violation("parts that join to no frame of their id")
    }
    if (frame[0] === Kind.OPEN) this.#serving.accept(frame)
    else this.apply(frame, joined.length)
  }

  /** The first part of an OPEN takes its id; parts of an id that was given up are skipped. */
  #wantsParts(id: number): boolean {
    if (this.#isOurs(id)) return this.#calling.find(id) !== undefined
    if (this.#assembly.has(id)) return true
    if (this.#serving.isTaken(id)) return this.#serving.find(id) !== undefined
    this.#serving.take(id)
    return true
  }

  #noParts(id: number): void {
    if (this.#assembly.has(id)) throw new Violation("a frame between the parts of another")
  }

  /** Above the receive budget the id that holds most of it ends (docs/protocol.md, B5). */
  #relieve(): void {
    if (!this.#context.budget.exceeded) return
    const stream = this.#calling.heaviest()
    const parted = this.#assembly.heaviest()
    if (parted !== undefined && this.#assembly.units(parted) > (stream?.inflow?.units ?? 0)) {
      this.#giveUpParts(parted)
    } else if (stream) {
      this.#calling.giveUp(stream, "SLOW_CONSUMER")
    }
  }

  #giveUpParts(id: number): void {
    this.#assembly.discard(id)
    if (!this.#isOurs(id)) return this.#serving.refusePartial(id, "BUSY")
    const channel = this.#calling.find(id)
    if (channel) this.#calling.resultLost(channel)
  }
}
