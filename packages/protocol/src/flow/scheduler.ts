import type { Encoded } from "../codec/codec.js"
import { fifoUnits, turnUnits } from "../limits.js"
import { frameOf, type Numbered, Opening } from "./outbox.js"
import { Queue } from "./queue.js"
import type { Late, Sender } from "./sender.js"

/** A frame that stands in line: finished, or written when its turn comes. */
export type Waiting = Encoded | Opening | Late

/**
 * Who sends next (docs/protocol.md, "Scheduler"): opens, replies, cancels, credit and events in the
 * order in which they came; the senders of the ring by deficit round robin, so that a large stream
 * starves neither the calls nor the other streams.
 */
export class Scheduler {
  readonly #fifo = new Queue<Waiting>()
  readonly #ring = new Queue<Sender>()
  /** Units that the fifo sent since the senders had a turn. */
  #run = 0

  get idle(): boolean {
    return this.#fifo.length === 0 && this.#ring.length === 0
  }

  /** Frames that stand in the line. */
  get length(): number {
    return this.#fifo.length
  }

  push(frame: Waiting): void {
    this.#fifo.push(frame)
  }

  /** The sender may have something that can be sent. */
  wake(sender: Sender): void {
    if (sender.scheduled) return
    sender.scheduled = true
    this.#ring.push(sender)
  }

  /** Takes out what was to be written for somebody who goes elsewhere. */
  withdraw(unwanted: (late: Late) => boolean): void {
    const stays = (waiting: Waiting) => isFinished(waiting) || !unwanted(waiting)
    const waiting = [...this.#fifo].filter(stays)
    const senders = [...this.#ring].filter((sender) => !(sender.late && unwanted(sender.late)))
    this.#fifo.clear()
    this.#ring.clear()
    for (const frame of waiting) this.#fifo.push(frame)
    for (const sender of senders) this.#ring.push(sender)
  }

  /** All that stands in the line, in order. */
  waiting(): Iterable<Waiting> {
    return this.#fifo
  }

  next(): Numbered | undefined {
    const ringFirst = this.#run >= fifoUnits && this.#ring.length > 0
    return (ringFirst ? undefined : this.#fromFifo()) ?? this.#fromRing() ?? this.#fromFifo()
  }

  #fromFifo(): Numbered | undefined {
    for (;;) {
      const waiting = this.#fifo.shift()
      if (waiting === undefined) return undefined
      const frame = writeNow(waiting)
      if (frame === undefined) continue
      this.#run += frameOf(frame).length
      return frame
    }
  }

  #fromRing(): Numbered | undefined {
    for (;;) {
      const sender = this.#ring.peek()
      if (sender === undefined) return undefined
      if (sender.deficit <= 0) sender.deficit += turnUnits
      const frame = sender.deficit > 0 ? sender.take(sender.deficit) : undefined
      if (frame !== undefined) sender.deficit -= frameOf(frame).length
      if (frame === undefined && sender.deficit > 0) this.#leave(sender)
      else if (frame === undefined || sender.deficit <= 0) this.#rotate(sender)
      if (frame !== undefined) return frame
    }
  }

  /** A sender without anything to send keeps no claim. */
  #leave(sender: Sender): void {
    this.#run = 0
    this.#ring.shift()
    sender.scheduled = false
    sender.deficit = 0
  }

  #rotate(sender: Sender): void {
    this.#run = 0
    this.#ring.shift()
    this.#ring.push(sender)
  }
}

function writeNow(waiting: Waiting): Numbered | undefined {
  return isFinished(waiting) ? waiting : waiting.write()
}

function isFinished(waiting: Waiting): waiting is Exclude<Waiting, Late> {
  return typeof waiting === "string" || waiting instanceof Opening || waiting instanceof Uint8Array
}
