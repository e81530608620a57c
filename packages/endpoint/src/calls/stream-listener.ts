import type { RpcError } from "@trunkline/contract"
import { callUser } from "@trunkline/transport"
import { lossUnheard, type StreamEvent, type StreamListeners } from "./stream.js"
import type { StreamReader, StreamSource } from "./stream-reader.js"

/**
 * Reads a stream by listeners, one event after the other: the next is not taken before what the listener
 * returned has settled. A listener that fails ends the stream: going on would skip what it did not get
 * done.
 */
export class StreamListener implements StreamReader {
  readonly #stream: StreamSource
  readonly #listeners: StreamListeners<unknown>
  readonly #report: (error: RpcError) => void
  #reading = true
  #live = false
  #done = false

  /** @throws TypeError for what cannot be called */
  constructor(
    stream: StreamSource,
    listeners: StreamListeners<unknown>,
    report: (error: RpcError) => void,
  ) {
    const { item, live = item, note = item, error = item, done = item } = Object(listeners)
    for (const listener of [item, live, note, error, done]) {
      if (typeof listener !== "function") throw new TypeError(misused)
    }
    this.#stream = stream
    this.#listeners = listeners
    this.#report = report
  }

  /** Nobody is called before `subscribe` has returned. */
  start(): void {
    this.#stream.open()
    void this.#after(undefined)
  }

  /** No listener is called any more. */
  stop(): void {
    this.#done = true
    this.#stream.cancel()
  }

  readable(): void {
    if (this.#reading || this.#done) return
    if (!this.#live && this.#stream.status === "live") this.#begin()
    this.#reading = true
    try {
      for (let event = this.#stream.take(); event; event = this.#stream.take()) {
        const telling = this.#tell(event)
        if (isPromise(telling)) return void this.#after(telling)
      }
    } catch (cause) {
      this.#failed(cause)
    }
    this.#reading = false
    if (this.#stream.ended && !this.#done) this.#end(this.#stream.takeError())
  }

  #begin(): void {
    this.#live = true
    callUser(() => this.#listeners.live?.())
  }

  async #after(telling: unknown): Promise<void> {
    try {
      await telling
    } catch (cause) {
      this.#failed(cause)
    }
    this.#reading = false
    this.readable()
  }

  #tell(event: StreamEvent<unknown>): unknown {
    if ("item" in event) return this.#listeners.item(event.item, event.cursor)
    if (this.#listeners.note) return this.#listeners.note(event.note)
    const loss = lossUnheard(event.note)
    if (loss) this.#stream.fail("GAP", loss)
    return undefined
  }

  /** Nobody hears of it once the stream was stopped. */
  #failed(cause: unknown): void {
    this.#stream.fail("INTERNAL", { why: "a listener failed", cause })
  }

  #end(error: RpcError | undefined): void {
    const { done, error: failed = this.#report } = this.#listeners
    this.#done = true
    callUser(() => (error ? failed(error) : done?.()))
  }
}

const misused = "subscribe takes functions: item, and live, note, error and done if wanted"

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value
}
