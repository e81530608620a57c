import { createClient, RpcError, safe } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import {
  type HandlerRequest,
  type Handlers,
  implement,
  type KeyStore,
  type LogEntry,
  memoryKeys,
  type Router,
  scope,
} from "@trunkline/server"
import { type Pair, VirtualClock } from "@trunkline/testing"
import { describe, expect, test, vi } from "vitest"
import * as z from "zod"
import { failure, pairOf, Signal } from "./support.js"

const errors = { SOLD_OUT: z.object({ item: z.string().transform((item) => item.toUpperCase()) }) }
const Order = z.object({ item: z.string(), count: z.number().default(1) })
const shop = contract({
  order: call({
    input: Order,
    output: z.string().transform((text) => `${text}!`),
    errors,
    idempotency: "key",
  }),
  again: call({
    input: Order,
    output: z.string(),
    errors,
    idempotency: "key",
    onCrash: "rerun",
  }),
  plain: call({ input: Order, output: z.string() }),
})
type Handle = Handlers<typeof shop>["order"]

const router = (order: Handle) => implement(shop, { order, again: order, plain: () => "plain" })

/** A handler that says when it was entered, and ends when it is told to. */
class Desk {
  readonly keys: (string | undefined)[] = []
  readonly signals: AbortSignal[] = []
  entered = new Signal()
  outcome = new Signal<() => string>()

  readonly handle = async ({
    idempotencyKey,
    signal,
  }: Pick<HandlerRequest<unknown, unknown, unknown>, "idempotencyKey" | "signal">) => {
    this.keys.push(idempotencyKey)
    this.signals.push(signal)
    this.entered.fire()
    return (await this.outcome.promise)()
  }
}

const item = { item: "a" }

/** A pair whose servers, one after another, share a store, as those behind one address do. */
function shared(router: Router<unknown>, keys: KeyStore, clock?: VirtualClock): Pair {
  return pairOf(router, { serve: { keys }, clock })
}

/** The same store, but for what is said here. */
function but(store: KeyStore, over: Partial<KeyStore>): KeyStore {
  return new Proxy(store, {
    get: (_, name) => {
      const member: unknown = Reflect.get(over, name) ?? Reflect.get(store, name)
      return typeof member === "function" ? member.bind(store) : member
    },
  })
}

/** Resolves when the next session is there. */
function reopened({ connection }: Pair): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.on("state", ({ to }) => {
      if (to !== "open") return
      stop()
      resolve()
    })
  })
}

