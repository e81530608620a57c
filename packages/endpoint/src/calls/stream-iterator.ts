import type { StreamEvent } from "./stream.js"
import type { StreamReader, StreamSource } from "./stream-reader.js"

interface Waiter<T> {
  resolve(step: IteratorResult<T, void>): void
  reject(error: unknown): void
}

/** Reads a stream by `for await`. Leaving the loop cancels the stream. */
export class StreamIterator<T> implements AsyncIterableIterator<T, void, undefined>, StreamReader {
  readonly #stream: StreamSource
  /** What the loop sees of an event; `undefined`: nothing. */
  readonly #stepOf: (event: StreamEvent<unknown>) => IteratorResult<T, void> | undefined
  /** Reads without an answer, in order. */
  readonly #waiters: Waiter<T>[] = []

  constructor(
    stream: StreamSource,
    stepOf: (event: StreamEvent<unknown>) => IteratorResult<T, void> | undefined,
  ) {
    this.#stream = stream
    this.#stepOf = stepOf
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, void>> {
    this.#stream.open()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.readable()
    })
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#stream.cancel()
    return Promise.resolve({ value: undefined, done: true })
  }

  readable(): void {
    while (this.#waiters.length > 0 && this.#answer());
  }

  /** Takes the next event, or tells the end. `false`: there is neither yet. */
  #answer(): boolean {
    const event = this.#stream.take()
    if (event === undefined) return this.#stream.ended && this.#end()
    const step = this.#stepOf(event)
    if (step) this.#waiters.shift()?.resolve(step)
    return true
  }

  #end(): boolean {
    const error = this.#stream.takeError()
    const waiter = this.#waiters.shift()
    if (error) waiter?.reject(error)
    else waiter?.resolve({ value: undefined, done: true })
    return true
  }
}
