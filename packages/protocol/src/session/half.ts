import type { SequencedFrame } from "../frame.js"

/**
 * One half of a session's channels: those that this side opened, or those that it serves. Every method
 * throws a Violation for what a correct peer would not send.
 */
export interface Half {
  /** Channels that wait for their terminal frame. */
  readonly size: number
  /** Those of them that whoever takes leave waits for: their callers could not begin them anew. */
  readonly binding: number
  /** When something of it is due by itself; Infinity for never. */
  readonly soonest: number
  /** Does what is due. */
  ring(): void
  /** A frame for one of its channels. `charge`: units of the message that each value accounts for. */
  apply(frame: SequencedFrame, charge: number): void
  /** Whether the parts of a frame for this id are worth keeping. */
  wantsParts(id: number): boolean
  /** There was no room for the parts of a frame. */
  refuseParts(id: number): void
  /** Units that its heaviest channel holds for a reader. */
  readonly heaviest: number
  /** Ends that channel. */
  relieve(): void
  /** There is room again: those that were denied credit get some. */
  regrant(): void
  /** A socket is there, and with it what the other side accepts. */
  attached(): void
  /** There is none any more. */
  detached(): void
  /** The session is over. */
  abandon(): void
}
