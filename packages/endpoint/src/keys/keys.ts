import type { KeyTerms } from "@trunkline/protocol"
import * as durations from "@trunkline/protocol/durations"
import * as limits from "@trunkline/protocol/limits"
import type { Host } from "@trunkline/transport"
import type { Log } from "../log.js"
import { within } from "../within.js"
import type { Claimed, Completed, KeyClaim, KeyStore } from "./key-store.js"

/** Milliseconds between two looks at a record that another attempt is running. */
const lookAgain = 1_000

/**
 * Milliseconds that a claim in doubt may take here. Clients count on `keyMargin` less than records live, of
 * which an OPEN may need the longest grace on its way.
 */
const longestHeldUp = 240_000

/**
 * Milliseconds after which a first attempt may not be the only one any more. No less: a store that is full
 * refuses whoever is in doubt, and slow middleware alone is no reason for that.
 */
const longestAlone = durations.keyStore

/** A moment on the clock that never goes back, and on the one on the wall. */
export interface Instant {
  readonly now: number
  readonly wall: number
}

/** When a call arrived, and in which epoch of the store. */
export interface Arrival extends Instant {
  readonly epoch: string | undefined
}

/** A call that is to be entered by its key. */
export interface Attempt {
  readonly claim: Omit<KeyClaim, "epoch">
  readonly arrival: Arrival
  /** Of the store, when the session began. */
  readonly sessionEpoch: string | undefined
}

/** What becomes of a claim once the waiting is over. */
export type Verdict = Exclude<Claimed, { readonly state: "running" }>

/**
 * A server's dealings with its key store (docs/protocol.md, "Idempotency keys"): how long it waits for
 * it, how often it renews, and how many calls may run on when their sessions are over.
 */
export class Keys {
  readonly host: Host
  readonly store: KeyStore
  readonly #log: Log
  #orphans = 0

  constructor(store: KeyStore, host: Host, log: Log) {
    this.store = store
    this.host = host
    this.#log = log
  }

  /** What clients are told; undefined while nothing can be relied upon. */
  get terms(): KeyTerms | undefined {
    try {
      const { epoch, ttlMs } = this.store
      if (!isToken(epoch)) return undefined
      const left = Math.floor(ttlMs) - durations.keyMargin
      // A record may be kept for ever; a client is told a number.
      return { epoch, ttlMs: left > 0 ? Math.min(left, Number.MAX_SAFE_INTEGER) : 0 }
    } catch (error) {
      this.report(error)
      return undefined
    }
  }

  get arrival(): Arrival {
    return { ...this.instant, epoch: this.terms?.epoch }
  }

  /** Now, on both clocks: one of them stands still while a machine sleeps. */
  get instant(): Instant {
    return { now: this.host.now(), wall: this.host.wall() }
  }

  /**
   * Claims a key, after whoever else has it; rejects when the store cannot be reached. One that was held
   * up, since its arrival or since its record was last seen, is given up: the process, or its machine,
   * stood still. A first attempt is asked for again then, as one in doubt: its caller may have come back
   * elsewhere meanwhile, and a store that is full have forgotten that. One in doubt is not, when its
   * record may have had its time.
   */
  async claim(attempt: Attempt, signal: AbortSignal): Promise<Verdict> {
    const { arrival, sessionEpoch } = attempt
    const { key, owner } = attempt.claim
    let { doubtful } = attempt.claim
    let seen: Instant = arrival
    const late = (claimed: Claimed | undefined): void => {
      if (claimed?.state === "claimed") this.release(key, owner)
    }
    for (let hint = true; ; ) {
      const epoch = doubtful ? sessionEpoch : arrival.epoch
      const claim = { ...attempt.claim, epoch, doubtful }
      const claimed = await this.#ask((signal) => this.store.claim(claim, signal), signal, late)
      if (claimed.state === "claimed") {
        if (this.#since(seen) < (doubtful ? longestHeldUp : longestAlone)) return claimed
        await this.#ask((signal) => this.store.release(key, owner, signal))
        if (doubtful) return { state: "unknown" }
        seen = this.instant
      } else if (claimed.state === "running") {
        seen = this.instant
        hint = await this.changed(key, hint, signal)
      } else return this.#believed(claimed)
      doubtful = true
    }
  }

  complete(key: string, owner: string, outcome: string): Promise<Completed> {
    return this.#ask((signal) => this.store.complete(key, owner, outcome, signal))
  }

  /** Gives up a claim whose handler was not entered. */
  release(key: string, owner: string): void {
    this.#ask((signal) => this.store.release(key, owner, signal)).catch((error) =>
      this.report(error),
    )
  }

  /** Keeps a record from lapsing, until the result is called. */
  renewing(key: string, owner: string): () => void {
    const { host, store } = this
    const renew = (signal: AbortSignal) => store.renew(key, owner, durations.lease, signal)
    let cancel = (): void => {}
    let over = false
    const wait = (): void => {
      cancel = host.wakeAt(host.now() + durations.leaseRenewal, ring, true)
    }
    const ring = (): void => {
      this.#ask(renew)
        .catch((error) => this.report(error))
        .then(() => over || wait())
    }
    wait()
    return () => {
      over = true
      cancel()
    }
  }

  /**
   * Waits until a record may have changed. Rejects with the signal's reason alone.
   *
   * @param hint the store may say when
   * @returns whether it may the next time: not right after it did, or failed to, or one that is wrong would
   *   be asked without a pause
   */
  async changed(key: string, hint: boolean, signal: AbortSignal): Promise<boolean> {
    const { host, store } = this
    const hear = async (signal: AbortSignal): Promise<void> =>
      hint && store.changed ? store.changed(key, signal) : new Promise(() => {})
    try {
      await within({ host, milliseconds: lookAgain, expired: () => unchanged, signal }, hear)
      return false
    } catch (error) {
      signal.throwIfAborted()
      if (error === unchanged) return true
      this.report(error)
      return false
    }
  }

  /** A call's session is over and its handler is not to know. `undefined`: so many are that it has to. */
  adopt(): (() => void) | undefined {
    if (this.#orphans >= limits.orphanedCalls) return undefined
    this.#orphans++
    let left = false
    return () => {
      if (!left) this.#orphans--
      left = true
    }
  }

  report(error: unknown): void {
    this.#log({ level: "error", message: "the key store failed", error })
  }

  /** A store that says what no store says leaves everything open. */
  #believed(verdict: Verdict): Verdict {
    const { state } = verdict
    if (state === "done" || state === "reused" || state === "unknown") return verdict
    this.report(new TypeError(`the key store answered a claim with ${String(state)}`))
    return { state: "unknown" }
  }

  #since({ now, wall }: Instant): number {
    const { instant } = this
    return Math.max(instant.now - now, instant.wall - wall)
  }

  #ask<T>(
    run: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
    late?: (value: T) => void,
  ): Promise<T> {
    const { host } = this
    return within({ host, milliseconds: durations.keyStore, expired, signal, late }, run)
  }
}

/** What waiting for a change comes to where there was none. */
const unchanged = new Error("the record did not change")

function expired(): Error {
  return new Error("the key store does not answer")
}

/** What a client takes for an epoch. */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\w.~-]{1,64}$/.test(value)
}
