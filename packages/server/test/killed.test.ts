import { connect, createClient, safe } from "@trunkline/client"
import { memoryKeys } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { keyStoreCases } from "@trunkline/testing/conformance"
import { describe, expect, onTestFinished, test } from "vitest"
import { type Name, service } from "./programs/keyed-service.js"
import { type OfferedKeys, offerKeys, reachKeys } from "./programs/tcp-keys.js"
import { type Running, start } from "./support/program.js"

/* A server that is killed while calls run, and another in its place: real processes, and a store beside them. */

const names: readonly Name[] = ["key", "rerun", "plain", "idempotent", "safe"]

/** A server at this port, killed at the end at the latest. */
async function serving(port: number, store: OfferedKeys, ends = "at once"): Promise<Running> {
  const running = await start("dies", String(port), String(store.port), ends)
  onTestFinished(() => void running.child.kill("SIGKILL"))
  return running
}

const portOf = async (running: Running) => Number((await running.line()).split(" ")[1])

function clientOf(port: number) {
  const connection = connect(`ws://127.0.0.1:${port}/rpc`, { reconnect: { base: 20, cap: 50 } })
  onTestFinished(() => connection.close())
  return createClient(service, connection)
}

test("each call settles once, as its idempotency says", { timeout: 30_000 }, async () => {
  const clock = new VirtualClock()
  const store = await offerKeys(memoryKeys({ host: clock }))
  onTestFinished(() => store.close())
  const first = await serving(0, store, "never")
  const port = await portOf(first)
  const client = clientOf(port)
  const results = names.map((name) => safe(client[name](name)))
  const entered = await Promise.all(names.map(() => first.line()))
  const keys = new Map(entered.map((line) => [line.split(" ")[1], line.split(" ")[2]]))
  expect([...keys.keys()].sort()).toEqual([...names].sort())
  first.child.kill("SIGKILL")
  await first.ending
  const second = await serving(port, store)
  expect(await portOf(second)).toBe(port)
  // What may run again does; the others have to wait for the lease of the dead.
  const again = [await second.line(), await second.line()]
  expect(again.sort()).toEqual(["entered idempotent -", "entered safe -"])
  await clock.advance(31_000)
  expect(await second.line()).toBe(`entered rerun ${keys.get("rerun")}`)
  const by = (name: Name) => ({ ok: true, value: `${name} by ${second.child.pid}` })
  const unknown = { ok: false, error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } }
  expect(await Promise.all(results)).toMatchObject([
    unknown,
    by("rerun"),
    unknown,
    by("idempotent"),
    by("safe"),
  ])
  second.child.kill("SIGKILL")
  const { output } = await second.ending
  expect(output).not.toContain("entered key")
  expect(output).not.toContain("entered plain")
})

test("a call that was done as its server died is answered with what it did", {
  timeout: 30_000,
}, async () => {
  let first: Running | undefined
  const store = await offerKeys(memoryKeys(), (method) => {
    if (method !== "complete" || first?.child.killed !== false) return true
    // The outcome is kept, and whoever brought it never learns so.
    first.child.kill("SIGKILL")
    return false
  })
  onTestFinished(() => store.close())
  first = await serving(0, store)
  const port = await portOf(first)
  const ordered = clientOf(port).key("order")
  expect(await first.line()).toMatch(/^entered key [\w-]{43}$/)
  await first.ending
  const second = await serving(port, store)
  expect(await ordered).toBe(`order by ${first.child.pid}`)
  second.child.kill("SIGKILL")
  expect((await second.ending).output).not.toContain("entered")
})

describe("the store that they use", () => {
  test.each(keyStoreCases)("$name", async ({ run }) => {
    const report = await run(async () => {
      const clock = new VirtualClock()
      const records = memoryKeys({ host: clock })
      const offered = await offerKeys(records)
      const reached: { close(): void }[] = []
      return {
        connect: async () => {
          const store = await reachKeys(offered.port)
          reached.push(store)
          return store
        },
        pass: (milliseconds: number) => clock.advance(milliseconds),
        close: () => {
          for (const store of reached) store.close()
          offered.close()
        },
      }
    })
    if (report.outcome === "left out") {
      expect(["needs `lose`", "needs `changed`"]).toContain(report.error?.message)
    } else expect(report.error).toBeUndefined()
  })
})
