import { createClient, safe } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { type Handlers, implement, memoryKeys } from "@trunkline/server"
import type { Pair } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { pairOf, Signal } from "./support.js"

/* The two tables of docs/protocol.md, "Session lost", row by row, between a real client and real servers. */

const output = z.number()
const api = contract({
  safe: call({ output, idempotency: "safe" }),
  idempotent: call({ output, idempotency: "idempotent" }),
  key: call({ output, idempotency: "key" }),
  plain: call({ output }),
  fresh: subscription({ item: output, restart: "fresh" }),
  fail: subscription({ item: output }),
})

/** Handlers that tell which run they are, once they may. */
class Service {
  readonly entered: Partial<Record<keyof typeof api, number>> = {}
  readonly arrived = new Signal()
  readonly open = new Signal()

  get handlers(): Handlers<typeof api> {
    const run = (name: keyof typeof api) => async () => {
      const number = (this.entered[name] ?? 0) + 1
      this.entered[name] = number
      this.arrived.fire()
      await this.open.promise
      return number
    }
    const stream = (name: keyof typeof api) => {
      const enter = run(name)
      return async function* () {
        yield await enter()
      }
    }
    return {
      safe: run("safe"),
      idempotent: run("idempotent"),
      key: run("key"),
      plain: run("plain"),
      fresh: stream("fresh"),
      fail: stream("fail"),
    }
  }
}

type CallName = "safe" | "idempotent" | "key" | "plain"

const unknown = { ok: false, error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } }

async function events(stream: { events(): AsyncIterable<unknown> }): Promise<unknown[]> {
  const seen: unknown[] = []
  try {
    for await (const event of stream.events()) seen.push(event)
  } catch (error) {
    const { code, executed } = error as { code: string; executed: string }
    seen.push({ code, executed })
  }
  return seen
}

const reopened = (pair: Pair) => reached(pair, "open")

/** Resolves when the connection comes into this state. */
function reached({ connection }: Pair, state: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.on("state", ({ to }) => {
      if (to !== state) return
      stop()
      resolve()
    })
  })
}

describe("the server's table, for what may have been entered", () => {
  test.each<[row: string, name: CallName, shared: boolean, outcome: object, runs: number]>([
    ["a call that is safe runs again", "safe", true, { ok: true, value: 2 }, 2],
    ["a call that is idempotent runs again", "idempotent", true, { ok: true, value: 2 }, 2],
    ["a call with a key gets what its one run gave", "key", true, { ok: true, value: 1 }, 1],
    ["a call whose key is good for nothing any more is not run", "key", false, unknown, 1],
    ["any other call is not run", "plain", true, unknown, 1],
  ])("%s", async (_, name, shared, outcome, runs) => {
    const service = new Service()
    const keys = shared ? memoryKeys() : undefined
    const pair = pairOf(implement(api, service.handlers), { serve: { keys } })
    const result = safe(createClient(api, pair.connection)[name]())
    await service.arrived.promise
    pair.restart()
    await reopened(pair)
    service.open.fire()
    expect(await result).toMatchObject(outcome)
    expect(service.entered[name]).toBe(runs)
  })

  test("a subscription that may begin anew does, and says so", async () => {
    const service = new Service()
    const pair = pairOf(implement(api, service.handlers))
    const seen = events(createClient(api, pair.connection).fresh())
    await service.arrived.promise
    pair.restart()
    await reopened(pair)
    service.open.fire()
    expect(await seen).toMatchObject([{ note: { type: "restarted" } }, { item: 2 }])
  })

  test("any other subscription is lost", async () => {
    const service = new Service()
    const pair = pairOf(implement(api, service.handlers))
    const seen = events(createClient(api, pair.connection).fail())
    await service.arrived.promise
    pair.restart()
    expect(await seen).toEqual([{ code: "STREAM_LOST", executed: "unknown" }])
    expect(service.entered.fail).toBe(1)
  })
})

describe("the client's table", () => {
  test("what was never numbered is sent as if nothing had happened", async () => {
    const service = new Service()
    service.open.fire()
    const pair = pairOf(implement(api, service.handlers))
    const client = createClient(api, pair.connection)
    await client.safe()
    const down = reached(pair, "waiting")
    pair.unplug()
    await down
    const result = client.plain()
    pair.restart()
    pair.plug()
    expect(await result).toBe(1)
  })

  test("nothing of what one user asked is done for another on the same page", async () => {
    const service = new Service()
    let user = "ada"
    const pair = pairOf(implement(api, service.handlers), {
      connect: { token: () => user },
      serve: {
        keys: memoryKeys(),
        authenticate: ({ token }) => ({ principal: token, context: {} }),
      },
    })
    const client = createClient(api, pair.connection)
    const names: readonly CallName[] = ["safe", "idempotent", "key", "plain"]
    const running = names.map((name) => safe(client[name]()))
    const streams = [events(client.fresh()), events(client.fail())]
    await expect.poll(() => Object.keys(service.entered).length).toBe(6)
    const down = reached(pair, "waiting")
    pair.unplug()
    await down
    const waiting = safe(client.safe())
    user = "eve"
    pair.plug()
    expect(await Promise.all(running)).toMatchObject(names.map(() => unknown))
    const changed = [{ code: "PRINCIPAL_CHANGED", executed: "unknown" }]
    expect(await Promise.all(streams)).toEqual([changed, changed])
    expect(await waiting).toMatchObject({ error: { code: "CANCELLED", executed: "no" } })
    service.open.fire()
    expect(await client.safe()).toBe(2)
    expect(service.entered).toMatchObject({ idempotent: 1, key: 1, plain: 1, fresh: 1, fail: 1 })
  })
})
