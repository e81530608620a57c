import { type Claimed, type KeyStore, memoryKeys } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { type KeyStoreEngine, keyStoreCases } from "@trunkline/testing/conformance"
import { describe, expect, test } from "vitest"

/** The memory of one process, on a clock that the kit turns. */
function engineOf(spoil: (store: KeyStore) => Partial<KeyStore> = () => ({})): KeyStoreEngine {
  const clock = new VirtualClock()
  const make = () => memoryKeys({ host: clock })
  let store = make()
  return {
    connect: () => but(store, spoil(store)),
    pass: (milliseconds) => clock.advance(milliseconds),
    lose: () => {
      store = make()
    },
  }
}

/** The same store, but for what is said here. */
function but(store: KeyStore, over: Partial<KeyStore>): KeyStore {
  return new Proxy(store, {
    get: (_, name) => {
      const member: unknown = Reflect.get(name in over ? over : store, name)
      return typeof member === "function" ? member.bind(store) : member
    },
  })
}

describe("memoryKeys", () => {
  test.each(keyStoreCases)("$name", async ({ run }) => {
    expect(await run(() => engineOf())).toMatchObject({ outcome: "passed" })
  })
})

/** Mistakes that a store is a line away from making. */
const broken: Record<string, (store: KeyStore) => Partial<KeyStore>> = {
  "claims in two steps": (store) => ({
    async claim(claim, signal) {
      const { state } = await store.claim({ ...claim, owner: "peek" }, signal)
      if (state !== "claimed") return store.claim(claim, signal)
      await store.release(claim.key, "peek", signal)
      await Promise.resolve()
      const claimed = await store.claim(claim, signal)
      return claimed.state === "running" ? { state: "claimed" } : claimed
    },
  }),
  "completes without asking whose it is": (store) => ({
    async complete(key, owner, outcome, signal) {
      const owners = ["ada", "bob", "owner 0", owner]
      for (const known of owners) {
        const completed = await store.complete(key, known, outcome, signal)
        if (completed.state === "done") return completed
      }
      return store.complete(key, owner, outcome, signal)
    },
  }),
  "says that the outcome it was given stands": (store) => ({
    async complete(key, owner, outcome, signal) {
      const completed = await store.complete(key, owner, outcome, signal)
      return completed.state === "done" ? { state: "done", outcome } : completed
    },
  }),
  "ignores the fingerprint": (store) => ({
    claim: (claim, signal) => store.claim({ ...claim, fingerprint: "" }, signal),
  }),
  "ignores the epoch of a call in doubt": (store) => ({
    claim: ({ epoch, ...claim }, signal) =>
      store.claim(claim.doubtful ? claim : { ...claim, epoch }, signal),
  }),
  "ignores the epoch of a first attempt": (store) => ({
    claim: ({ epoch, ...claim }, signal) =>
      store.claim(claim.doubtful ? { ...claim, epoch } : claim, signal),
  }),
  "runs again what has lapsed, whatever the contract says": (store) => ({
    claim: (claim, signal) => store.claim({ ...claim, onCrash: "rerun" }, signal),
  }),
  "never lets a lease run out": (store) => ({
    claim: (claim, signal) => store.claim({ ...claim, leaseMs: 1e9 }, signal),
  }),
  "renews for anybody": () => ({ renew: async () => true }),
  "renews for nobody": () => ({ renew: async () => false }),
  "does not let go": () => ({ release: async () => {} }),
  "tells no change": () => ({ changed: () => new Promise(() => {}) }),
  "has another epoch for each server": () => ({ epoch: memoryKeys().epoch }),
  "cuts long outcomes": (store) => ({
    complete: (key, owner, outcome, signal) =>
      store.complete(key, owner, outcome.slice(0, 1_000), signal),
  }),
  "forgets what is done": (store) => ({
    async claim(claim, signal): Promise<Claimed> {
      const claimed = await store.claim(claim, signal)
      return claimed.state === "done" ? { state: "claimed" } : claimed
    },
  }),
  "never answers": () => ({ release: () => new Promise(() => {}) }),
  fails: () => ({
    claim: async () => {
      throw new Error("down")
    },
  }),
}

describe("a store that", () => {
  test.concurrent.each(Object.entries(broken))("%s is found out", async (_, spoil) => {
    const reports = await Promise.all(keyStoreCases.map(({ run }) => run(() => engineOf(spoil))))
    expect(reports.filter(({ outcome }) => outcome === "failed").length).toBeGreaterThan(0)
  })
})

test("a case whose engine cannot do what it needs is left out", async () => {
  const reports = await Promise.all(
    keyStoreCases.map(({ run }) =>
      run(() => {
        const { connect, pass } = engineOf((store) => ({ changed: undefined, epoch: store.epoch }))
        return { connect, pass }
      }),
    ),
  )
  const left = reports.filter(({ outcome }) => outcome === "left out")
  expect(left.map(({ error }) => error?.message)).toEqual(["needs `lose`", "needs `changed`"])
  expect(reports.filter(({ outcome }) => outcome === "failed")).toEqual([])
})
