import { type Codec, type Encoded, jsonCodec } from "@trunkline/protocol"

/** What a codec of ours would refuse to write, as a peer without scruples writes it on this codec. */
export function written(codec: Codec, text: string): Encoded {
  return codec === jsonCodec ? text : raw(codec, JSON.parse(text))
}

/** What is read from a peer. */
export function heard(codec: Codec, wire: string | Uint8Array): unknown {
  return typeof wire === "string" ? JSON.parse(wire) : codec.decode(new Uint8Array(wire)).value
}

/** A message as text of one character for each byte or unit, and back: so both are mutated in one way. */
export function spelled(wire: Encoded): string {
  return typeof wire === "string" ? wire : Buffer.from(wire).toString("latin1")
}

export function unspelled(codec: Codec, text: string): Encoded {
  return codec === jsonCodec ? text : new Uint8Array(Buffer.from(text, "latin1"))
}

/** Deeper than may be, with any key, and markers as what they stand for where they stand for something. */
function raw(codec: Codec, value: unknown): Encoded {
  if (Array.isArray(value)) return codec.array(value.map((element) => raw(codec, element)))
  if (typeof value !== "object" || value === null) return codec.encode(value)
  return marked(codec, value) ?? rawRecord(codec, Object.entries(value))
}

function marked(codec: Codec, value: object): Encoded | undefined {
  if (!Object.hasOwn(value, "$")) return undefined
  try {
    const { value: read, revive } = jsonCodec.decode(JSON.stringify(value))
    return codec.encode(revive?.(read))
  } catch {
    return undefined
  }
}

function rawRecord(codec: Codec, entries: readonly (readonly [string, unknown])[]): Encoded {
  const pieces = entries.flatMap(([key, value]) => [codec.encode(key), raw(codec, value)])
  const head = [0xde, entries.length >> 8, entries.length & 0xff]
  return new Uint8Array(
    Buffer.concat([Buffer.from(head), ...pieces.map((one) => Buffer.from(one))]),
  )
}
