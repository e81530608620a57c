// @vitest-environment jsdom
import {
  defaultScheduler,
  notifyManager,
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useSuspenseQuery,
} from "@tanstack/react-query"
import { createClient } from "@trunkline/client"
import { call, contract, type Idempotency } from "@trunkline/contract"
import {
  infiniteQueryOptions,
  liveOptions,
  mutationOptions,
  queryKey,
  queryOptions,
} from "@trunkline/react/tanstack-query"
import { implement, RpcError } from "@trunkline/server"
import { connectedPair } from "@trunkline/testing"
import { act, type ReactNode, StrictMode, Suspense } from "react"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import * as z from "zod"
import { type numbers, pushed, range, Stage, silent, upTo } from "./stage.js"

let stage: Stage
let cache: QueryClient
beforeEach(() => {
  stage = new Stage()
  cache = new QueryClient({ defaultOptions: { queries: { retryDelay: 0 } } })
})
afterEach(async () => {
  await stage.leave()
  cache.clear()
  await stage.close()
})

/** Shown with the cache around it. */
function show(node: ReactNode): Promise<void> {
  return stage.show(
    <StrictMode>
      <QueryClientProvider client={cache}>{node}</QueryClientProvider>
    </StrictMode>,
  )
}

const sum = (state: number | undefined, item: number) => (state ?? 0) + item

describe("a query", () => {
  it("gives what the call gives, and fails as it does", async () => {
    function Double({ input }: { readonly input: number }): ReactNode {
      const { data, error } = useQuery(queryOptions(stage.client.double, input))
      return `${data} ${error?.code === "ODD" ? `odd by ${error.data.by}` : error?.code}`
    }
    await show(<Double input={2} />)
    await stage.until(() => stage.text === "4 undefined")
    await show(<Double input={3} />)
    await stage.until(() => stage.text === "undefined odd by 1")
  })

  it("of a call without output is null", async () => {
    const Settled = () => <p>{String(useSuspenseQuery(queryOptions(stage.client.settle)).data)}</p>
    await show(
      <Suspense fallback="waiting">
        <Settled />
      </Suspense>,
    )
    await stage.until(() => stage.text === "null")
  })

  it("is cancelled at the server when nobody looks any more", async () => {
    const Hang = () => <p>{useQuery(queryOptions(stage.client.hang, "a")).status}</p>
    await show(<Hang />)
    await stage.until(() => stage.hanging.length > 0)
    await show("elsewhere")
    await stage.until(() => stage.hanging.every(({ signal }) => signal.aborted))
    expect(stage.pair.server.stats().channels).toBe(0)
  })

  it("warns, once, of a call that may not be made twice", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue()
    const { hang, double } = stage.client
    queryOptions(hang, "a")
    queryOptions(hang, "b")
    queryOptions(double, 1)
    queryOptions(createClient<Pick<typeof numbers, "double">>(stage.pair.connection).double, 1)
    mutationOptions(hang)
    // Another test may have been the first.
    expect(warn.mock.calls.length).toBeLessThanOrEqual(1)
    const other = contract({ unsafe: call({}) })
    const { unsafe } = createClient(other, stage.pair.connection)
    warn.mockClear()
    queryOptions(unsafe)
    queryOptions(unsafe)
    infiniteQueryOptions(unsafe, {
      input: () => undefined,
      initialPageParam: 0,
      getNextPageParam: () => 1,
    })
    expect(warn.mock.calls).toEqual([[expect.stringContaining("unsafe is made a query")]])
    vi.stubEnv("NODE_ENV", "production")
    queryOptions(createClient(contract({ unsafer: call({}) }), stage.pair.connection).unsafer)
    expect(warn).toHaveBeenCalledTimes(1)
    vi.unstubAllEnvs()
    warn.mockRestore()
  })

  it("refuses what is no call", () => {
    const { client } = stage
    // @ts-expect-error: a subscription
    expect(() => queryOptions(client.count)).toThrow("count is no call of a client")
    // @ts-expect-error: the client
    expect(() => queryOptions(client)).toThrow("the client itself is no call of a client")
    // @ts-expect-error: a subscription
    expect(() => mutationOptions(client.log)).toThrow("log is no call of a client")
    // @ts-expect-error: a call
    expect(() => liveOptions(client.double, 1)).toThrow("double is no subscription of a client")
    const { hosts } = createClient(contract({ hosts: { list: call({}) } }), stage.pair.connection)
    // @ts-expect-error: a group
    expect(() => queryOptions(hosts)).toThrow("hosts is no call of a client")
    expect(() => queryKey({})).toThrow("what was passed is not of a client")
    expect(() => liveOptions(client.log, undefined, { keep: 0.5 })).toThrow(
      "keep is a whole number",
    )
  })
})