describe("a keyed call whose session is lost while it runs", () => {
  test("gets the outcome of its one run, from another server with the same store", async () => {
    const desk = new Desk()
    const pair = shared(router(desk.handle), memoryKeys())
    const ordered = createClient(shop, pair.connection).order(item)
    await desk.entered.promise
    pair.restart()
    await reopened(pair)
    desk.outcome.fire(() => "one")
    expect(await ordered).toBe("one!")
    expect(desk.keys).toEqual([expect.stringMatching(/^[\w-]{43}$/)])
    expect(desk.signals[0]?.aborted).toBe(false)
  })

  test("gets the outcome that came while nobody was there", async () => {
    const desk = new Desk()
    const keys = memoryKeys()
    const pair = shared(router(desk.handle), keys)
    const ordered = createClient(shop, pair.connection).order(item)
    await desk.entered.promise
    pair.unplug()
    pair.restart()
    desk.outcome.fire(() => "one")
    pair.plug()
    expect(await ordered).toBe("one!")
    expect(desk.keys).toHaveLength(1)
  })

  test("gets a declared error as it was, and one that is a bug without a word", async () => {
    for (const [thrown, told] of [
      [
        new RpcError("SOLD_OUT", { data: item, message: "gone" }),
        { code: "SOLD_OUT", executed: "yes", data: { item: "A" }, message: "gone" },
      ],
      [new Error("secret"), { code: "INTERNAL", executed: "yes", data: undefined }],
    ]) {
      const desk = new Desk()
      const pair = shared(router(desk.handle), memoryKeys())
      const ordered = createClient(shop, pair.connection).order(item)
      await desk.entered.promise
      pair.restart()
      await reopened(pair)
      desk.outcome.fire(() => {
        throw thrown
      })
      expect(await failure(ordered)).toMatchObject({ ...told })
      expect(desk.keys).toHaveLength(1)
    }
  })

  test("is unknown where the store died with the server", async () => {
    const desk = new Desk()
    const pair = pairOf(router(desk.handle))
    const ordered = createClient(shop, pair.connection).order(item)
    await desk.entered.promise
    pair.restart()
    expect(await failure(ordered)).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(desk.keys).toHaveLength(1)
  })

  test("runs for the first time where the lost server never entered it", async () => {
    const clock = new VirtualClock()
    const claimed = new Signal()
    const keys = memoryKeys({ host: clock })
    // The first server's claim never reaches the store.
    let claims = 0
    const faulty = but(keys, {
      claim: async (claim, signal) => {
        if (++claims > 1) return keys.claim(claim, signal)
        claimed.fire()
        return new Promise(() => {})
      },
    })
    const pair = shared(
      router(() => "one"),
      faulty,
      clock,
    )
    const ordered = createClient(shop, pair.connection).order(item)
    await clock.advance(0)
    await claimed.promise
    pair.restart()
    await clock.advance(100)
    expect(await ordered).toBe("one!")
  })

  test("is unknown once its server's lease has lapsed, unless it may be run again", async () => {
    const clock = new VirtualClock()
    const keys = memoryKeys({ host: clock })
    // The server that dies: it renews nothing any more.
    const dying = but(keys, { renew: async () => false })
    for (const procedure of ["order", "again"] as const) {
      const desk = new Desk()
      const pair = shared(router(desk.handle), dying, clock)
      const ordered = safe(
        createClient(shop, pair.connection)[procedure](item, { timeout: 100_000 }),
      )
      await clock.advance(0)
      await desk.entered.promise
      pair.restart()
      await clock.advance(29_000)
      expect(desk.keys).toHaveLength(1)
      desk.entered = new Signal()
      await clock.advance(2_000)
      if (procedure === "again") {
        await desk.entered.promise
        expect(desk.keys[1]).toBe(desk.keys[0])
        desk.outcome.fire(() => "two")
        expect(await ordered).toMatchObject({ ok: true, value: "two" })
      } else {
        expect(await ordered).toMatchObject({ error: { code: "OUTCOME_UNKNOWN" } })
        expect(desk.keys).toHaveLength(1)
      }
    }
  })

  test("renews its lease for as long as its handler runs", async () => {
    const clock = new VirtualClock()
    const desk = new Desk()
    const pair = shared(router(desk.handle), memoryKeys({ host: clock }), clock)
    const ordered = createClient(shop, pair.connection).again(item, { timeout: 1_000_000 })
    await clock.advance(0)
    await desk.entered.promise
    pair.restart()
    await clock.advance(500_000)
    desk.outcome.fire(() => "one")
    await clock.advance(0)
    expect(await ordered).toBe("one")
    expect(desk.keys).toHaveLength(1)
  })

  test("has its own key back in the third session too", async () => {
    const desk = new Desk()
    const pair = shared(router(desk.handle), memoryKeys())
    const ordered = createClient(shop, pair.connection).order(item)
    await desk.entered.promise
    for (let sessions = 0; sessions < 3; sessions++) {
      pair.restart()
      await reopened(pair)
    }
    desk.outcome.fire(() => "one")
    expect(await ordered).toBe("one!")
    expect(desk.keys).toHaveLength(1)
  })

  test("is unknown when its record may be older than the store keeps it", async () => {
    const clock = new VirtualClock()
    const desk = new Desk()
    const keys = memoryKeys({ host: clock, ttl: 16 * 60_000 })
    const pair = shared(router(desk.handle), keys, clock)
    const ordered = safe(
      createClient(shop, pair.connection).again(item, { timeout: Number.POSITIVE_INFINITY }),
    )
    await clock.advance(0)
    await desk.entered.promise
    pair.unplug()
    pair.restart()
    desk.outcome.fire(() => "one")
    await clock.advance(61_000)
    pair.plug()
    await clock.advance(1_000)
    expect(await ordered).toMatchObject({ error: { code: "OUTCOME_UNKNOWN", executed: "unknown" } })
    expect(desk.keys).toHaveLength(1)
  })

  test("is unknown when the store has lost its records since", async () => {
    const desk = new Desk()
    const stores = [memoryKeys(), memoryKeys()]
    let now = 0
    const keys = new Proxy(memoryKeys(), {
      get: (_, name) => {
        const store = stores[now] as KeyStore
        const member: unknown = Reflect.get(store, name)
        return typeof member === "function" ? member.bind(store) : member
      },
    })
    const pair = shared(router(desk.handle), keys)
    const ordered = createClient(shop, pair.connection).again(item)
    await desk.entered.promise
    now = 1
    pair.restart()
    expect(await failure(ordered)).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(desk.keys).toHaveLength(1)
  })

  test("is for nobody once another user is logged in on the page", async () => {
    const desk = new Desk()
    let user = "ada"
    const keys = memoryKeys()
    const pair = pairOf(router(desk.handle), {
      connect: { token: () => user },
      serve: { keys, authenticate: ({ token }) => ({ principal: token, context: {} }) },
    })
    const ordered = createClient(shop, pair.connection).again(item)
    await desk.entered.promise
    user = "eve"
    pair.drop()
    expect(await failure(ordered)).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(desk.keys).toHaveLength(1)
    desk.outcome.fire(() => "one")
    expect(await createClient(shop, pair.connection).again(item)).toBe("one")
    expect(new Set(desk.keys).size).toBe(2)
  })
})

