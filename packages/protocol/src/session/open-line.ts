import { LargeFrame } from "../flow/large-frame.js"
import { LazySet } from "../flow/lazy-set.js"
import type { LineEntry } from "../flow/sender.js"
import { placesCeiling } from "../limits.js"
import type { Context } from "./context.js"

/** How many opens may wait at the caller while the callee cannot be reached. */
export interface QueueBounds {
  /** Calls, streams and events. */
  readonly calls: number
  /** Their inputs, in units. */
  readonly units: number
}

/**
 * Where channels and events stand before they are numbered: for a socket, for one of the places that
 * the callee has for calls, and for their turn to be sent.
 *
 * Must hold (S8): no more calls are open than the callee takes, and no more wait than the bounds allow.
 */
export class OpenLine {
  readonly #context: Context
  readonly #bounds: QueueBounds
  /** Not in the scheduler yet: there is no socket, or no place. */
  readonly #waiting = new LazySet<LineEntry>()
  /** Nothing goes to the scheduler any more: another session is awaited. */
  #held = false
  /** Places taken at the callee, by calls that are open or about to be. */
  #places = 0
  #unnumbered = 0
  #units = 0
  #unpacedUnits = 0
  #orders = 0

  constructor(context: Context, bounds: QueueBounds) {
    this.#context = context
    this.#bounds = bounds
  }

  /** The next place among all that comes here, whatever becomes of it. */
  order(): number {
    return ++this.#orders
  }

  isFull(entry: LineEntry): boolean {
    const { peer } = this.#context
    const { calls, units } = this.#bounds
    if (!this.#moves) return this.#unnumbered >= calls || this.#units + entry.units > units
    if (this.#unnumbered >= calls + Math.min(peer.calls + peer.streams, placesCeiling)) return true
    return !entry.isPaced && this.#unpacedUnits + entry.units > units + peer.window
  }

  enter(entry: LineEntry): void {
    this.#unnumbered++
    this.#units += entry.units
    if (!entry.isPaced) this.#unpacedUnits += entry.units
    entry.inLine = true
    this.#place(entry)
  }

  /** It has been numbered; a call keeps its place until it ends. */
  numbered(entry: LineEntry): void {
    if (!entry.inLine) return
    entry.inLine = false
    this.#waiting.delete(entry)
    this.#unnumbered--
    this.#units -= entry.units
    if (!entry.isPaced) this.#unpacedUnits -= entry.units
  }

  /** It stands here no longer and takes no place, or never had one. */
  leave(entry: LineEntry): void {
    this.numbered(entry)
    if (!entry.hasPlace) return
    entry.hasPlace = false
    this.#places--
    this.#placeNext()
  }

  /** From now on all wait, those too that had their turn before them. */
  hold(entries: readonly LineEntry[]): void {
    this.#held = true
    for (const entry of entries) if (entry.inLine) this.#waiting.add(entry)
  }

  /** A socket is there. */
  attached(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const entry of waiting) this.#place(entry)
  }

  get #moves(): boolean {
    return this.#context.attached && !this.#held
  }

  get #full(): boolean {
    return this.#places >= this.#context.peer.calls
  }

  #place(entry: LineEntry): void {
    const waits = !this.#moves || (entry.countsAsCall && this.#full)
    if (waits) this.#waiting.add(entry)
    else this.#stand(entry)
  }

  /** While the line moves only calls wait. */
  #placeNext(): void {
    if (!this.#moves) return
    for (const entry of this.#waiting) {
      if (this.#full) return
      this.#waiting.delete(entry)
      this.#stand(entry)
    }
  }

  #stand(entry: LineEntry): void {
    const { codec, scheduler } = this.#context
    entry.hasPlace = entry.countsAsCall
    if (entry.hasPlace) this.#places++
    if (entry.isLarge) scheduler.wake(new LargeFrame(codec, entry))
    else scheduler.push(entry)
  }
}
