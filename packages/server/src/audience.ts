import type { Sink } from "@trunkline/endpoint"
import type { Codec, Encoded } from "@trunkline/protocol"
import { atTurnEnd, type Host } from "@trunkline/transport"
import { write } from "./topic-item.js"

/** Items that wait for the end of a turn; more are handed on before it. */
const batch = 256

/** An item, written once for each codec that somebody reads. */
interface Item {
  readonly written: ReadonlyMap<Codec, Encoded>
  readonly conflateKey: unknown
}

/**
 * Those who read one topic by one key. What is published in a turn is handed on at its end, to one reader
 * after the other.
 */
export class Audience {
  readonly #sinks = new Set<Sink>()
  /** How many read each codec. */
  readonly #codecs = new Map<Codec, number>()
  #host: Host | undefined
  #items: Item[] = []

  get size(): number {
    return this.#sinks.size
  }

  add(sink: Sink): void {
    // What was published before it came is for those who were there.
    this.#handOn()
    this.#host = sink.host
    this.#sinks.add(sink)
    this.#codecs.set(sink.codec, (this.#codecs.get(sink.codec) ?? 0) + 1)
  }

  /** `false`: it had left already. */
  delete(sink: Sink): boolean {
    if (!this.#sinks.delete(sink)) return false
    const left = (this.#codecs.get(sink.codec) ?? 0) - 1
    if (left > 0) this.#codecs.set(sink.codec, left)
    else this.#codecs.delete(sink.codec)
    return true
  }

  /** Throws `UNENCODABLE` for what has no form on the wire. */
  push(value: unknown, conflateKey: unknown): void {
    if (!this.#host || this.size === 0) return
    const written = new Map<Codec, Encoded>()
    for (const codec of this.#codecs.keys()) written.set(codec, write(codec, value))
    const items = this.#items.push({ written, conflateKey })
    if (items === 1) atTurnEnd(this.#host, this.#handOn)
    if (items === batch) this.#handOn()
  }

  readonly #handOn = (): void => {
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    const hand = (sink: Sink): void => {
      for (const { written, conflateKey } of items) {
        const encoded = written.get(sink.codec)
        if (encoded !== undefined) sink.push(encoded, conflateKey)
      }
    }
    for (const sink of [...this.#sinks]) sink.turn(hand, sink)
  }
}
