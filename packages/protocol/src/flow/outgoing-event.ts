import type { Encoded } from "../codec/codec.js"
import { OneWay } from "./outbox.js"
import type { LineEntry } from "./sender.js"

/** Who numbers an EVENT. */
export interface EventWriter {
  /** `undefined`: it cannot be sent any more. */
  writeEvent(event: OutgoingEvent): OutgoingEvent | undefined
}

/**
 * A one-way event on its way out, from the call surface to its number: where its arrival is not proven
 * when its session is lost it is counted (docs/protocol.md, "Session lost").
 */
export class OutgoingEvent extends OneWay implements LineEntry {
  readonly id = 0
  readonly countsAsCall = false
  readonly isPaced = false
  readonly isLarge = false
  inLine = false
  hasPlace = false
  /** Its place among all that was sent. */
  order = 0
  writer: EventWriter | undefined
  /** In the codec of its session. */
  input: Encoded | undefined
  readonly path: string

  constructor(path: string, input: Encoded | undefined, frame: Encoded) {
    super(frame)
    this.path = path
    this.input = input
  }

  get units(): number {
    return this.frame.length
  }

  write(): OutgoingEvent | undefined {
    return this.writer?.writeEvent(this)
  }
}
