import type { Codec, Encoded } from "@trunkline/protocol"

/** A value at its place in a replayable log. */
export interface ReplayEntry {
  /** Names the place; opaque, and compared only for equality. */
  readonly cursor: string
  /** By what the contract's `conflate` knows it; undefined elsewhere. */
  readonly key: unknown
  /** Written once for each codec, however many streams send it. Throws Unencodable. */
  encode(codec: Codec): Encoded
}

/** What a reader comes upon next in its log. */
export type ReplayStep =
  /** The entries that follow, without a hole between them or before them. */
  | { readonly type: "entries"; readonly entries: readonly ReplayEntry[] }
  /** Continuity cannot be proven: what stood before `cursor` may be lost, and it goes on after it. */
  | { readonly type: "gap"; readonly cursor: string }
  /** The log cannot be reached; over with the next step of another type. */
  | { readonly type: "stalled" }

/** One stream's place in a log. */
export interface ReplayReader {
  /** Where the reader stood when it was opened: `from`, or the tip. */
  readonly start: string
  /** The last place that is known to lie behind this reader: it moves past what others were sent too. */
  readonly position: string
  /**
   * Up to so many entries, fewer where they are large, or what stands between; undefined: nothing now, and
   * `wake` is called later. It is called as well when `position` has moved far past the last entry that
   * was read: 1,000 entries, or half a minute.
   */
  read(most: number): ReplayStep | undefined
  close(): void
}

/** What is known of a topic as a whole: a reader of it may begin after `cursor`. */
export interface ReplaySnapshot {
  readonly state: unknown
  readonly cursor: string
}

/**
 * What a subscription's handler returns when its values stand in a replayable log: a topic. The stream
 * reads at its reader's pace, and the log never waits for it.
 */
export class ReplaySource<Item = unknown, State = unknown> {
  readonly "~replays"?: { readonly item: Item; readonly state: State }
  /**
   * Begins after the cursor `from`, or at the tip. When `from` cannot be continued, because it is no
   * longer there, of another epoch, or was never given out, the first step is a `gap`.
   */
  readonly open: (from: string | undefined, wake: () => void) => Promise<ReplayReader>
  /** The whole state of the topic with its cursor, read together; undefined where there is none. */
  readonly snapshot: (() => Promise<ReplaySnapshot>) | undefined

  constructor(
    open: (from: string | undefined, wake: () => void) => Promise<ReplayReader>,
    snapshot?: () => Promise<ReplaySnapshot>,
  ) {
    this.open = open
    this.snapshot = snapshot
  }
}
