import type { OpenedChannel } from "./channel.js"
import type { Codec, Encoded } from "./codec.js"
import type { Meta } from "./frame.js"
import * as Kind from "./kind.js"

/** Paths that are kept encoded: most calls go the same few ways. */
const mostPaths = 1_024

/** Writes the frames that open and cancel channels. */
export class OpenFrames {
  readonly #codec: Codec
  readonly #paths = new Map<string, Encoded>()

  constructor(codec: Codec) {
    this.#codec = codec
  }

  /** OPEN, with this id. */
  open(channel: OpenedChannel, id: number, now: number): Encoded {
    const { input, credit, request } = channel
    const meta = metaOf(channel, now)
    const fields: (number | Encoded)[] = [Kind.OPEN, id, this.#path(request.path)]
    if (input !== undefined) fields.push(input)
    else if (credit !== undefined || meta) fields.push(this.#codec.encode(undefined))
    if (credit !== undefined) fields.push(credit)
    else if (meta) fields.push(this.#codec.encode(null))
    if (meta) fields.push(this.#codec.encode(meta))
    return this.#codec.array(fields)
  }

  #path(path: string): Encoded {
    const known = this.#paths.get(path)
    if (known !== undefined) return known
    const encoded = this.#codec.encode(path)
    if (this.#paths.size < mostPaths) this.#paths.set(path, encoded)
    return encoded
  }
}

/** CANCEL, as it is sent and as it takes the place of a dead OPEN. */
export function cancelFrame(codec: Codec, id: number): Encoded {
  return codec.array([Kind.CANCEL, id])
}

function metaOf(channel: OpenedChannel, now: number): Meta | undefined {
  const { deadline, tellDeadline } = channel.request
  const meta: { d?: number; u?: 1; a?: number; f?: string } = {}
  if (tellDeadline && deadline !== Number.POSITIVE_INFINITY) {
    meta.d = Math.min(Math.max(0, Math.ceil(deadline - now)), Number.MAX_SAFE_INTEGER)
  }
  if (channel.doubt) meta.u = 1
  if (channel.reissues > 0) meta.a = channel.reissues
  if (channel.from !== undefined) meta.f = channel.from
  for (const _ in meta) return meta
  return undefined
}