describe("a key", () => {
  it("is that of equal inputs, and begins with that of the group", () => {
    const { count, double } = stage.client
    const key = (from: number | bigint | Date) => liveOptions(count, { from }).queryKey
    expect(key(new Date(5))).toEqual(key(new Date(5)))
    expect(
      new Set([key(5), key(5n), key(new Date(5))].map((one) => JSON.stringify(one))).size,
    ).toBe(3)
    expect(queryKey(stage.client)).toEqual(["trunkline"])
    expect(queryKey(double)).toEqual(["trunkline", "double"])
    expect(queryOptions(double, 2).queryKey).toMatchObject(["trunkline", "double", { input: "2" }])
  })

  it("invalidates one input, a procedure or all", async () => {
    const run = async (filter: readonly unknown[]) => {
      cache.clear()
      for (const input of [2, 4]) await cache.fetchQuery(queryOptions(stage.client.double, input))
      await cache.fetchQuery(queryOptions(stage.client.settle))
      await cache.invalidateQueries({ queryKey: filter })
      return cache
        .getQueryCache()
        .getAll()
        .map(({ state }) => state.isInvalidated)
    }
    expect(await run(queryKey(stage.client.double, 4))).toEqual([false, true, false])
    expect(await run(queryKey(stage.client.double))).toEqual([true, true, false])
    expect(await run(queryKey(stage.client))).toEqual([true, true, true])
  })
})

describe("another attempt", () => {
  const flaky = (idempotency?: Idempotency) =>
    contract({ flaky: call({ input: z.string(), output: z.number(), idempotency }) })

  it.each([
    ["was never entered", undefined, "no", "BUSY", 4],
    ["was never entered, and never would be", "safe", "no", "FORBIDDEN", 1],
    ["may have run, once only", undefined, "unknown", "OUTCOME_UNKNOWN", 1],
    ["may have run, and may run again", "idempotent", "unknown", "OUTCOME_UNKNOWN", 4],
    ["failed, and changes nothing", "safe", "yes", "INTERNAL", 4],
    ["has a key, which another call would not have", "key", "unknown", "OUTCOME_UNKNOWN", 1],
    ["said what is wrong", "safe", "yes", "ODD", 1],
  ] as const)("of a call that %s", async (_, idempotency, executed, code, attempts) => {
    vi.spyOn(console, "warn").mockReturnValue()
    const { connection } = stage.pair
    const api = createClient(flaky(idempotency), connection)
    const retry = queryOptions(api.flaky, "a").retry
    const again = (failures: number) =>
      typeof retry === "function" &&
      retry(
        failures,
        Object.assign(new RpcError(code, { executed }), {
          code: code as never,
          data: undefined as never,
        }),
      )
    let made = 1
    while (again(made - 1)) made++
    expect(made).toBe(attempts)
    expect(mutationOptions(api.flaky).retry).toBeInstanceOf(Function)
    vi.restoreAllMocks()
  })

  it("is made of a query whose server was busy, and of no mutation that ran", async () => {
    const api = contract({
      busy: call({ output: z.number(), idempotency: "safe" }),
      add: call({ output: z.number() }),
    })
    const attempts = { busy: 0, add: 0 }
    const pair = connectedPair(
      implement(api, {
        busy: () => {
          if (++attempts.busy < 3) throw new RpcError("UNAVAILABLE")
          return attempts.busy
        },
        add: () => {
          attempts.add++
          throw new RpcError("UNAVAILABLE")
        },
      }),
    )
    const client = createClient(api, pair.connection)
    function Page(): ReactNode {
      const busy = useQuery(queryOptions(client.busy))
      const add = useMutation(mutationOptions(client.add, { retryDelay: 0 }))
      return (
        <button type="button" onClick={() => add.mutate()}>
          {busy.data} {add.error?.code}
        </button>
      )
    }
    await show(<Page />)
    await stage.until(() => stage.text === "3 ")
    await act(async () => stage.box.querySelector("button")?.click())
    await stage.until(() => stage.text === "3 UNAVAILABLE")
    expect(attempts).toEqual({ busy: 3, add: 1 })
    await pair.close()
  })
})

