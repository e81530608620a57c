import type { Numbered } from "./outbox.js"

/** A frame that is written only when it gets its number. */
export interface Late {
  /** The channel that it belongs to. */
  readonly id: number
  /** `undefined`: there is no need of it any more. */
  write(): Numbered | undefined
}

/** What stands in the line: a channel that is to be opened, or an event. */
export interface LineEntry extends Late {
  /** It waits to be numbered. */
  inLine: boolean
  /** It takes one of the places that the callee has for calls. */
  hasPlace: boolean
  readonly countsAsCall: boolean
  /** Somebody waits for its outcome; nobody does for an event, so that nothing keeps back who sends many. */
  readonly isPaced: boolean
  /** Too large for one message, with what stands around it. */
  readonly isLarge: boolean
  readonly units: number
}

/** Whoever takes turns at sending: the items of one stream, or a frame that leaves in parts. */
export interface Sender {
  /** Whether the scheduler has it in its ring. */
  scheduled: boolean
  /** Units that it may still send in this turn. */
  deficit: number
  /** What it sends, where that is one frame. */
  readonly late?: Late
  /** The next frame, of about so many units; `undefined` while there is none that may be sent. */
  take(units: number): Numbered | undefined
}
