import type { RpcError } from "@trunkline/contract"
import {
  type ArrivedNote,
  type CallerSide,
  type OpenedChannel,
  type Outcome,
  type ReservedCode,
  Unencodable,
} from "@trunkline/protocol"
import type { Line } from "../line.js"
import { type CallerFailure, toError } from "./failure.js"
import {
  lossUnheard,
  type ReplayOptions,
  type Stream,
  type StreamEvent,
  type StreamListeners,
  type StreamNote,
  type StreamStatus,
} from "./stream.js"
import { StreamIterator } from "./stream-iterator.js"
import { StreamListener } from "./stream-listener.js"
import type { FailureDetail, StreamReader, StreamSource } from "./stream-reader.js"

/**
 * The reader's end of a subscription. Items wait in the channel's inflow, never here, so that what the
 * application has not taken is felt by the sender.
 *
 * Must hold (S12): once the reader has cancelled, nothing is delivered to it.
 */
export class ChannelStream implements Stream<unknown>, StreamSource, CallerSide {
  protected readonly kind: "subscription" | "duplex" = "subscription"
  protected readonly line: Line
  readonly #path: string
  readonly #input: unknown
  readonly #options: ReplayOptions
  #reader: StreamReader | undefined
  protected channel: OpenedChannel | undefined
  #ended = false
  /** By the reader: it wants nothing more. */
  #left = false
  #error: RpcError | undefined

  constructor(line: Line, path: string, input: unknown, options: ReplayOptions | undefined) {
    this.line = line
    this.#path = path
    this.#input = input
    this.#options = options ?? {}
  }

  get cursor(): string | undefined {
    return this.channel?.inflow?.taken ?? this.#options.from
  }

  get status(): StreamStatus {
    if (this.#ended) return "ended"
    if (!this.channel) return "idle"
    return this.line.attached && this.channel.inflow?.begun ? "live" : "connecting"
  }

  get ended(): boolean {
    return this.#ended
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<unknown, void, undefined> {
    return this.#readBy(new StreamIterator(this, (event) => this.#itemOf(event)))
  }

  events(): AsyncIterableIterator<StreamEvent<unknown>, void, undefined> {
    return this.#readBy(new StreamIterator(this, (event) => ({ value: event, done: false })))
  }

  subscribe(listeners: StreamListeners<unknown>): () => void {
    const report = (error: RpcError) => this.line.report(error)
    const listener = this.#readBy(new StreamListener(this, listeners, report))
    listener.start()
    return () => listener.stop()
  }

  cancel(): void {
    this.#leave(undefined)
  }

  open(): void {
    if (this.channel || this.#ended) return
    const { signal, from } = this.#options
    if (signal?.aborted) return this.fail("CANCELLED")
    try {
      const input = this.#input === undefined ? undefined : this.line.encode(this.#input)
      const deadline = Number.POSITIVE_INFINITY
      const { kind } = this
      const request = { path: this.#path, input, kind, deadline, tellDeadline: false, from }
      signal?.addEventListener("abort", this.#abort)
      this.channel = this.line.open(request, this)
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error
      this.fail(error.code, { why: error.message })
    }
  }

  take(): StreamEvent<unknown> | undefined {
    const inflow = this.channel?.inflow
    if (!this.channel || !inflow) return undefined
    for (;;) {
      const arrival = inflow.shift()
      if (arrival === undefined) return undefined
      if (inflow.tellDue) this.line.consumed(this.channel)
      if ("item" in arrival) return arrival
      const note = noteOf(arrival)
      if (note) return { note }
    }
  }

  takeError(): RpcError | undefined {
    this.#deafen()
    const error = this.#error
    this.#error = undefined
    return error
  }

  fail(code: ReservedCode, detail?: FailureDetail): void {
    const executed = this.channel && this.channel.id > 0 ? "unknown" : "no"
    this.#leave(this.toError({ code, executed, ...detail }))
  }

  settled(outcome: Outcome): void {
    if (!this.#ended) this.#end(outcome.ok ? undefined : this.toError(outcome.failure))
  }

  readable(): void {
    this.#reader?.readable()
  }

  readonly #abort = (): void => this.fail("CANCELLED")

  /** What waits is dropped first, so that nothing of it is delivered. */
  #leave(error: RpcError | undefined): void {
    if (this.#left) return
    this.#left = true
    this.channel?.inflow?.clear()
    this.#end(error)
    if (this.channel) this.line.cancel(this.channel, "CANCELLED")
  }

  #end(error: RpcError | undefined): void {
    this.#ended = true
    this.#error = error
    this.over(error)
    // What still waits can be given up as long as it has not been taken.
    if (!this.channel?.inflow?.length) this.#deafen()
    this.readable()
  }

  /** Nothing is sent any more. */
  protected over(_error: RpcError | undefined): void {}

  #deafen(): void {
    this.#options.signal?.removeEventListener("abort", this.#abort)
  }

  protected toError(failure: CallerFailure): RpcError {
    return toError(this.line, this.#path, failure, this.channel)
  }

  #readBy<R extends StreamReader>(reader: R): R {
    if (this.#reader) throw new TypeError("A stream is read once; call the procedure for another.")
    this.#reader = reader
    return reader
  }

  /** A bare iteration has no ear for notes, so one that tells of a loss ends it. */
  #itemOf(event: StreamEvent<unknown>): IteratorResult<unknown, void> | undefined {
    if ("item" in event) return { value: event.item, done: false }
    const loss = lossUnheard(event.note)
    if (loss) this.fail("GAP", loss)
    return undefined
  }
}

/** `undefined` for a note of a later version. */
function noteOf({ note, data }: ArrivedNote): StreamNote | undefined {
  const { n, cursor, state } = Object(data)
  switch (note) {
    case "restarted":
    case "stalled":
      return { type: note }
    case "dropped":
      return { type: note, count: Number(n) }
    case "gap":
      return { type: note, cursor: String(cursor) }
    case "reset":
      return { type: note, state, cursor: String(cursor) }
    default:
      return undefined
  }
}
