import type { Claimed, Completed, KeyClaim, KeyStore } from "@trunkline/endpoint"
import { type Host, systemHost } from "@trunkline/transport"
import { customRandom, urlAlphabet } from "nanoid"

/** How `memoryKeys` differs from its defaults. */
export interface MemoryKeysOptions {
  /**
   * Milliseconds that a record is kept.
   * @default 86_400_000
   */
  readonly ttl?: number | undefined
  /**
   * Records, those of calls that are running included.
   * @default 100_000
   */
  readonly entries?: number | undefined
  /**
   * What they take together, in bytes; an outcome takes two for each UTF-16 unit of its JSON. One may
   * take a 32nd of it, and is kept as `RESULT_LOST` if it is longer.
   * @default 67_108_864
   */
  readonly bytes?: number | undefined
  /**
   * Clock and randomness; tests pass their own.
   * @default the runtime's
   */
  readonly host?: Host | undefined
}

/* What holds where the options say nothing. */

export const defaultKeys = { ttl: 86_400_000, entries: 100_000, bytes: 67_108_864 } as const

/** What a record takes beside its outcome, in bytes, about. */
const recordBytes = 400
/** With less there would be no room for any outcome. */
const leastBytes = 65_536
const epochLength = 21

/**
 * A key store in the memory of this process, for calls with `idempotency: "key"`. It outlives sessions,
 * and not its process: after a restart a call in doubt ends with `OUTCOME_UNKNOWN`. Servers of one process
 * may share one.
 *
 * When it is full the oldest outcomes make room, and from then on, for as long as those would have been
 * kept, a call in doubt of which nothing is known ends with `OUTCOME_UNKNOWN` instead of being run. Calls
 * that are running never make room: with nothing else to forget a new one fails with `UNAVAILABLE`.
 *
 * @example
 * ```ts
 * const server = serve(router, { keys: memoryKeys({ ttl: 3_600_000 }) })
 * ```
 *
 * @throws TypeError for an option that could not work
 */
export function memoryKeys(options: MemoryKeysOptions = {}): KeyStore {
  return new MemoryKeys(options)
}

/** A call is being run. */
interface Running {
  readonly fingerprint: string
  readonly owner: string
  readonly leasedUntil: number
  /** Somebody may rely on the record until then. */
  readonly until: number
}

interface Done {
  readonly fingerprint: string
  readonly outcome: string
  readonly until: number
}

const claimed: Claimed = { state: "claimed" }
const stillRunning = { state: "running" } as const
const unknown = { state: "unknown" } as const

/**
 * Must hold (G5): of both tables the bounds, since a claim leaves room for the longest outcome. What is
 * forgotten before its time is remembered as a time, so that nothing is forgotten without a word.
 */
class MemoryKeys implements KeyStore {
  readonly epoch: string
  readonly ttlMs: number
  readonly outcomeUnits: number
  readonly #host: Host
  readonly #entries: number
  readonly #bytes: number
  /** In the order in which they were leased: all leases are equally long. */
  readonly #running = new Map<string, Running>()
  /** In the order in which they were done. */
  readonly #done = new Map<string, Done>()
  readonly #waiting = new Map<string, Set<() => void>>()
  #used = 0
  /** A record on which somebody relies until then has been forgotten. */
  #forgetfulUntil = Number.NEGATIVE_INFINITY

