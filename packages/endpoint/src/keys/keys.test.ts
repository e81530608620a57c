import { type KeyClaim, type KeyStore, memoryKeys } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { beforeEach, describe, expect, test, vi } from "vitest"
import { type Attempt, Keys, type Verdict } from "./keys.js"

/** A machine that can stand still: no timer rings meanwhile, and the clock on the wall tells. */
class Machine extends VirtualClock {
  stoodStill = 0

  override wall(): number {
    return super.wall() + this.stoodStill
  }
}

const { signal } = new AbortController()
let machine: Machine
/** With room for one record: the next one has it forgotten. */
let store: KeyStore
let keys: Keys
/** Claims that the store was asked for, and in between what happens on the way there. */
let asked: KeyClaim[]
let onTheWay: (() => Promise<void>)[]

beforeEach(() => {
  machine = new Machine()
  store = memoryKeys({ host: machine, entries: 1 })
  asked = []
  onTheWay = []
  const distant: KeyStore = {
    get epoch() {
      return store.epoch
    },
    ttlMs: store.ttlMs,
    outcomeUnits: store.outcomeUnits,
    claim: async (claim) => {
      asked.push(claim)
      await onTheWay.shift()?.()
      return store.claim(claim, signal)
    },
    renew: (...lease) => store.renew(...lease),
    complete: (...outcome) => store.complete(...outcome),
    release: (...owner) => store.release(...owner),
  }
  keys = new Keys(distant, machine, () => {})
})

function claimOf(key: string, owner: string): Attempt["claim"] {
  return { key, owner, fingerprint: "f", onCrash: "unknown", leaseMs: 30_000, doubtful: false }
}

/** As one that has just arrived. */
function claim(doubtful = false): Promise<Verdict> {
  const claim = { ...claimOf("ours", "here"), doubtful }
  return keys.claim({ claim, arrival: keys.arrival, sessionEpoch: store.epoch }, signal)
}

async function runElsewhere(key: string): Promise<void> {
  await store.claim(claimOf(key, "elsewhere"), signal)
  await store.complete(key, "elsewhere", "1", signal)
}

async function standStill(milliseconds: number): Promise<void> {
  machine.stoodStill += milliseconds
}

describe("a first attempt that was held up", () => {
  test("is unknown where a store that is full may have forgotten another one", async () => {
    onTheWay.push(async () => {
      await runElsewhere("ours")
      await runElsewhere("another")
      await standStill(5_000)
    })
    expect(await claim()).toEqual({ state: "unknown" })
    const { epoch } = store
    expect(asked).toMatchObject([
      { epoch, doubtful: false },
      { epoch, doubtful: true },
    ])
    await runElsewhere("ours")
    expect(await claim(true)).toMatchObject({ state: "done" })
  })

  test("is entered where nothing was forgotten", async () => {
    onTheWay.push(() => standStill(60_000))
    expect(await claim()).toEqual({ state: "claimed" })
    expect(asked).toHaveLength(2)
  })

  test("is given what the other one came to", async () => {
    onTheWay.push(
      () => standStill(60_000),
      () => runElsewhere("ours"),
    )
    expect(await claim()).toEqual({ state: "done", outcome: "1" })
  })

  test("for less than five seconds is still the only one", async () => {
    await runElsewhere("another")
    onTheWay.push(() => standStill(4_999))
    expect(await claim()).toEqual({ state: "claimed" })
    expect(asked).toHaveLength(1)
  })

  test("fails when its record cannot be given up, and does not ask again", async () => {
    onTheWay.push(() => standStill(60_000))
    store.release = () => Promise.reject(new Error("down"))
    await expect(claim()).rejects.toThrow("down")
    expect(asked).toHaveLength(1)
  })
})

test("a first attempt is unknown where the store has lost its records since it arrived", async () => {
  onTheWay.push(async () => {
    await runElsewhere("ours")
    store = memoryKeys({ host: machine })
  })
  expect(await claim()).toEqual({ state: "unknown" })
  expect(await claim()).toEqual({ state: "claimed" })
})

test("a first attempt that met another one is in doubt from then on", async () => {
  await store.claim(claimOf("ours", "elsewhere"), signal)
  const verdict = claim()
  await machine.advance(500)
  await store.complete("ours", "elsewhere", "1", signal)
  await runElsewhere("another")
  await machine.advance(500)
  expect(await verdict).toEqual({ state: "unknown" })
})

test("one in doubt that was held up for longer than its record is sure to live is given up", async () => {
  onTheWay.push(() => standStill(239_999))
  expect(await claim(true)).toEqual({ state: "claimed" })
  await store.release("ours", "here", signal)
  onTheWay.push(() => standStill(240_000))
  expect(await claim(true)).toEqual({ state: "unknown" })
  await runElsewhere("ours")
  expect(await claim(true)).toEqual({ state: "done", outcome: "1" })
})

describe("a store that cannot say when a record changes", () => {
  async function asksInTenSeconds(changed: KeyStore["changed"]): Promise<number> {
    await store.claim(claimOf("ours", "elsewhere"), signal)
    let asks = 0
    const silent = new Proxy(store, {
      get: (_, name) => {
        if (name === "changed") return changed
        if (name === "claim") asks++
        const member: unknown = Reflect.get(store, name)
        return typeof member === "function" ? member.bind(store) : member
      },
    })
    const { signal: callers, abort } = gone()
    const waiting = new Keys(silent, machine, () => {})
    const attempt = { claim: claimOf("ours", "here"), arrival: waiting.arrival, sessionEpoch: "" }
    const verdict = waiting.claim(attempt, callers)
    await machine.advance(10_000)
    abort()
    await expect(verdict).rejects.toThrow("the caller has gone")
    return asks
  }

  test.each<[string, KeyStore["changed"]]>([
    ["says so at once", () => Promise.resolve()],
    ["rejects", () => Promise.reject(new Error("down"))],
    [
      "throws",
      () => {
        throw new Error("down")
      },
    ],
  ])("and %s is asked twice a second at most", async (_, changed) => {
    const asks = await asksInTenSeconds(changed)
    expect(asks).toBeGreaterThan(5)
    expect(asks).toBeLessThanOrEqual(22)
  })
})

function gone(): { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    abort: () => controller.abort(new Error("the caller has gone")),
  }
}

test("what a store answers too late does no harm, whatever it is", async () => {
  onTheWay.push(() => machine.advance(6_000))
  store.claim = async () => undefined as never
  await expect(claim()).rejects.toThrow("the key store does not answer")
})

test("an answer that there is not leaves everything open, and is told", async () => {
  const log = vi.fn()
  store.claim = async () => ({ state: "perhaps" }) as never
  const told = new Keys(store, machine, log)
  const attempt = { claim: claimOf("ours", "here"), arrival: told.arrival, sessionEpoch: "" }
  expect(await told.claim(attempt, signal)).toEqual({ state: "unknown" })
  const error = new TypeError("the key store answered a claim with perhaps")
  expect(log).toHaveBeenCalledWith({ level: "error", message: "the key store failed", error })
})