describe("what becomes of a keyed call's handler", () => {
  test("when its session is over: it runs on, and its outcome is kept", async () => {
    for (const leave of ["close", "server"] as const) {
      const desk = new Desk()
      const outcomes: string[] = []
      const kept = new Signal()
      const keys = memoryKeys()
      const watched = but(keys, {
        complete: async (...completion) => {
          outcomes.push(completion[2])
          kept.fire()
          return keys.complete(...completion)
        },
      })
      const pair = shared(router(desk.handle), watched)
      const ordered = safe(createClient(shop, pair.connection).order(item))
      await desk.entered.promise
      if (leave === "close") await pair.connection.close()
      else await pair.server.close()
      await expect.poll(() => pair.server.stats().sessions).toBe(0)
      expect(desk.signals[0]?.aborted).toBe(false)
      desk.outcome.fire(() => "one")
      await kept.promise
      expect(outcomes).toEqual(['[1,"one!"]'])
      await pair.connection.close()
      expect(await ordered).toMatchObject({ error: { code: "OUTCOME_UNKNOWN" } })
    }
  })

  test("when its session is over and its deadline passes: the signal fires", async () => {
    const clock = new VirtualClock()
    const desk = new Desk()
    const pair = shared(router(desk.handle), memoryKeys({ host: clock }), clock)
    const ordered = safe(createClient(shop, pair.connection).order(item, { timeout: 5_000 }))
    await clock.advance(0)
    await pair.connection.abort()
    await pair.server.close()
    await clock.advance(4_900)
    expect(desk.signals[0]?.aborted).toBe(false)
    await clock.advance(200)
    expect(desk.signals[0]?.reason).toMatchObject({ code: "TIMEOUT" })
    desk.outcome.fire(() => "late")
    await ordered
  })

  test("when its caller cancels: the signal fires, and a late outcome is still kept", async () => {
    const desk = new Desk()
    const kept = new Signal<string>()
    const keys = memoryKeys()
    const watched = but(keys, {
      complete: async (...completion) => {
        kept.fire(completion[2])
        return keys.complete(...completion)
      },
    })
    const pair = shared(router(desk.handle), watched)
    const controller = new AbortController()
    const ordered = createClient(shop, pair.connection).order(item, controller)
    await desk.entered.promise
    controller.abort()
    expect(await failure(ordered)).toMatchObject({ code: "CANCELLED", executed: "unknown" })
    await expect.poll(() => desk.signals[0]?.aborted).toBe(true)
    desk.outcome.fire(() => "one")
    expect(await kept.promise).toBe('[1,"one!"]')
  })

  test("when its caller cancels before it is entered: the claim is given up", async () => {
    const released = new Signal()
    const claimed = new Signal()
    const keys = memoryKeys()
    const slow = but(keys, {
      claim: async (claim, signal) => {
        const state = await keys.claim(claim, signal)
        claimed.fire()
        await new Promise((resolve) => signal.addEventListener("abort", resolve))
        return state
      },
      release: async (...which) => {
        await keys.release(...which)
        released.fire()
      },
    })
    const desk = new Desk()
    const pair = shared(router(desk.handle), slow)
    const controller = new AbortController()
    const ordered = createClient(shop, pair.connection).order(item, controller)
    await claimed.promise
    controller.abort()
    expect(await failure(ordered)).toMatchObject({ code: "CANCELLED", executed: "unknown" })
    await released.promise
    expect(desk.keys).toEqual([])
  })
})