  constructor(options: MemoryKeysOptions) {
    const { host = systemHost, ttl, entries, bytes } = options
    this.#host = host
    this.ttlMs = checked("ttl", ttl ?? defaultKeys.ttl, 0)
    this.#entries = checked("entries", entries ?? defaultKeys.entries, 1)
    this.#bytes = checked("bytes", bytes ?? defaultKeys.bytes, leastBytes)
    this.outcomeUnits = Math.floor(this.#bytes / 64)
    this.epoch = customRandom(urlAlphabet, epochLength, (length) => host.random(length))()
  }

  async claim(claim: KeyClaim): Promise<Claimed> {
    this.#expire()
    const { key, fingerprint } = claim
    const done = this.#done.get(key)
    const running = this.#running.get(key)
    const known = done ?? running
    if (known && known.fingerprint !== fingerprint) return { state: "reused" }
    if (done) return { state: "done", outcome: done.outcome }
    if (running) return this.#takeOver(claim, running)
    if (!this.#remembers(claim)) return unknown
    this.#makeRoom()
    this.#used += recordBytes
    this.#lease(claim)
    return claimed
  }

  async renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    const running = this.#owned(key, owner)
    if (running) this.#lease({ ...running, key, leaseMs })
    return running !== undefined
  }

  async complete(key: string, owner: string, outcome: string): Promise<Completed> {
    const done = this.#done.get(key)
    if (done) return { state: "done", outcome: done.outcome }
    const running = this.#running.get(key)
    if (!running) return { state: "gone" }
    if (running.owner !== owner) return this.#isLapsed(running) ? unknown : stillRunning
    if (outcome.length > this.outcomeUnits) throw new TypeError("too long an outcome")
    this.#forget(key)
    const bytes = bytesOf(outcome)
    while (this.#used + bytes > this.#bytes) this.#forgetOldest()
    this.#used += bytes
    const { fingerprint } = running
    this.#done.set(key, { fingerprint, outcome, until: this.#now + this.ttlMs })
    this.#tell(key)
    return { state: "done", outcome }
  }

  async release(key: string, owner: string): Promise<void> {
    if (!this.#owned(key, owner)) return
    this.#forget(key)
    this.#tell(key)
  }

  changed(key: string, signal: AbortSignal): Promise<void> {
    if (!this.#running.has(key)) return Promise.resolve()
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set()
      this.#waiting.set(key, waiting.add(resolve))
      signal.addEventListener("abort", () => {
        waiting.delete(resolve)
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
      })
    })
  }

  get #now(): number {
    return this.#host.now()
  }

  #takeOver(claim: KeyClaim, running: Running): Claimed {
    if (!this.#isLapsed(running)) return stillRunning
    if (claim.onCrash === "unknown") return unknown
    this.#lease(claim)
    return claimed
  }

  /** A record outlives its lease by a whole life: whoever waits for it is to see that it lapsed. */
  #lease(lease: Pick<KeyClaim, "key" | "owner" | "leaseMs" | "fingerprint">): void {
    const { key, owner, leaseMs, fingerprint } = lease
    const leasedUntil = this.#now + leaseMs
    this.#running.delete(key)
    this.#running.set(key, { fingerprint, owner, leasedUntil, until: leasedUntil + this.ttlMs })
  }

  #owned(key: string, owner: string): Running | undefined {
    const running = this.#running.get(key)
    return running?.owner === owner ? running : undefined
  }

  #isLapsed({ leasedUntil }: Running): boolean {
    return leasedUntil <= this.#now
  }

  /** Whether a key of which nothing is known was never claimed before. */
  #remembers({ epoch = this.epoch, doubtful }: KeyClaim): boolean {
    if (doubtful && this.#now < this.#forgetfulUntil) return false
    return epoch === this.epoch
  }

  /** For another record, and for what may be the outcome of any. */
  #makeRoom(): void {
    const most = this.#bytes - 2 * this.outcomeUnits - recordBytes
    while (this.#used > most || this.#done.size + this.#running.size >= this.#entries) {
      if (!this.#forgetOldest()) throw new TypeError("the key store is full of running calls")
    }
  }

  /** `false`: every call is running. */
  #forgetOldest(): boolean {
    const [oldest] = this.#done
    const [stalest] = this.#running
    const lapsed = stalest && this.#isLapsed(stalest[1]) ? stalest : undefined
    const [key, record] = oldest ?? lapsed ?? []
    if (key === undefined || !record) return false
    this.#forgetfulUntil = Math.max(this.#forgetfulUntil, record.until)
    this.#forget(key)
    return true
  }

  /** Nobody relies any more on what has had its time. */
  #expire(): void {
    for (const [key, { until }] of this.#done) {
      if (until > this.#now) break
      this.#forget(key)
    }
    for (const [key, { until }] of this.#running) {
      if (until > this.#now) break
      this.#forget(key)
    }
  }

  #forget(key: string): void {
    const done = this.#done.get(key)
    if (done || this.#running.has(key)) this.#used -= done ? bytesOf(done.outcome) : recordBytes
    this.#done.delete(key)
    this.#running.delete(key)
  }

  #tell(key: string): void {
    for (const resolve of this.#waiting.get(key) ?? []) resolve()
    this.#waiting.delete(key)
  }
}

function bytesOf(outcome: string): number {
  return recordBytes + 2 * outcome.length
}

function checked(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TypeError(`memoryKeys: ${name} is no integer from ${least}: ${String(value)}`)
}
