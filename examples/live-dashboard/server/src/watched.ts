import { EventEmitter, once } from "node:events"

/** A value that others watch. It is replaced as a whole, never changed in place. */
export class Watched<T> {
  #value: T
  readonly #changed: EventEmitter = new EventEmitter().setMaxListeners(0)

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  set value(value: T) {
    this.#value = value
    this.#changed.emit("value")
  }

  /** The value as it is, and again whenever it is another one. */
  async *watch(signal: AbortSignal): AsyncGenerator<T, void> {
    for (;;) {
      const value = this.#value
      yield value
      if (value === this.#value) await once(this.#changed, "value", { signal })
    }
  }
}
