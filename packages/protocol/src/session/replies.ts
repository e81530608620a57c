import type { Encoded } from "../codec/codec.js"
import type { Failure } from "../error-code.js"
import { LargeFrame } from "../flow/large-frame.js"
import { LazySet } from "../flow/lazy-set.js"
import type { Late } from "../flow/sender.js"
import { errorFrame } from "../frames/error-frame.js"
import { envelopeUnits, messageUnits, waitingResultUnits } from "../limits.js"
import { Unencodable } from "../violation.js"
import type { Context } from "./context.js"

/** A terminal frame that waits for its number. */
class Reply implements Late {
  readonly id: number
  frame: Encoded
  /** What is left of it when it is too large to be kept without a socket. */
  readonly remnant: Failure
  readonly #replies: Replies

  constructor(id: number, frame: Encoded, remnant: Failure, replies: Replies) {
    this.id = id
    this.frame = frame
    this.remnant = remnant
    this.#replies = replies
  }

  write(): Encoded {
    this.#replies.numbered(this)
    return this.frame
  }
}

/** Results of so many units are kept without a socket however many wait: their number has its own bound. */
const smallResult = 128

/**
 * Terminal frames of what is served, from their handlers to their numbers. With a socket they leave soon;
 * without one the largest of them give way as soon as too much waits (docs/protocol.md, "Sessions").
 */
export class Replies {
  /** What waits for its number, in units. */
  units = 0
  readonly #context: Context
  /** Too large for one message, until they leave. */
  readonly #large = new LazySet<Reply>()
  /** Those that wait for a socket. */
  readonly #held = new LazySet<Reply>()

  constructor(context: Context) {
    this.#context = context
  }

  /** @param remnant what takes its place where there is no room for it */
  send(id: number, frame: Encoded, remnant: Failure): void {
    const { attached, codec, scheduler } = this.#context
    const reply = new Reply(id, frame, remnant, this)
    this.units += frame.length
    if (frame.length > messageUnits) {
      this.#large.add(reply)
      scheduler.wake(new LargeFrame(codec, reply))
    } else scheduler.push(reply)
    if (attached) return
    this.#hold(reply)
    this.#shed()
  }

  /** ERROR. Data that cannot be written is a bug of the handler, not of the wire. */
  errorFrame(id: number, failure: Failure): Encoded {
    const { codec, peer } = this.#context
    try {
      const frame = errorFrame(codec, id, failure)
      if (frame.length <= peer.messageBytes + envelopeUnits) return frame
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error
    }
    return errorFrame(codec, id, { code: "INTERNAL", executed: failure.executed })
  }

  /** It leaves. */
  numbered(reply: Reply): void {
    this.units -= reply.frame.length
    this.#large.delete(reply)
  }

  attached(): void {
    this.#held.clear()
  }

  /** What waits begins to count against what is kept without a socket. */
  detached(): void {
    for (const waiting of this.#context.scheduler.waiting()) {
      if (waiting instanceof Reply) this.#hold(waiting)
    }
    for (const reply of this.#large) this.#hold(reply)
    this.#shed()
  }

  /** An ERROR in place of a small one would not be smaller. */
  #hold(reply: Reply): void {
    if (reply.frame.length > smallResult) this.#held.add(reply)
  }

  /** The largest give up their places to an ERROR that says so. */
  #shed(): void {
    let units = 0
    for (const reply of this.#held) units += reply.frame.length
    if (units <= waitingResultUnits) return
    const largestFirst = [...this.#held].sort((a, b) => b.frame.length - a.frame.length)
    for (const reply of largestFirst) {
      if (units <= waitingResultUnits) return
      units -= reply.frame.length
      this.#held.delete(reply)
      this.units -= reply.frame.length
      reply.frame = this.errorFrame(reply.id, reply.remnant)
      this.units += reply.frame.length
    }
  }
}
