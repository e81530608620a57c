import type { Lane, Late } from "./lane.js"
import { fifoUnits, turnUnits } from "./limits.js"
import { frameOf, type Numbered, Opening } from "./outbox.js"
import { Queue } from "./queue.js"

/** A frame that stands in line: finished, or written when its turn comes. */
export type Waiting = Numbered | Late

/**
 * Who sends next (docs/protocol.md, "Scheduler"): opens, replies, cancels, credit and events in the
 * order in which they came; the lanes of the channels by deficit round robin, so that a large stream
 * starves neither the calls nor the other streams.
 */
export class Scheduler {
  readonly #fifo = new Queue<Waiting>()
  readonly #ring = new Queue<Lane>()
  /** Units that the fifo sent since the lanes had a turn. */
  #run = 0

  get idle(): boolean {
    return this.#fifo.length === 0 && this.#ring.length === 0
  }

  push(frame: Waiting): void {
    this.#fifo.push(frame)
  }

  /** The lane may have something that can be sent. */
  wake(lane: Lane): void {
    if (lane.scheduled) return
    lane.scheduled = true
    this.#ring.push(lane)
  }

  /** All that stands in the line, in order. */
  waiting(): Iterable<Waiting> {
    return this.#fifo
  }

  next(): Numbered | undefined {
    const lanesFirst = this.#run >= fifoUnits && this.#ring.length > 0
    return (lanesFirst ? undefined : this.#fromFifo()) ?? this.#fromRing() ?? this.#fromFifo()
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
      const lane = this.#ring.peek()
      if (lane === undefined) return undefined
      if (lane.deficit <= 0) lane.deficit += turnUnits
      const frame = lane.deficit > 0 ? lane.take(lane.deficit) : undefined
      if (frame !== undefined) lane.deficit -= frameOf(frame).length
      if (frame === undefined && lane.deficit > 0) this.#leave(lane)
      else if (frame === undefined || lane.deficit <= 0) this.#rotate(lane)
      if (frame !== undefined) return frame
    }
  }

  /** A lane without anything to send keeps no claim. */
  #leave(lane: Lane): void {
    this.#run = 0
    this.#ring.shift()
    lane.scheduled = false
    lane.deficit = 0
  }

  #rotate(lane: Lane): void {
    this.#run = 0
    this.#ring.shift()
    this.#ring.push(lane)
  }
}

function writeNow(waiting: Waiting): Numbered | undefined {
  const finished =
    typeof waiting === "string" || waiting instanceof Opening || waiting instanceof Uint8Array
  return finished ? waiting : waiting.write()
}
