import type { Encoded } from "../codec/codec.js"
import { Queue } from "./queue.js"

/** Who opened a channel, as far as the frame that opens it is concerned. */
export interface Opener {
  readonly id: number
  /** It has stopped waiting: if the frame has to be sent again, a CANCEL goes in its place. */
  readonly gone: boolean
  /** Its OPEN, with the last of its parts, has this number. */
  opened(number: number): void
  /** A CANCEL was sent in place of its OPEN. */
  replaced(): void
}

/** The frame that opens a channel, or a part of it. */
export class Opening {
  readonly frame: Encoded
  readonly opener: Opener
  /** The frame is whole, or its last part. */
  readonly whole: boolean

  constructor(frame: Encoded, opener: Opener, whole: boolean) {
    this.frame = frame
    this.opener = opener
    this.whole = whole
  }
}

/** An EVENT. Nothing answers it, so that it is followed until an acknowledgement proves its arrival. */
export class OneWay {
  /** In the codec of its session. */
  frame: Encoded

  constructor(frame: Encoded) {
    this.frame = frame
  }
}

/** What is about to get a number, or has one. */
export type Numbered = Encoded | Opening | OneWay

export function frameOf(numbered: Numbered): Encoded {
  const bare = typeof numbered === "string" || numbered instanceof Uint8Array
  return bare ? numbered : numbered.frame
}

/**
 * The frames of one direction that have a number and are not acknowledged (docs/protocol.md, "Window").
 * It *is* the retransmission buffer, so that buffer is bounded by the window and one frame.
 *
 * Must hold (S6): numbers are dense; acknowledgements only rise; nothing unacknowledged is released.
 */
export class Outbox {
  /** Highest number given to a frame. */
  sent = 0
  /** Highest number that the peer has applied. */
  acknowledged = 0
  /** Units of the frames between the two. */
  units = 0
  /** How many of these are EVENTs. */
  events = 0
  readonly #frames = new Queue<Numbered>()

  get idle(): boolean {
    return this.#frames.length === 0
  }

  /** Whether the peer may have applied just this much. */
  covers(number: number): boolean {
    return number >= this.acknowledged && number <= this.sent
  }

  add(frame: Numbered): void {
    this.sent++
    this.units += frameOf(frame).length
    this.#frames.push(frame)
    if (frame instanceof OneWay) this.events++
    else if (frame instanceof Opening && frame.whole) frame.opener.opened(this.sent)
  }

  /** Releases what the peer has applied. A lower number than before says nothing new. */
  acknowledge(number: number): void {
    while (this.acknowledged < number) {
      const frame = this.#frames.shift()
      if (frame === undefined) return
      this.units -= frameOf(frame).length
      if (frame instanceof OneWay) this.events--
      this.acknowledged++
    }
  }

  /** The frame with this number, while it is kept. */
  at(number: number): Numbered | undefined {
    return this.#frames.at(number - this.acknowledged - 1)
  }

  /** EVENTs with a higher number than this; undefined: all that are kept. */
  eventsAfter(number: number = this.acknowledged): number {
    let events = 0
    let at = this.acknowledged
    for (const frame of this.#frames) if (++at > number && frame instanceof OneWay) events++
    return events
  }

  /** All that is kept, in order: what a new socket sends first. */
  [Symbol.iterator](): Iterator<Numbered> {
    return this.#frames[Symbol.iterator]()
  }
}
