import type { KeyStore } from "@trunkline/server"
import { demand, demandEqual, Missing, soon } from "./finding.js"
import { type KeyStoreCase, keyOf, keyStoreCase, lease } from "./key-store-case.js"

/** As a server writes them. */
const outcomes = [
  "[1]",
  "[1,null]",
  '[1,{"a":"ä😀\\ud800\\u0000"}]',
  '[0,"LOCKED","yes",null,{"$":"d","v":0}]',
]

/** A first one, and one in doubt. */
const attempts = [
  ["a", false],
  ["b", true],
] as const

const claiming = [
  keyStoreCase(
    "says what it is: an epoch, a time, a length, the same for all",
    async ({ one, other }) => {
      demand(/^[\w.~-]{1,64}$/.test(String(one.epoch)), `${one.epoch} is no epoch`)
      demand(Number.isSafeInteger(one.ttlMs) && one.ttlMs > 0, `${one.ttlMs} is no time`)
      demand(one.outcomeUnits >= 256, `${one.outcomeUnits} units are too few for any outcome`)
      demandEqual([other.epoch, other.ttlMs], [one.epoch, one.ttlMs], "what another server is told")
    },
  ),
  keyStoreCase("gives a key to whoever claims it first, and to nobody else", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    await bench.claims("running", "a", "bob")
    await bench.claims("running", "a", "bob", { onCrash: "rerun" })
  }),
  keyStoreCase("does not give it to its owner twice", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    await bench.claims("running", "a", "ada")
  }),
  keyStoreCase("keeps keys apart", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    await bench.claims("claimed", "b", "ada")
    await bench.completes({ state: "done", outcome: "[1,1]" }, "a", "ada", "[1,1]")
    await bench.claims("running", "b", "bob")
    await bench.told("a", "[1,1]")
  }),
  keyStoreCase("gives it to one of many who come at once", async (bench) => {
    const claims = Array.from({ length: 40 }, (_, n) =>
      bench.claim(n % 2 ? bench.one : bench.other, "a", `owner ${n}`),
    )
    const states = (await Promise.all(claims)).map(({ state }) => state)
    demandEqual(states.filter((state) => state === "claimed").length, 1, "owners")
    demandEqual(states.filter((state) => state === "running").length, 39, "those who wait")
  }),
  keyStoreCase(
    "tells another input by its fingerprint, whatever state the call is in",
    async (bench) => {
      const fingerprint = keyOf("g")
      await bench.claims("claimed", "a", "ada")
      await bench.claims("reused", "a", "bob", { fingerprint })
      await bench.lapse()
      await bench.claims("reused", "a", "bob", { fingerprint, onCrash: "rerun" })
      await bench.completes({ state: "done", outcome: "[1]" }, "a", "ada", "[1]")
      await bench.claims("reused", "a", "bob", { fingerprint })
    },
  ),
]

const completing = [
  keyStoreCase("tells the outcome, as it was, to whoever claims afterwards", async (bench) => {
    const longest = `[1,"${"x".repeat(bench.one.outcomeUnits - 6)}"]`
    for (const [n, outcome] of [...outcomes, longest].entries()) {
      const letter = "abcdefgh".charAt(n)
      await bench.claims("claimed", letter, "ada")
      await bench.completes({ state: "done", outcome }, letter, "ada", outcome)
      await bench.told(letter, outcome)
    }
  }),
  keyStoreCase("keeps the first outcome", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    await bench.completes({ state: "done", outcome: "[1,1]" }, "a", "ada", "[1,1]")
    await bench.completes({ state: "done", outcome: "[1,1]" }, "a", "ada", "[1,2]")
    await bench.completes({ state: "done", outcome: "[1,1]" }, "a", "bob", "[1,3]", bench.other)
    await bench.told("a", "[1,1]")
  }),
  keyStoreCase("takes no outcome from a stranger", async (bench) => {
    await bench.completes({ state: "gone" }, "a", "bob", "[1,2]")
    await bench.claims("claimed", "a", "ada")
    await bench.completes({ state: "running" }, "a", "bob", "[1,2]", bench.other)
    await bench.claims("running", "a", "bob")
    await bench.lapse()
    await bench.completes({ state: "unknown" }, "a", "bob", "[1,2]")
    await bench.claims("unknown", "a", "bob")
  }),
  keyStoreCase("keeps one of two outcomes that come at once", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    const completions = [bench.one, bench.other].map((store, n) =>
      store.complete(keyOf("a"), "ada", `[1,${n}]`, bench.signal),
    )
    const [first, second] = await soon(Promise.all(completions), "the answers to two completions")
    demandEqual(first, second, "what two owners are told")
    await bench.told("a", first?.state === "done" ? first.outcome : "")
  }),
]

