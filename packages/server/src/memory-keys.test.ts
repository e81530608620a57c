import { type KeyClaim, type KeyStore, memoryKeys } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"

const { signal } = new AbortController()

const claim = (key: string, over: Partial<KeyClaim> = {}): KeyClaim => ({
  key,
  fingerprint: "f",
  owner: `owner of ${key}`,
  leaseMs: 30_000,
  onCrash: "unknown",
  doubtful: false,
  ...over,
})

async function run(store: KeyStore, key: string, outcome = "1"): Promise<void> {
  expect(await store.claim(claim(key), signal)).toEqual({ state: "claimed" })
  await store.complete(key, `owner of ${key}`, outcome, signal)
}

const state = async (store: KeyStore, key: string, over?: Partial<KeyClaim>) =>
  (await store.claim(claim(key, { owner: "another", ...over }), signal)).state

describe("memoryKeys", () => {
  test("refuses what could not work", () => {
    expect(() => memoryKeys({ ttl: -1 })).toThrow("memoryKeys: ttl is no integer from 0: -1")
    expect(() => memoryKeys({ entries: 0 })).toThrow("entries is no integer from 1: 0")
    expect(() => memoryKeys({ bytes: 100 })).toThrow("bytes is no integer from 65536: 100")
  })

  test("begins an epoch with each store", () => {
    expect(memoryKeys().epoch).not.toBe(memoryKeys().epoch)
  })

  test("forgets the oldest outcome when it has too many, and knows that it did", async () => {
    const clock = new VirtualClock()
    const store = memoryKeys({ entries: 2, ttl: 60_000, host: clock })
    const { epoch } = store
    await run(store, "a")
    await clock.advance(10_000)
    await run(store, "b")
    expect(await state(store, "never", { epoch, doubtful: true })).toBe("claimed")
    expect(await state(store, "b")).toBe("done")
    // What nobody may rely upon any more is no loss.
    expect(await state(store, "a", { epoch, doubtful: true })).toBe("unknown")
    await clock.advance(49_999)
    expect(await state(store, "a", { epoch, doubtful: true })).toBe("unknown")
    await clock.advance(1)
    expect(await state(store, "a", { epoch, doubtful: true })).toBe("claimed")
  })

  test("takes a first attempt even when it has forgotten some", async () => {
    const store = memoryKeys({ entries: 1 })
    await run(store, "a")
    await run(store, "b")
    await run(store, "c")
    expect(await state(store, "c")).toBe("done")
    expect(await state(store, "d", { epoch: store.epoch })).toBe("claimed")
    await store.release("d", "another", signal)
    expect(await state(store, "d", { epoch: "another" })).toBe("unknown")
  })

  test("never forgets a call that is running, and takes no more than it can hold", async () => {
    const clock = new VirtualClock()
    const store = memoryKeys({ entries: 2, host: clock })
    await store.claim(claim("a"), signal)
    await store.claim(claim("b"), signal)
    await expect(store.claim(claim("c"), signal)).rejects.toThrow("full of running calls")
    expect(await state(store, "a")).toBe("running")
    await clock.advance(20_000)
    await store.renew("a", "owner of a", 30_000, signal)
    await clock.advance(20_000)
    // The lease of b has lapsed, that of a was renewed.
    expect(await state(store, "c")).toBe("claimed")
    expect(await state(store, "a")).toBe("running")
    expect(await state(store, "b", { epoch: store.epoch, doubtful: true })).toBe("unknown")
  })

  test("keeps to its bytes: a claim leaves room for the longest outcome", async () => {
    const store = memoryKeys({ bytes: 65_536 })
    const longest = "x".repeat(store.outcomeUnits)
    for (let n = 0; n < 100; n++) await run(store, `${n}`, longest)
    expect(await state(store, "99")).toBe("done")
    expect(await state(store, "0", { epoch: store.epoch, doubtful: true })).toBe("unknown")
    let kept = 0
    for (let n = 0; n < 99; n++) if ((await state(store, `${n}`)) === "done") kept++
    expect(kept * longest.length * 2).toBeLessThanOrEqual(65_536)
    await store.claim(claim("long"), signal)
    const tooLong = store.complete("long", "owner of long", `${longest}x`, signal)
    await expect(tooLong).rejects.toThrow("too long an outcome")
  })

  test("is refused by serve when it is none", async () => {
    const { implement, serve } = await import("@trunkline/server")
    const router = implement({}, {})
    for (const keys of [{}, "keys", { ...memoryKeys() }] as never[]) {
      expect(() => serve(router, { keys })).toThrow("serve: keys is no key store")
    }
    expect(() => serve(router, { keys: memoryKeys() })).not.toThrow()
  })
})
