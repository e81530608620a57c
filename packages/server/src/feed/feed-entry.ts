import type { ReplayEntry } from "@trunkline/endpoint"
import { type Codec, type Encoded, jsonCodec, Violation } from "@trunkline/protocol"
import type { BrokerEntry } from "../broker/broker.js"

/** What makes two items the same thing, where a contract's delivery says so. */
export type KeyOf = (item: unknown) => unknown

/**
 * An entry of a broker as streams send it: its text is a json session's payload as it is, and for
 * another codec it is read and written once (docs/protocol.md, "Values").
 */
export class FeedEntry implements ReplayEntry {
  readonly cursor: string
  readonly key: unknown
  readonly #text: string
  /** As other codecs write it; there are one or two, and most nodes have none. */
  #written: Map<string, Encoded> | undefined

  private constructor(cursor: string, text: string, key: unknown) {
    this.cursor = cursor
    this.#text = text
    this.key = key
  }

  /** Undefined for what no correct node can have published: it must not reach a session. */
  static of({ cursor, payload }: BrokerEntry, keyOf: KeyOf | undefined): FeedEntry | undefined {
    try {
      const value = read(payload)
      return new FeedEntry(cursor, payload, keyOf ? keyFor(value, cursor, keyOf) : undefined)
    } catch {
      return undefined
    }
  }

  get units(): number {
    return this.#text.length
  }

  encode(codec: Codec): Encoded {
    if (codec.subprotocol === jsonCodec.subprotocol) return this.#text
    this.#written ??= new Map()
    let written = this.#written.get(codec.subprotocol)
    if (written === undefined) {
      written = codec.encode(read(this.#text))
      this.#written.set(codec.subprotocol, written)
    }
    return written
  }
}

/** Its publisher has seen that there is one; where there is none here, it is the same as no other. */
function keyFor(value: unknown, cursor: string, keyOf: KeyOf): unknown {
  try {
    return keyOf(value)
  } catch {
    return cursor
  }
}

function read(payload: string): unknown {
  if (typeof payload !== "string") throw new Violation("no text")
  const { value, revive } = jsonCodec.decode(payload)
  return revive ? revive(value) : value
}
