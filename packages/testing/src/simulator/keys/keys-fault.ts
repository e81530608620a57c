/** Which store keeps the outcomes of keyed calls, and how. */
export interface KeysScenario {
  /** Dies with its process, or is reached by all of them. */
  readonly store: "memory" | "shared"
  /** Milliseconds that a shared one takes, each way. */
  readonly latency: number
  /** Records that it keeps at most. */
  readonly entries: number
}

/** What can befall a key store and those who use it. */
export type KeysFault = {
  readonly at: number
} /** Its requests fail; `applied`: what they asked for was done all the same. */ & (
  | { readonly type: "storeDown"; readonly applied: boolean; readonly for: number }
  /** It takes so long. */
  | { readonly type: "storeSlow"; readonly by: number; readonly for: number }
  /** It loses all its records. */
  | { readonly type: "storeWipe" }
  /**
   * All machines but that of the store sleep for longer than records are kept: their monotonic clocks stand
   * still, and those on their walls do not.
   */
  | { readonly type: "sleep" }
  /** Its clients are sent to another server. The one before lives on, and stands still for so long. */
  | { readonly type: "moveOn"; readonly frozenFor: number; readonly notified: boolean }
)

export type KeysFaultType = KeysFault["type"]
