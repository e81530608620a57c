import { EventEmitter, once } from "node:events"
import type { Place } from "@trunkline-example/dashboard-contract"

/**
 * The newest items of what this run of the server has produced, each with its number. Older ones are
 * forgotten.
 */
export class History<Item extends Place> {
  readonly #run: string
  readonly #ring: Item[] = []
  readonly #capacity: number
  readonly #added: EventEmitter = new EventEmitter().setMaxListeners(0)
  /** Numbers count from 1. */
  #last = 0

  constructor(run: string, capacity: number) {
    this.#run = run
    this.#capacity = capacity
  }

  /** Adds the item that is made for the next place. */
  add(make: (place: Place) => Item): void {
    const number = this.#last + 1
    this.#ring[number % this.#capacity] = make({ run: this.#run, number })
    this.#last = number
    this.#added.emit("item")
  }

  /**
   * What is remembered, oldest first, and then each new item: no hole and no repeat, as there is one
   * counter for both. It is read at the reader's pace.
   *
   * @param fellBehind makes what is thrown when a reader was so slow that its next item is forgotten
   */
  async *follow(signal: AbortSignal, fellBehind: () => Error): AsyncGenerator<Item, void> {
    for (let next = this.#first; ; next++) {
      if (next > this.#last) await once(this.#added, "item", { signal })
      const item = this.#ring[next % this.#capacity]
      if (!item || next < this.#first) throw fellBehind()
      yield item
    }
  }

  get #first(): number {
    return Math.max(1, this.#last - this.#capacity + 1)
  }
}
