import type { RpcError } from "@trunkline/contract"
import { type ReservedCode, Unencodable } from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"
import { ChannelStream } from "./channel-stream.js"
import type { DuplexStream } from "./stream.js"

/** An item that waits for room. */
interface Send {
  readonly item: unknown
  readonly resolve: () => void
  readonly reject: (error: RpcError) => void
}

/**
 * The caller's end of a duplex. An item waits here until its lane has room, so that `send` knows the pace
 * of the other side, and is written only then.
 *
 * Must hold (G5): at most `pushItems` wait.
 */
export class ChannelDuplex extends ChannelStream implements DuplexStream<unknown, unknown> {
  protected override readonly kind = "duplex"
  readonly #waiting: Send[] = []
  #finished = false
  /** What the items that come too late are told; undefined while they come in time. */
  #closed: RpcError | undefined
  #sending = false

  send(item: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal()
      if (refusal) return reject(refusal)
      this.#waiting.push({ item, resolve, reject })
      this.open()
      this.writable()
    })
  }

  finish(): void {
    if (this.#finished || this.#closed) return
    this.#finished = true
    this.open()
    this.writable()
  }

  writable(): void {
    if (this.#sending) return
    this.#sending = true
    while (this.#waiting.length > 0 && (this.channel?.lane?.room() ?? 0) > 0) this.#sendNext()
    this.#sending = false
    if (this.#finished && this.#waiting.length === 0 && this.channel) this.line.finish(this.channel)
  }

  /** When the other side has ended, so has this one: what has not been sent would be for nobody. */
  override readable(): void {
    if (this.channel?.inflow?.ended && !this.#closed) {
      this.#finished = true
      this.#close(this.#failure("CLOSED", "the other side has ended"))
      this.writable()
    }
    super.readable()
  }

  protected override over(error: RpcError | undefined): void {
    this.#close(error ?? this.#failure("CLOSED", "the stream has ended"))
  }

  #close(error: RpcError): void {
    this.#closed ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #refusal(): RpcError | undefined {
    if (this.#closed) return this.#closed
    if (this.#finished) return this.#failure("CLOSED", "finish() was called")
    if (this.#waiting.length < limits.pushItems) return undefined
    return this.#failure("SLOW_CONSUMER", `${limits.pushItems} items wait to be sent`)
  }

  #sendNext(): void {
    const send = this.#waiting.shift()
    if (!send || !this.channel) return
    try {
      this.line.item(this.channel, send.item)
      send.resolve()
    } catch (error) {
      if (error instanceof Unencodable) send.reject(this.#failure(error.code, error.message))
      else send.reject(this.#failure("UNENCODABLE", "it cannot be read", error))
    }
  }

  #failure(code: ReservedCode, why: string, cause?: unknown): RpcError {
    const executed = this.channel && this.channel.id > 0 ? "unknown" : "no"
    return this.toError({ code, executed, why, cause })
  }
}
