import type { Claimed, KeyClaim, KeyStore } from "@trunkline/server"
import { type CaseReport, demandEqual, Missing, reportOf, soon } from "./finding.js"

type Awaitable<T> = T | Promise<T>

/** What a key store stands on, as its tests can get hold of it: each case gets one of its own. */
export interface KeyStoreEngine {
  /**
   * Another server's store over the same records. Give it a `ttlMs` of some seconds, unless `pass` can let
   * a day go by.
   */
  readonly connect: () => Awaitable<KeyStore>
  /** Lets so many milliseconds pass for the store: on a clock of the test, or by waiting. */
  readonly pass: (milliseconds: number) => Awaitable<void>
  /**
   * Loses all records, as a restart without a disk does, so that stores connected afterwards find none.
   * Left out, the cases that need it are reported as left out.
   */
  readonly lose?: () => Awaitable<void>
  /** Lets go of it all. */
  readonly close?: () => Awaitable<void>
}

/** One thing that every key store has to do right. */
export interface KeyStoreCase {
  readonly name: string
  /** Runs it on an engine that nothing else uses. Does not reject. */
  run(make: () => Awaitable<KeyStoreEngine>): Promise<CaseReport>
}

/** Milliseconds of the leases that the kit takes: short enough to wait for, long enough to hold. */
export const lease = 2_000

/** A key as a server makes them. */
export function keyOf(letter: string): string {
  return `${letter.repeat(21)}-_${letter.repeat(20)}`
}

/** What a case works with: two servers that share a store. */
export class KeyBench {
  readonly engine: KeyStoreEngine
  readonly one: KeyStore
  readonly other: KeyStore
  readonly #controller = new AbortController()

  private constructor(engine: KeyStoreEngine, one: KeyStore, other: KeyStore) {
    this.engine = engine
    this.one = one
    this.other = other
  }

  static async of(engine: KeyStoreEngine): Promise<KeyBench> {
    return new KeyBench(engine, await engine.connect(), await engine.connect())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  claim(
    store: KeyStore,
    letter: string,
    owner: string,
    over?: Partial<KeyClaim>,
  ): Promise<Claimed> {
    const claim: KeyClaim = {
      key: keyOf(letter),
      fingerprint: keyOf("f"),
      owner,
      leaseMs: lease,
      onCrash: "unknown",
      doubtful: false,
      ...over,
    }
    return soon(store.claim(claim, this.signal), "the answer to a claim")
  }

  /** Claims, and demands this to become of it. */
  async claims(
    wanted: Claimed["state"],
    letter: string,
    owner: string,
    over?: Partial<KeyClaim>,
  ): Promise<void> {
    for (const store of wanted === "claimed" ? [this.one] : [this.one, this.other]) {
      const { state } = await this.claim(store, letter, owner, over)
      demandEqual(state, wanted, `what became of ${owner}'s claim`)
    }
  }

  /** Demands this outcome of whoever claims now. */
  async told(letter: string, outcome: string): Promise<void> {
    for (const store of [this.one, this.other]) {
      for (const onCrash of ["unknown", "rerun"] as const) {
        const claimed = await this.claim(store, letter, "curious", { onCrash })
        demandEqual(claimed, { state: "done", outcome }, "what a later claim is told")
      }
    }
  }

  async completes(
    wanted: object,
    letter: string,
    owner: string,
    outcome: string,
    store: KeyStore = this.one,
  ): Promise<void> {
    const completed = store.complete(keyOf(letter), owner, outcome, this.signal)
    demandEqual(await soon(completed, "the answer to a completion"), wanted, "what stands")
  }

  async renews(wanted: boolean, letter: string, owner: string): Promise<void> {
    const renewed = this.other.renew(keyOf(letter), owner, lease, this.signal)
    demandEqual(await soon(renewed, "the answer to a renewal"), wanted, `${owner}'s renewal`)
  }

  async releases(letter: string, owner: string): Promise<void> {
    await soon(this.one.release(keyOf(letter), owner, this.signal), "the answer to a release")
  }

  async pass(milliseconds: number): Promise<void> {
    await this.engine.pass(milliseconds)
  }

  /** A lease is over. */
  lapse(): Promise<void> {
    return this.pass(lease + 200)
  }

  /** Loses all records, and connects anew. */
  async lose(): Promise<KeyBench> {
    if (!this.engine.lose) throw new Missing("lose")
    await this.engine.lose()
    return KeyBench.of(this.engine)
  }

  close(): void {
    this.#controller.abort()
  }
}

export function keyStoreCase(
  name: string,
  check: (bench: KeyBench) => Promise<void>,
): KeyStoreCase {
  return {
    name,
    async run(make) {
      const engine = await make()
      const bench = await KeyBench.of(engine)
      return reportOf(
        name,
        () => check(bench),
        async () => {
          bench.close()
          await engine.close?.()
        },
      )
    },
  }
}
