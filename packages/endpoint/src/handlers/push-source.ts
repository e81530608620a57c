import type { Codec, Encoded, Failure } from "@trunkline/protocol"
import type { Host } from "@trunkline/transport"

/** Where a source that cannot be paused puts its values: one stream of one session. */
export interface Sink {
  /** The codec that values have to be written in. */
  readonly codec: Codec
  /** Whose stream it is: what several of one session are given leaves together. */
  readonly session: object
  /** Clock and turns of its session. */
  readonly host: Host
  push(value: Encoded, key: unknown): void
  /** For a source that pushes at the end of a turn (`atTurnEnd`): what `work` pushes leaves at once. */
  turn<A>(work: (argument: A) => void, argument: A): void
  end(): void
  fail(failure: Failure): void
}

/**
 * What a subscription's handler returns when its values come by themselves, validated and encoded
 * already, for many streams at once: a topic.
 */
export class PushSource {
  /** Begins to push; the result stops it. */
  readonly attach: (sink: Sink) => () => void

  constructor(attach: (sink: Sink) => () => void) {
    this.attach = attach
  }
}
