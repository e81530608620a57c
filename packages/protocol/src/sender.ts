import type { Numbered } from "./outbox.js"

/** A frame that is written only when it gets its number. */
export interface Late {
  /** The channel that it belongs to. */
  readonly id: number
  /** `undefined`: there is no need of it any more. */
  write(): Numbered | undefined
}

/** Whoever takes turns at sending: the items of one stream, or a frame that leaves in parts. */
export interface Sender {
  /** Whether the scheduler has it in its ring. */
  scheduled: boolean
  /** Units that it may still send in this turn. */
  deficit: number
  /** The next frame, of about so many units; `undefined` while there is none that may be sent. */
  take(units: number): Numbered | undefined
}
