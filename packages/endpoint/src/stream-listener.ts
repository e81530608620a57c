import { isAnyRpcError, RpcError } from "@trunkline/contract"
import { callUser } from "@trunkline/transport"
import { type StreamEvent, type StreamListeners, tellsOfLoss } from "./stream.js"
import type { StreamReader, StreamSource } from "./stream-reader.js"

/**
 * Reads a stream by listeners. An item counts as taken when its listener has returned. A listener that
 * throws ends the stream: going on would skip the item that it did not get done.
 */
export class StreamListener implements StreamReader {
  readonly #stream: StreamSource
  readonly #listeners: StreamListeners<unknown>
  readonly #report: (error: RpcError) => void
  #reading = false
  #done = false

  constructor(
    stream: StreamSource,
    listeners: StreamListeners<unknown>,
    report: (error: RpcError) => void,
  ) {
    this.#stream = stream
    this.#listeners = listeners
    this.#report = report
  }

  /** Nobody is called before `subscribe` has returned. */
  start(): void {
    this.#reading = true
    this.#stream.open()
    queueMicrotask(() => {
      this.#reading = false
      this.readable()
    })
  }

  /** No listener is called any more. */
  stop(): void {
    this.#done = true
    this.#stream.cancel()
  }

  readable(): void {
    if (this.#reading || this.#done) return
    this.#reading = true
    try {
      for (let event = this.#stream.take(); event; event = this.#stream.take()) this.#tell(event)
    } catch (error) {
      this.#thrown(error)
    }
    this.#reading = false
    if (this.#stream.ended && !this.#done) this.#end(this.#stream.takeError())
  }

  #tell(event: StreamEvent<unknown>): void {
    if ("item" in event) return this.#listeners.item(event.item, event.cursor)
    if (this.#listeners.note) return this.#listeners.note(event.note)
    if (tellsOfLoss(event.note))
      this.#stream.fail("GAP", "items were lost; listen to notes to go on")
  }

  #thrown(cause: unknown): void {
    this.stop()
    this.#end(isAnyRpcError(cause) ? cause : new RpcError("INTERNAL", { cause, executed: "yes" }))
  }

  #end(error: RpcError | undefined): void {
    const { done, error: failed = this.#report } = this.#listeners
    this.#done = true
    callUser(() => (error ? failed(error) : done?.()))
  }
}