describe("a key store", () => {
  test("that cannot be reached at the claim: nothing is done, and it is tried again", async () => {
    const keys = memoryKeys()
    const log: LogEntry[] = []
    let failures = 2
    const down = but(keys, {
      claim: async (claim, signal) => {
        if (failures-- > 0) throw new Error("down")
        return keys.claim(claim, signal)
      },
    })
    const clock = new VirtualClock()
    const desk = new Desk()
    const pair = pairOf(router(desk.handle), {
      clock,
      serve: { keys: down, log: (entry) => log.push(entry) },
    })
    desk.outcome.fire(() => "one")
    const client = createClient(shop, pair.connection)
    const ordered = client.order(item, { timeout: 100_000 })
    await clock.advance(20_000)
    expect(await ordered).toBe("one!")
    expect(desk.keys).toHaveLength(1)
    failures = Number.POSITIVE_INFINITY
    const refused = failure(client.order(item, { timeout: 1_000_000 }))
    await clock.advance(200_000)
    expect(await refused).toMatchObject({ code: "UNAVAILABLE", executed: "no" })
    expect(log.filter(({ message }) => message === "the key store failed")).toHaveLength(8)
  })

  test("that does not answer passes for unreachable, and a late claim is given up", async () => {
    const clock = new VirtualClock()
    const keys = memoryKeys({ host: clock })
    const released = new Signal()
    let claims = 0
    const stuck = but(keys, {
      claim: async (claim, signal) => {
        const state = await keys.claim(claim, signal)
        if (++claims === 1) await new Promise<void>((resolve) => clock.wakeAt(6_000, resolve))
        return state
      },
      release: async (...which) => {
        await keys.release(...which)
        released.fire()
      },
    })
    const pair = shared(
      router(() => "one"),
      stuck,
      clock,
    )
    const ordered = createClient(shop, pair.connection).order(item, { timeout: 100_000 })
    await clock.advance(20_000)
    await released.promise
    expect(await ordered).toBe("one!")
  })

  test("that cannot be reached at the end: the result is sent all the same", async () => {
    const clock = new VirtualClock()
    const keys = memoryKeys({ host: clock })
    for (const complete of [
      async () => {
        throw new Error("down")
      },
      () => new Promise<never>(() => {}),
    ]) {
      const pair = shared(
        router(() => "one"),
        but(keys, { complete }),
        clock,
      )
      const ordered = createClient(shop, pair.connection).order(item)
      await clock.advance(6_000)
      expect(await ordered).toBe("one!")
    }
  })

  test("that cannot even say how much it takes: the result is sent, and nothing goes on", async () => {
    const clock = new VirtualClock()
    const log: LogEntry[] = []
    const store = memoryKeys({ host: clock })
    let broken = false
    const keys = new Proxy(store, {
      get: (_, name) => {
        if (name === "outcomeUnits" && broken) throw new Error("no connection")
        const member: unknown = Reflect.get(store, name)
        return typeof member === "function" ? member.bind(store) : member
      },
    })
    const renewals = vi.spyOn(store, "renew")
    const pair = pairOf(
      router(() => "one"),
      { clock, serve: { keys, log: (e) => log.push(e) } },
    )
    const client = createClient(shop, pair.connection)
    broken = true
    const ordered = client.order(item)
    await clock.advance(100)
    expect(await ordered).toBe("one!")
    expect(log).toMatchObject([
      { message: "the key store failed", error: { message: "no connection" } },
    ])
    await clock.advance(60_000)
    expect(renewals).not.toHaveBeenCalled()
  })

  test("that says nonsense is not believed", async () => {
    const nonsense: unknown[] = [
      { state: "done", outcome: "no JSON" },
      { state: "done", outcome: "{}" },
      { state: "done", outcome: '[0,"X","maybe",null]' },
      { state: "perhaps" },
    ]
    for (const answer of nonsense) {
      const pair = shared(
        router(() => "one"),
        but(memoryKeys(), { claim: async () => answer as { state: "claimed" } }),
      )
      expect(await failure(createClient(shop, pair.connection).order(item))).toMatchObject({
        code: "OUTCOME_UNKNOWN",
        executed: "unknown",
      })
    }
  })

  test("whose epoch is no token is not relied upon", async () => {
    for (const over of [{ epoch: "no token" }, { epoch: undefined }, { ttlMs: 0 }]) {
      const store = memoryKeys()
      const keys: KeyStore = new Proxy(store, {
        get: (_, name) => {
          if (name in over) return Reflect.get(over, name)
          const member: unknown = Reflect.get(store, name)
          return typeof member === "function" ? member.bind(store) : member
        },
      })
      const desk = new Desk()
      const pair = shared(router(desk.handle), keys)
      const ordered = createClient(shop, pair.connection).again(item)
      await desk.entered.promise
      pair.restart()
      expect(await failure(ordered)).toMatchObject({ code: "OUTCOME_UNKNOWN" })
      expect(desk.keys).toHaveLength(1)
      desk.outcome.fire(() => "late")
    }
  })

  test.each([Number.POSITIVE_INFINITY, 1e300])(
    "that keeps records for %s ms lets clients in all the same",
    async (ttlMs) => {
      const keys = Object.assign(but(memoryKeys(), {}), { ttlMs })
      const pair = shared(
        router(() => "one"),
        keys,
      )
      expect(await createClient(shop, pair.connection).order(item)).toBe("one!")
    },
  )

  test("is made by a server that has keyed calls and was given none, which it says", async () => {
    const log: LogEntry[] = []
    const one = pairOf(
      router(() => "one"),
      { serve: { log: (entry) => log.push(entry) } },
    )
    expect(await createClient(shop, one.connection).order(item)).toBe("one!")
    expect(log[0]).toMatchObject({ message: "idempotency keys are kept in memory" })
    const quiet = contract({ a: call({}) })
    const none: LogEntry[] = []
    pairOf(implement(quiet, { a: () => {} }), { serve: { log: (entry) => none.push(entry) } })
    expect(none).toEqual([])
  })
})