const leasing = [
  keyStoreCase(
    "lets a lease run out, and does not guess what became of the call",
    async (bench) => {
      await bench.claims("claimed", "a", "ada")
      await bench.pass(lease / 2)
      await bench.claims("running", "a", "bob")
      await bench.lapse()
      await bench.claims("unknown", "a", "bob")
      await bench.claims("unknown", "a", "bob", { epoch: bench.one.epoch, doubtful: true })
    },
  ),
  keyStoreCase(
    "gives what has lapsed to another where it may be run again, and to one alone",
    async (bench) => {
      await bench.claims("claimed", "a", "ada")
      await bench.lapse()
      const claims = Array.from({ length: 20 }, (_, n) =>
        bench.claim(n % 2 ? bench.one : bench.other, "a", `owner ${n}`, { onCrash: "rerun" }),
      )
      const states = (await Promise.all(claims)).map(({ state }) => state)
      demandEqual(states.filter((state) => state === "claimed").length, 1, "owners")
      demandEqual(states.filter((state) => state === "running").length, 19, "those who wait")
    },
  ),
  keyStoreCase("holds an owner to the record that another has taken over", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    await bench.lapse()
    await bench.claims("claimed", "a", "bob", { onCrash: "rerun" })
    await bench.renews(false, "a", "ada")
    await bench.releases("a", "ada")
    await bench.completes({ state: "running" }, "a", "ada", "[1,1]")
    await bench.claims("running", "a", "eve", { onCrash: "rerun" })
    await bench.completes({ state: "done", outcome: "[1,2]" }, "a", "bob", "[1,2]")
    await bench.completes({ state: "done", outcome: "[1,2]" }, "a", "ada", "[1,1]")
    await bench.told("a", "[1,2]")
  }),
  keyStoreCase(
    "takes the outcome of an owner who is late, while nobody has taken over",
    async (bench) => {
      await bench.claims("claimed", "a", "ada")
      await bench.lapse()
      await bench.claims("unknown", "a", "bob")
      await bench.completes({ state: "done", outcome: "[1,1]" }, "a", "ada", "[1,1]")
      await bench.told("a", "[1,1]")
    },
  ),
  keyStoreCase("renews a lease for its owner alone, also one that has run out", async (bench) => {
    await bench.renews(false, "a", "ada")
    await bench.claims("claimed", "a", "ada")
    for (let times = 0; times < 3; times++) {
      await bench.pass(lease * 0.7)
      await bench.renews(true, "a", "ada")
      await bench.renews(false, "a", "bob")
    }
    await bench.claims("running", "a", "bob", { onCrash: "rerun" })
    await bench.lapse()
    await bench.renews(true, "a", "ada")
    await bench.claims("running", "a", "bob", { onCrash: "rerun" })
    await bench.completes({ state: "done", outcome: "[1]" }, "a", "ada", "[1]")
    await bench.renews(false, "a", "ada")
    await bench.told("a", "[1]")
  }),
  keyStoreCase("gives a key back that its owner lets go, and only then", async (bench) => {
    await bench.releases("a", "ada")
    await bench.claims("claimed", "a", "ada")
    await bench.releases("a", "bob")
    await bench.claims("running", "a", "bob")
    await bench.releases("a", "ada")
    await bench.claims("claimed", "a", "bob")
    await bench.completes({ state: "done", outcome: "[1]" }, "a", "bob", "[1]")
    await bench.releases("a", "bob")
    await bench.told("a", "[1]")
  }),
]

