import type { Codec } from "../codec/codec.js"
import * as Kind from "../kind.js"
import { messageUnits } from "../limits.js"
import { frameOf, type Numbered, Opening } from "./outbox.js"
import { Queue } from "./queue.js"
import type { Late, Sender } from "./sender.js"

/** A frame that may be over the size of a message, on its way in parts (docs/protocol.md, "PART"). */
export class LargeFrame implements Sender {
  scheduled = false
  deficit = 0
  readonly #codec: Codec
  readonly late: Late
  #parts: Queue<Numbered> | undefined

  /** @param late is written when its first part is about to be numbered */
  constructor(codec: Codec, late: Late) {
    this.#codec = codec
    this.late = late
  }

  take(): Numbered | undefined {
    this.#parts ??= this.#cut()
    const part = this.#parts.shift()
    const unwanted = part instanceof Opening && part.opener.gone
    return unwanted ? undefined : part
  }

  #cut(): Queue<Numbered> {
    const frame = this.late.write()
    if (frame === undefined) return new Queue()
    // Without its socket a result may have become an ERROR of a few units.
    if (frameOf(frame).length > messageUnits) return cut(this.#codec, this.late.id, frame)
    const whole = new Queue<Numbered>()
    whole.push(frame)
    return whole
  }
}

export function cut(codec: Codec, id: number, frame: Numbered): Queue<Numbered> {
  const parts = new Queue<Numbered>()
  const slices = codec.cut(frameOf(frame))
  for (const [index, slice] of slices.entries()) {
    const last = index === slices.length - 1
    const part = codec.array([Kind.PART, id, last ? 0 : 1, slice])
    parts.push(frame instanceof Opening ? new Opening(part, frame.opener, last) : part)
  }
  return parts
}
