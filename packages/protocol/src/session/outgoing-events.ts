import type { Codec, Encoded } from "../codec/codec.js"
import { transcode } from "../codec/transcode.js"
import type { ReservedCode } from "../error-code.js"
import { LazySet } from "../flow/lazy-set.js"
import { type EventWriter, OutgoingEvent } from "../flow/outgoing-event.js"
import { envelopeUnits, messageUnits, pathUnits } from "../limits.js"
import { Unencodable } from "../violation.js"
import type { Context } from "./context.js"
import type { OpenFrames } from "./open-frame.js"
import type { OpenLine } from "./open-line.js"

/** One-way events that have no number yet: they stand in the line with what is to be opened. */
export class OutgoingEvents implements EventWriter {
  readonly #context: Context
  readonly #line: OpenLine
  readonly #frames: OpenFrames
  readonly #waiting = new LazySet<OutgoingEvent>()

  constructor(context: Context, line: OpenLine, frames: OpenFrames) {
    this.#context = context
    this.#line = line
    this.#frames = frames
  }

  get size(): number {
    return this.#waiting.size
  }

  [Symbol.iterator](): Iterator<OutgoingEvent> {
    return this.#waiting[Symbol.iterator]()
  }

  /** Gives the code of why it never will be sent. */
  send(path: string, input: Encoded | undefined): ReservedCode | undefined {
    if (path.length > pathUnits) return "NOT_FOUND"
    const event = this.#write(path, input)
    if (!event) return "TOO_LARGE"
    if (this.#line.isFull(event)) return "OFFLINE_QUEUE_FULL"
    this.#enter(event)
    return undefined
  }

  /** Takes one over from a session that spoke so; `false`: what that one wrote cannot be said here. */
  adopt(event: OutgoingEvent, spoken: Codec): boolean {
    const fitting = spoken === this.#context.codec ? event : this.#rewritten(event, spoken)
    if (fitting) this.#enter(fitting)
    return fitting !== undefined
  }

  /** It goes to another session; `false`: it is not here any more. */
  release(event: OutgoingEvent): boolean {
    return this.#waiting.delete(event)
  }

  clear(): void {
    this.#waiting.clear()
  }

  /** One that the other side would not take is as lost as one that never arrived. */
  writeEvent(event: OutgoingEvent): OutgoingEvent | undefined {
    if (!this.#waiting.delete(event)) return undefined
    this.#line.numbered(event)
    if (event.frame.length <= this.#context.peer.messageBytes + envelopeUnits) return event
    this.#context.emit({ type: "eventsLost", count: 1 })
    return undefined
  }

  #rewritten({ path, input }: OutgoingEvent, spoken: Codec): OutgoingEvent | undefined {
    const rewritten = input && transcode(input, spoken, this.#context.codec)
    return rewritten instanceof Unencodable ? undefined : this.#write(path, rewritten)
  }

  /** `undefined`: it does not go into one message. */
  #write(path: string, input: Encoded | undefined): OutgoingEvent | undefined {
    const event = new OutgoingEvent(path, input, this.#frames.event(path, input))
    return event.frame.length > messageUnits ? undefined : event
  }

  #enter(event: OutgoingEvent): void {
    event.order = this.#line.order()
    event.writer = this
    event.inLine = false
    this.#waiting.add(event)
    this.#line.enter(event)
  }
}
