import type { OpenedChannel } from "./channel.js"
import type { Context } from "./context.js"
import { LargeFrame } from "./large-frame.js"
import { envelopeUnits, messageUnits } from "./limits.js"

/** How many opens may wait at the caller while the callee cannot be reached. */
export interface QueueBounds {
  /** Calls and streams. */
  readonly calls: number
  /** Their inputs, in units. */
  readonly units: number
}

/**
 * Where channels stand before they are numbered: for a socket, for one of the places that the callee has
 * for calls, and for their turn to be sent.
 *
 * Must hold (S8): no more calls are open than the callee takes, and no more wait than the bounds allow.
 */
export class OpenLine {
  readonly #context: Context
  readonly #bounds: QueueBounds
  /** Not in the scheduler yet: there is no socket, or no place. */
  readonly #waiting = new Set<OpenedChannel>()
  /** Places taken at the callee, by calls that are open or about to be. */
  #places = 0
  #unnumbered = 0
  #units = 0

  constructor(context: Context, bounds: QueueBounds) {
    this.#context = context
    this.#bounds = bounds
  }

  isFull(channel: OpenedChannel): boolean {
    const { peer, attached } = this.#context
    if (attached) return this.#unnumbered >= this.#bounds.calls + peer.calls + peer.streams
    return (
      this.#unnumbered >= this.#bounds.calls || this.#units + channel.units > this.#bounds.units
    )
  }

  enter(channel: OpenedChannel): void {
    this.#unnumbered++
    this.#units += channel.units
    channel.inLine = true
    this.#place(channel)
  }

  /** It has been numbered; a call keeps its place until it ends. */
  numbered(channel: OpenedChannel): void {
    if (!channel.inLine) return
    channel.inLine = false
    this.#waiting.delete(channel)
    this.#unnumbered--
    this.#units -= channel.units
  }

  /** It stands here no longer and takes no place, or never had one. */
  leave(channel: OpenedChannel): void {
    this.numbered(channel)
    if (!channel.hasPlace) return
    channel.hasPlace = false
    this.#places--
    this.#placeNext()
  }

  /** A socket is there. */
  attached(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const channel of waiting) this.#place(channel)
  }

  get #full(): boolean {
    return this.#places >= this.#context.peer.calls
  }

  #place(channel: OpenedChannel): void {
    const waits = !this.#context.attached || (channel.countsAsCall && this.#full)
    if (waits) this.#waiting.add(channel)
    else this.#stand(channel)
  }

  /** While a socket is there only calls wait. */
  #placeNext(): void {
    if (!this.#context.attached) return
    for (const channel of this.#waiting) {
      if (this.#full) return
      this.#waiting.delete(channel)
      this.#stand(channel)
    }
  }

  #stand(channel: OpenedChannel): void {
    const { codec, scheduler } = this.#context
    channel.hasPlace = channel.countsAsCall
    if (channel.hasPlace) this.#places++
    if (channel.units + envelopeUnits <= messageUnits) scheduler.push(channel)
    else scheduler.wake(new LargeFrame(codec, channel))
  }
}
