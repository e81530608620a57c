import { type Encoded, jsonCodec } from "@trunkline/protocol"
import type { CodecName } from "@trunkline/server"
import { msgpack } from "@trunkline/transport"
import { Random } from "./random.js"

/** Which codecs are spoken in a run, where it is not JSON alone. */
export interface Speech {
  /** What each server process prefers, one after another; the last one's stays. */
  readonly servers: readonly (readonly CodecName[])[]
}

/** In a quarter of the seeds clients offer msgpack, and a server that comes back may speak otherwise. */
export function drawSpeech(seed: number): Speech | undefined {
  const random = Random.of(seed, "speech")
  if (!random.chance(0.25)) return undefined
  const changes = random.chance(0.4)
  const servers = Array.from({ length: changes ? 6 : 1 }, () =>
    changes
      ? random.pick<readonly CodecName[]>([["msgpack"], ["json"], ["msgpack", "json"]])
      : (["msgpack", "json"] as const),
  )
  return { servers }
}

/**
 * What the server process of this number speaks; undefined: what it does unless it is told. Where restarts may
 * cost nothing (`calm`) no server forgets a codec: one that did could not take a session back.
 */
export function preferenceOf(
  speech: Speech | undefined,
  generation: number,
  calm: boolean,
): readonly CodecName[] | undefined {
  const preferred = speech?.servers[Math.min(generation, speech.servers.length) - 1]
  return calm && preferred ? [...new Set([...preferred, ...both])] : preferred
}

const both: readonly CodecName[] = ["msgpack", "json"]

type Message = readonly [first: number, ack: number, ...frames: (readonly unknown[])[]]

/** A message as JSON has it, whatever its codec: to be shown. */
export function textOf(wire: Encoded): string {
  return typeof wire === "string" ? wire : String(jsonCodec.encode(msgpack.decode(wire).value))
}

/** What stands in a message, payloads as its codec has them: on JSON not brought back to life. */
export function messageIn(wire: Encoded): Message {
  return Object(codecOf(wire).decode(wire).value)
}

/** A frame as `messageIn` gives it, to be compared: equal texts stand for equal frames of one codec. */
export function frameText(frame: readonly unknown[]): string {
  return String(jsonCodec.encode(frame))
}

export function codecOf(wire: Encoded): typeof jsonCodec {
  return typeof wire === "string" ? jsonCodec : msgpack
}