const remembering = [
  keyStoreCase(
    "takes a call that it knows nothing of, in the same epoch, also one in doubt",
    async (bench) => {
      const { epoch } = bench.one
      for (const [letter, doubtful] of attempts) {
        await bench.claims("claimed", letter, "ada", { epoch, doubtful })
        await bench.claims("running", letter, "bob", { epoch, doubtful })
      }
    },
  ),
  keyStoreCase("does not take one that relies upon another epoch", async (bench) => {
    const epoch = "another"
    for (const [letter, doubtful] of attempts) {
      await bench.claims("unknown", letter, "ada", { epoch, doubtful })
      await bench.claims("unknown", letter, "ada", { epoch, doubtful, onCrash: "rerun" })
      await bench.claims("claimed", letter, "ada")
    }
  }),
  keyStoreCase("begins another epoch when it has lost its records", async (bench) => {
    const { epoch } = bench.one
    await bench.claims("claimed", "a", "ada")
    await bench.completes({ state: "done", outcome: "[1]" }, "a", "ada", "[1]")
    const anew = await bench.lose()
    demand(anew.one.epoch !== epoch, "the epoch is the same, and the records are gone")
    for (const [, doubtful] of attempts) {
      await anew.claims("unknown", "a", "bob", { epoch, doubtful })
    }
    await anew.completes({ state: "gone" }, "a", "ada", "[1]")
    await anew.claims("claimed", "a", "bob")
    anew.close()
  }),
  keyStoreCase("keeps what is done, and what has lapsed, for as long as it says", async (bench) => {
    const { ttlMs, epoch } = bench.one
    await bench.claims("claimed", "a", "ada")
    await bench.claims("claimed", "b", "ada")
    await bench.completes({ state: "done", outcome: "[1]" }, "a", "ada", "[1]")
    await bench.pass(ttlMs * 0.8)
    await bench.told("a", "[1]")
    await bench.claims(ttlMs * 0.8 > lease ? "unknown" : "running", "b", "bob", {
      epoch,
      doubtful: true,
    })
  }),
  keyStoreCase("says that a record has changed, when somebody waits for that", async (bench) => {
    await bench.claims("claimed", "a", "ada")
    await bench.claims("claimed", "b", "ada")
    const changes = ["a", "b"].map((letter) => changed(bench.other, letter, bench.signal))
    await bench.completes({ state: "done", outcome: "[1]" }, "a", "ada", "[1]")
    await soon(changes[0] ?? Promise.resolve(), "word of an outcome")
    await bench.releases("b", "ada")
    await soon(changes[1] ?? Promise.resolve(), "word of a release")
    await soon(changed(bench.one, "a", bench.signal), "word of what was done before")
    await soon(changed(bench.one, "c", bench.signal), "word of what there never was")
  }),
]

function changed(store: KeyStore, letter: string, signal: AbortSignal): Promise<void> {
  if (!store.changed) throw new Missing("changed")
  return store.changed(keyOf(letter), signal)
}

/**
 * What every key store has to do right, one case at a time. A test of yours runs each with a function that
 * makes an engine, and looks at `outcome`.
 *
 * @example
 * ```ts
 * test.each(keyStoreCases)("$name", async ({ run }) => {
 *   expect((await run(makeEngine)).error).toBeUndefined()
 * })
 * ```
 */
export const keyStoreCases: readonly KeyStoreCase[] = [
  ...claiming,
  ...completing,
  ...leasing,
  ...remembering,
]
