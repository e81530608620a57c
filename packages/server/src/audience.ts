import type { Sink } from "@trunkline/endpoint"
import type { Codec, Encoded } from "@trunkline/protocol"
import { pushUnits } from "@trunkline/protocol/limits"
import { atTurnEnd } from "@trunkline/transport"
import { write } from "./topic-item.js"

/** Items that wait for the end of a turn; more of them, or more units than `pushUnits`, are handed on before. */
const batch = 256

/** An item, written once for each codec that somebody reads. */
interface Item {
  readonly written: ReadonlyMap<Codec, Encoded>
  readonly conflateKey: unknown
}

/**
 * Those who read one topic by one key. What is published in a turn is handed on at its end, to one session
 * after the other.
 */
export class Audience {
  size = 0
  /** By session: what several readers of one are given leaves together. */
  readonly #sinks = new Map<object, readonly Sink[]>()
  /** How many read each codec. */
  readonly #codecs = new Map<Codec, number>()
  #items: Item[] = []
  #units = 0

  add(sink: Sink): void {
    // What was published before it came is for those who were there.
    this.#handOn()
    this.size++
    this.#sinks.set(sink.session, [...(this.#sinks.get(sink.session) ?? []), sink])
    this.#codecs.set(sink.codec, (this.#codecs.get(sink.codec) ?? 0) + 1)
  }

  /** `false`: it had left already. */
  delete(sink: Sink): boolean {
    const sinks = this.#sinks.get(sink.session)
    if (!sinks?.includes(sink)) return false
    this.size--
    if (sinks.length === 1) this.#sinks.delete(sink.session)
    else
      this.#sinks.set(
        sink.session,
        sinks.filter((other) => other !== sink),
      )
    const left = (this.#codecs.get(sink.codec) ?? 0) - 1
    if (left > 0) this.#codecs.set(sink.codec, left)
    else this.#codecs.delete(sink.codec)
    return true
  }

  /** Throws `UNENCODABLE` for what has no form on the wire. */
  push(value: unknown, conflateKey: unknown): void {
    const [[somebody] = []] = this.#sinks.values()
    if (!somebody) return
    const written = new Map<Codec, Encoded>()
    for (const codec of this.#codecs.keys()) written.set(codec, write(codec, value))
    for (const { length } of written.values()) this.#units += length
    const items = this.#items.push({ written, conflateKey })
    if (items === 1) atTurnEnd(somebody.host, this.#handOn)
    if (items === batch || this.#units > pushUnits) this.#handOn()
  }

  readonly #handOn = (): void => {
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    this.#units = 0
    const hand = (sinks: readonly Sink[]): void => {
      for (const sink of sinks) {
        for (const { written, conflateKey } of items) {
          const encoded = written.get(sink.codec)
          if (encoded !== undefined) sink.push(encoded, conflateKey)
        }
      }
    }
    for (const sinks of [...this.#sinks.values()]) sinks[0]?.turn(hand, sinks)
  }
}
