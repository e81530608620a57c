import type { Why } from "@trunkline/protocol"
import * as durations from "@trunkline/protocol/durations"

/** What is remembered of a session that ended: enough to tell its client what had arrived. */
export interface Tombstone {
  readonly sid: string
  readonly secretHash: string
  readonly principal: string
  /** The highest number that it had applied: final, since nothing is applied after the end. */
  readonly rx: number
  readonly why: Why
}

/** Ended sessions, for a while. Reading one does not consume it: the answer that carries it can be lost. */
export class Tombstones {
  /** How many are remembered; the oldest goes first. */
  readonly #most: number
  readonly #stones = new Map<string, { readonly stone: Tombstone; readonly until: number }>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#stones.size
  }

  add(stone: Tombstone, now: number): void {
    this.#stones.set(stone.sid, { stone, until: now + durations.tombstone })
    this.#prune(now)
  }

  find(sid: string, now: number): Tombstone | undefined {
    this.#prune(now)
    return this.#stones.get(sid)?.stone
  }

  /** All live equally long, so the oldest stand first. */
  #prune(now: number): void {
    for (const [sid, { until }] of this.#stones) {
      if (until > now && this.#stones.size <= this.#most) return
      this.#stones.delete(sid)
    }
  }
}