describe("the claim", () => {
  test("comes after the input was checked and after all middleware", async () => {
    const steps: string[] = []
    const keys = memoryKeys()
    const watched = but(keys, {
      claim: async (claim, signal) => {
        steps.push("claim")
        return keys.claim(claim, signal)
      },
      complete: async (...completion) => {
        steps.push("complete")
        return keys.complete(...completion)
      },
    })
    const guarded = scope<object>().use(async ({ next }) => {
      steps.push("before")
      const passed = await next()
      steps.push("after")
      return passed
    })
    const handle = () => {
      steps.push("handler")
      return "one"
    }
    const served = scope<object>().implement(shop, {
      order: guarded(handle),
      again: handle,
      plain: handle,
    })
    const pair = pairOf(served, {
      serve: { keys: watched, authenticate: () => ({ context: {} }) },
    })
    const client = createClient(shop, pair.connection)
    expect(await client.order(item)).toBe("one!")
    expect(steps).toEqual(["before", "claim", "handler", "after", "complete"])
    steps.length = 0
    expect(await failure(client.order({ item: 5 } as never))).toMatchObject({
      code: "VALIDATION",
      executed: "no",
    })
    expect(steps).toEqual([])
  })

  test("is not made where middleware refuses", async () => {
    let claims = 0
    const keys = memoryKeys()
    const counted = but(keys, {
      claim: async (claim, signal) => {
        claims++
        return keys.claim(claim, signal)
      },
    })
    const refusing = scope<object>().use(() => {
      throw new RpcError("FORBIDDEN")
    })
    const handle = () => "one"
    const pair = pairOf(
      scope<object>().implement(shop, {
        order: refusing(handle),
        again: handle,
        plain: handle,
      }),
      { serve: { keys: counted, authenticate: () => ({ context: {} }) } },
    )
    const refused = await failure(createClient(shop, pair.connection).order(item))
    expect(refused).toMatchObject({ code: "FORBIDDEN", executed: "no" })
    expect(claims).toBe(0)
  })

  test("keeps what the caller is told: a transaction that fails after its handler is a failure", async () => {
    const outcomes: string[] = []
    const keys = memoryKeys()
    const watched = but(keys, {
      complete: async (...completion) => {
        outcomes.push(completion[2])
        return keys.complete(...completion)
      },
    })
    const transaction = scope<object>().use(async ({ next }) => {
      await next()
      throw new Error("no commit")
    })
    const handle = () => "one"
    const pair = pairOf(
      scope<object>().implement(shop, { order: transaction(handle), again: handle, plain: handle }),
      { serve: { keys: watched, authenticate: () => ({ context: {} }) } },
    )
    const failed = await failure(createClient(shop, pair.connection).order(item))
    expect(failed).toMatchObject({ code: "INTERNAL", executed: "yes" })
    expect(outcomes).toEqual(['[0,"INTERNAL","yes",null]'])
  })
})