it("a mutation is run with its input, and an infinite query asks for page after page", async () => {
  function Page(): ReactNode {
    const double = useMutation(mutationOptions(stage.client.double))
    const pages = useInfiniteQuery(
      infiniteQueryOptions(stage.client.double, {
        input: (page: number) => page,
        initialPageParam: 2,
        getNextPageParam: (last) => last,
      }),
    )
    const click = () => {
      double.mutate(8)
      void pages.fetchNextPage()
    }
    return (
      <button type="button" onClick={click}>
        {double.data} {pages.data?.pages.join()}
      </button>
    )
  }
  await show(<Page />)
  await stage.until(() => stage.text === " 4")
  await act(async () => stage.box.querySelector("button")?.click())
  await stage.until(() => stage.text === "16 4,8")
})

describe("a live query", () => {
  const sumOptions = () => liveOptions(stage.client.count, undefined, { reduce: sum })

  function Sum(): ReactNode {
    const { data, status, fetchStatus, error } = useQuery(sumOptions())
    return `${status} ${fetchStatus} ${data} ${error?.code}`
  }

  it("fills the cache as items come, once a frame, by one stream for all", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    await show([<Sum key="a" />, <Sum key="b" />])
    await stage.painted()
    expect(stage.text).toBe("pending fetching undefined undefined".repeat(2))
    push(...range(100))
    await stage.until(() => stage.text === "success idle 5050 undefined".repeat(2))
    const written = vi.fn()
    const stop = cache.getQueryCache().subscribe(({ type }) => type === "updated" && written())
    push(...range(50))
    await stage.until(() => stage.text.startsWith("success idle 6325"))
    expect(written).toHaveBeenCalledTimes(1)
    stop()
    expect(stage.opened).toHaveLength(1)
  })

  it("outlives its last observer by a second, and keeps what it has", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    notifyManager.setScheduler(queueMicrotask)
    stage.sources.push(
      (request) => silent(request, 3),
      (request) => silent(request, 4),
    )
    await show(<Sum />)
    await stage.until(() => stage.text.startsWith("success idle 6"))
    await show("elsewhere")
    vi.advanceTimersByTime(999)
    await show(<Sum />)
    vi.advanceTimersByTime(5_000)
    await stage.settled()
    expect(stage.opened).toHaveLength(1)
    expect(stage.opened[0]?.signal.aborted).toBe(false)
    await show("elsewhere")
    vi.advanceTimersByTime(1_000)
    await stage.settled()
    expect(stage.opened[0]?.signal.aborted).toBe(true)
    expect(stage.pair.server.stats().channels).toBe(0)
    expect(cache.getQueryData(sumOptions().queryKey)).toBe(6)
    await show(<Sum />)
    expect(stage.text).toContain("6 undefined")
    await stage.until(() => stage.text.startsWith("success idle 10"))
    expect(stage.opened).toHaveLength(2)
    notifyManager.setScheduler(defaultScheduler)
  })

  it("is cancelled with its query, before it has anything and after", async () => {
    await show(<Sum />)
    await stage.settled()
    await act(async () => void (await cache.cancelQueries()))
    await stage.until(() => stage.opened[0]?.signal.aborted === true)
    stage.sources.push((request) => silent(request, 3))
    await act(async () => void cache.refetchQueries())
    await stage.until(() => stage.text.startsWith("success idle 6"))
    await stage.leave()
    cache.clear()
    await stage.until(() => stage.opened[1]?.signal.aborted === true)
    expect(cache.getQueryCache().getAll()).toEqual([])
  })

  it("gives what it has when it is fetched again, and begins anew when it is reset", async () => {
    stage.sources.push(
      (request) => silent(request, 3),
      (request) => silent(request, 4),
    )
    await show(<Sum />)
    await stage.until(() => stage.text.startsWith("success idle 6"))
    await act(() => cache.invalidateQueries({ queryKey: queryKey(stage.client.count) }))
    await stage.painted()
    expect([stage.text, stage.opened.length]).toEqual(["success idle 6 undefined", 1])
    await act(async () => void cache.resetQueries({ queryKey: queryKey(stage.client.count) }))
    await stage.until(() => stage.text === "success idle 10 undefined")
    expect(stage.opened.map(({ signal }) => signal.aborted)).toEqual([true, false])
  })

  it("goes on when it is fetched again and again, or such a fetch is cancelled", async () => {
    let fail = () => {}
    const { source, push } = pushed()
    stage.sources.push(async function* (request) {
      const failed = new Promise<never>((_, reject) => {
        fail = () => reject(request.errors.BROKEN({ why: "it is" }))
      })
      const items = source(request)
      for (;;) {
        const { done, value } = await Promise.race([items.next(), failed])
        if (done) return
        yield value
      }
    })
    await show(<Sum />)
    push(1, 2)
    await stage.until(() => stage.text.startsWith("success idle 3"))
    const storms = [
      () => [cache.invalidateQueries(), cache.invalidateQueries()],
      () => [cache.invalidateQueries(), cache.cancelQueries()],
    ]
    for (const [index, storm] of storms.entries()) {
      await act(async () => void (await Promise.all(storm())))
      push(1)
      await stage.until(() => stage.text.startsWith(`success idle ${4 + index}`))
    }
    expect(stage.opened).toHaveLength(1)
    fail()
    await stage.until(() => stage.text === "error idle 5 BROKEN")
  })

  it("is followed again by who comes back, in a cache that fetches nothing on mount", async () => {
    cache = new QueryClient({ defaultOptions: { queries: { refetchOnMount: false } } })
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    notifyManager.setScheduler(queueMicrotask)
    stage.sources.push(
      (request) => silent(request, 3),
      (request) => silent(request, 4),
    )
    await show(<Sum />)
    await stage.until(() => stage.text.startsWith("success idle 6"))
    await show("elsewhere")
    vi.advanceTimersByTime(1_000)
    await show(<Sum />)
    await stage.until(() => stage.text.startsWith("success idle 10"))
    notifyManager.setScheduler(defaultScheduler)
  })

  it("may be suspended for, and fetched ahead", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    const Suspended = () => <p>{useSuspenseQuery(sumOptions()).data}</p>
    await show(
      <Suspense fallback="waiting">
        <Suspended />
      </Suspense>,
    )
    await stage.painted()
    expect(stage.text).toBe("waiting")
    push(1, 2)
    await stage.until(() => stage.text === "3")
    push(3)
    await stage.until(() => stage.text === "6")
    const ahead = cache.fetchQuery(liveOptions(stage.client.board))
    await stage.board.publish({ add: "a" })
    await stage.until(
      () => cache.getQueryData(liveOptions(stage.client.board).queryKey) !== undefined,
    )
    expect(await ahead).toEqual(expect.any(Array))
  })

  it("of a stream that is quiet is suspended for as long as it takes, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    notifyManager.setScheduler(queueMicrotask)
    const { source, push } = pushed()
    stage.sources.push(silent, source)
    const Suspended = () => <p>{useSuspenseQuery(sumOptions()).data}</p>
    const waiting = (
      <Suspense fallback="waiting">
        <Suspended />
      </Suspense>
    )
    const pass = async (seconds: number) => {
      await act(async () => vi.advanceTimersByTime(seconds * 1_000))
      await stage.painted()
    }
    await show(waiting)
    await stage.painted()
    await pass(29)
    expect([stage.text, stage.opened.length]).toEqual(["waiting", 1])
    await pass(1)
    expect([stage.text, stage.opened.length]).toEqual(["waiting", 2])
    expect(stage.pair.server.stats().channels).toBe(1)
    push(5)
    await stage.until(() => stage.text === "5")
    await pass(60)
    push(6)
    await stage.until(() => stage.text === "11")
    await stage.leave()
    cache.clear()

    await show(waiting)
    await stage.painted()
    void cache.prefetchQuery(liveOptions(stage.client.log))
    await stage.settled()
    expect(stage.pair.server.stats().channels).toBe(2)
    await show("elsewhere")
    await pass(30)
    await stage.settled()
    expect(stage.pair.server.stats().channels).toBe(0)
    notifyManager.setScheduler(defaultScheduler)
  })

  it("whose source has ended is not begun again", async () => {
    stage.sources.push(() => upTo(3))
    await show(<Sum />)
    await stage.until(() => stage.text === "success idle 6 undefined")
    await show("elsewhere")
    await show(<Sum />)
    await stage.painted()
    expect(stage.text).toBe("success idle 6 undefined")
    expect(stage.opened).toHaveLength(1)
  })

  it("fails as its stream does, with what it had, or without an item", async () => {
    stage.sources.push(async function* ({ errors }) {
      yield 1
      throw errors.BROKEN({ why: "it is" })
    })
    await show(<Sum />)
    await stage.until(() => stage.text === "error idle 1 BROKEN")
    expect(stage.opened).toHaveLength(1)
    cache.clear()
    stage.sources.push(() => upTo(0))
    await show(<Sum key="another" />)
    await stage.until(() => stage.text === "error idle undefined CLOSED")
    expect(stage.opened).toHaveLength(2)
  })

  it("is opened again when its stream fails of what may pass, and not for ever", async () => {
    const failing = async function* (): AsyncGenerator<number> {
      yield 1
      throw new RpcError("UNAVAILABLE")
    }
    stage.sources.push(failing, (request) => silent(request, 2))
    await show(<Sum />)
    await stage.until(() => stage.text === "success idle 3 undefined")
    expect(stage.opened).toHaveLength(2)
    await stage.leave()
    cache.clear()
    stage.sources.push(...Array(10).fill(failing))
    await show(<Sum key="another" />)
    await stage.until(() => stage.text === "error idle 1 UNAVAILABLE")
    expect(stage.opened.length).toBeLessThanOrEqual(2 + 4)
  })

  it("goes on from what somebody else wrote", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    await show(<Sum />)
    await stage.painted()
    push(1, 2)
    await stage.until(() => stage.text.startsWith("success idle 3"))
    await act(async () => void cache.setQueryData(sumOptions().queryKey, 100))
    push(5)
    await stage.until(() => stage.text.startsWith("success idle 105"))
  })

  it("of a topic begins with its state, and goes on where it was", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    notifyManager.setScheduler(queueMicrotask)
    stage.written = ["a"]
    const reduce = (
      board: readonly string[] | undefined,
      { add }: { add: string },
    ): readonly string[] => [...(board ?? []), add]
    const reset = vi.fn((whole: readonly string[]) => whole)
    const Board = () => (
      <p>
        {useQuery(liveOptions(stage.client.board, undefined, { reduce, reset })).data?.join("")}
      </p>
    )
    await show(<Board />)
    await stage.until(() => stage.text === "a")
    await stage.board.publish({ add: "b" })
    await stage.until(() => stage.text === "ab")
    await show("elsewhere")
    vi.advanceTimersByTime(1_000)
    await stage.settled()
    expect(stage.pair.server.stats().channels).toBe(0)
    await stage.board.publish({ add: "c" })
    await show(<Board />)
    await stage.until(() => stage.text === "abc")
    vi.useRealTimers()
    stage.pair.restart()
    await stage.board.publish({ add: "d" })
    await stage.until(() => stage.text === "abcd")
    expect(reset).toHaveBeenCalledTimes(1)
    notifyManager.setScheduler(defaultScheduler)
  })

  it("is a list of the newest unless it is reduced", async () => {
    const List = () => (
      <p>{useQuery(liveOptions(stage.client.log, undefined, { keep: 2 })).data?.join("")}</p>
    )
    await show(<List />)
    await stage.settled()
    for (const text of ["a", "b", "c"]) await stage.log.publish(text)
    await stage.until(() => stage.text === "bc")
  })

  it("tells of a reduction that throws, without another attempt", async () => {
    stage.sources.push(...[1, 2, 3, 4].map(() => () => upTo(2)))
    const reduce = (_: number | undefined, item: number): number => {
      if (item === 2) throw new Error("not today")
      return item
    }
    const Broken = () => {
      const { error } = useQuery(liveOptions(stage.client.count, undefined, { reduce }))
      return <p>{`${error?.code} ${error?.cause}`}</p>
    }
    await show(<Broken />)
    await stage.until(() => stage.text === "INTERNAL Error: not today")
    expect(stage.opened).toHaveLength(1)
  })
})
