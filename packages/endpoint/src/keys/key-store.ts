import type { OnCrash } from "@trunkline/contract"

/** Who claims a key, and for what. */
export interface KeyClaim {
  /** 43 characters of `A-Za-z0-9_-`: a hash of principal, path, the client and the call's number there. */
  readonly key: string
  /** 43 characters likewise: a hash of the call's input. */
  readonly fingerprint: string
  /** Names this attempt to run the call, also where it has to ask more than once; no other has the same. */
  readonly owner: string
  /** Milliseconds for which the record is its owner's, until it is renewed. */
  readonly leaseMs: number
  /** What becomes of a record whose lease has run out. */
  readonly onCrash: OnCrash
  /**
   * The store's epoch when the call arrived; of one in doubt, when the session of its caller began. Left
   * out where it was not known.
   */
  readonly epoch?: string | undefined
  /** An earlier attempt of the same call may have been entered. */
  readonly doubtful: boolean
}

/** What became of a claim. */
export type Claimed =
  /** There was no record, or one whose lease had run out with `onCrash: "rerun"`: it is the claimant's. */
  | { readonly state: "claimed" }
  /** Another owner has it, and its lease holds. */
  | { readonly state: "running" }
  /** The call has been run, and this came of it. */
  | { readonly state: "done"; readonly outcome: string }
  /** The record has another fingerprint. */
  | { readonly state: "reused" }
  /**
   * Nobody can tell whether the call was run: its lease ran out with `onCrash: "unknown"`; or there is no
   * record, and either the epoch is not the one given, or the call is in doubt and a record may have been
   * forgotten.
   */
  | { readonly state: "unknown" }

/** What stands after a completion. */
export type Completed =
  /** This outcome: the one that was given, or that of the owner that came first. */
  | { readonly state: "done"; readonly outcome: string }
  /** Another owner has taken it over, and its lease holds. */
  | { readonly state: "running" }
  /** Another owner had taken it over, and its lease has run out. */
  | { readonly state: "unknown" }
  /** There is no such record any more. */
  | { readonly state: "gone" }

/**
 * Keeps what came of calls with `idempotency: "key"`, so that a caller who lost its session gets the
 * outcome and not a second run. All servers that may serve the same callers share one.
 *
 * A record belongs to a key and is either *running*, with its owner and its lease, or *done*, with its
 * outcome. Each method is one atomic step, also against other processes. Each may be called with what the
 * store has never heard of. One that rejects, or takes longer than five seconds, passes for unreachable:
 * before the handler is entered the call fails with `UNAVAILABLE`, and nothing was done; afterwards the
 * caller gets its outcome, and the record's lease runs out. `signal` fires when nobody waits for the answer
 * any more; it need not be heeded.
 *
 * The conformance kit of `@trunkline/testing/conformance` tells whether a store keeps to all this.
 */
export interface KeyStore {
  /**
   * Names the time since records were last lost, in at most 64 characters of `A-Za-z0-9._~-`: of a store
   * in memory the life of its process. Undefined while it is not known: calls in doubt end with
   * `OUTCOME_UNKNOWN` meanwhile.
   */
  readonly epoch: string | undefined
  /**
   * Milliseconds that a record lives at least, counted from its completion, or from when its lease runs out:
   * a server that waits for it is to see that it lapsed. Clients are told fifteen minutes less, so a store
   * with less than that is good for nothing after a lost session.
   */
  readonly ttlMs: number
  /** UTF-16 units of the longest outcome it takes. A longer one is kept as `RESULT_LOST`. */
  readonly outcomeUnits: number
  /** Makes a running record, unless there is one. Rejects where there is no room for it. */
  claim(claim: KeyClaim, signal: AbortSignal): Promise<Claimed>
  /** Extends the lease to so many milliseconds from now. `false`: the record is not this owner's. */
  renew(key: string, owner: string, leaseMs: number, signal: AbortSignal): Promise<boolean>
  /** Makes a running record done, if it is this owner's, also when its lease has run out. */
  complete(key: string, owner: string, outcome: string, signal: AbortSignal): Promise<Completed>
  /** Forgets a running record, if it is this owner's: its handler was never entered. */
  release(key: string, owner: string, signal: AbortSignal): Promise<void>
  /**
   * Resolves when the record may have changed; too early does no harm, and never neither, since a claim
   * that waits for another is repeated every second.
   */
  readonly changed?: ((key: string, signal: AbortSignal) => Promise<void>) | undefined
}