describe("an outcome that cannot be kept", () => {
  test("is kept as lost, and told to whoever is there", async () => {
    const outcomes: string[] = []
    const keys = memoryKeys({ bytes: 65_536 })
    const watched = but(keys, {
      complete: async (...completion) => {
        outcomes.push(completion[2])
        return keys.complete(...completion)
      },
    })
    const long = "x".repeat(5_000)
    const pair = shared(
      router(() => long),
      watched,
    )
    expect(await createClient(shop, pair.connection).order(item)).toBe(`${long}!`)
    expect(outcomes).toEqual(['[0,"RESULT_LOST","yes",null]'])
  })

  test("because no codec can write it is a failure for everybody", async () => {
    const outcomes: string[] = []
    const keys = memoryKeys()
    const watched = but(keys, {
      complete: async (...completion) => {
        outcomes.push(completion[2])
        return keys.complete(...completion)
      },
    })
    const odd = contract({ a: call({ output: z.any(), idempotency: "key" }) })
    const pair = shared(implement(odd, { a: () => () => {} }), watched)
    expect(await failure(createClient(odd, pair.connection).a())).toMatchObject({
      code: "UNENCODABLE",
      executed: "yes",
    })
    expect(outcomes).toEqual(['[0,"UNENCODABLE","yes",null]'])
  })
})

test("a key is the call's own: others have none, and no two calls the same", async () => {
  const keys: (string | undefined)[] = []
  const note = ({ idempotencyKey }: { idempotencyKey: string | undefined }) => {
    keys.push(idempotencyKey)
    return "one"
  }
  const pair = pairOf(implement(shop, { order: note, again: note, plain: note }))
  const client = createClient(shop, pair.connection)
  await Promise.all([client.order(item), client.order(item), client.again(item)])
  await client.plain(item)
  expect(new Set(keys.slice(0, 3)).size).toBe(3)
  expect(keys[3]).toBeUndefined()
})
