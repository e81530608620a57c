// @vitest-environment jsdom
import { type SubscriptionState, useSubscription, useSuspenseSubscription } from "@trunkline/react"
import { act, Component, memo, type ReactNode, StrictMode, Suspense } from "react"
import { renderToString } from "react-dom/server"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { pushed, range, type Served, Stage, silent, upTo } from "./stage.js"

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.close())

/** As long as a stream outlives the last who looked at it. */
const linger = 1_000

const sum = (state: number | undefined, item: number) => (state ?? 0) + item

type Client = Stage["client"]

describe("a component that follows a subscription", () => {
  it("renders once a frame, however many items came", async () => {
    stage.sources.push((request) => silent(request, 200))
    const renders = vi.fn()
    function Count(): ReactNode {
      const { latest, items, status } = useSubscription(stage.client.count)
      renders()
      return `${status} ${latest} ${items.length}`
    }
    await stage.show(<Count />)
    expect(stage.text).toBe("connecting undefined 0")
    await stage.settled()
    expect(stage.text).toBe("connecting undefined 0")
    renders.mockClear()
    await stage.frame()
    expect(stage.text).toBe("live 200 100")
    expect(renders).toHaveBeenCalledTimes(1)
  })

  it("takes a thousand items in frames of 256, and renders as often", async () => {
    stage.sources.push((request) => silent(request, 1_000))
    const renders = vi.fn()
    function Count(): ReactNode {
      const { data } = useSubscription(stage.client.count, undefined, { reduce: sum })
      renders()
      return data
    }
    await stage.show(<Count />)
    renders.mockClear()
    let frames = 0
    while (stage.text !== "500500") {
      await stage.settled()
      await stage.frame()
      frames++
    }
    expect(renders.mock.calls.length).toBeLessThanOrEqual(frames)
    expect(renders.mock.calls.length).toBeGreaterThanOrEqual(4)
  })

  it("goes on in a page that nobody sees, by a timer, and nothing waits there", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    vi.spyOn(document, "hidden", "get").mockReturnValue(true)
    const { source, push } = pushed()
    stage.sources.push(source)
    await stage.show(<Latest client={stage.client} />)
    push(...range(1_000))
    for (let turn = 0; turn < 20; turn++) await stage.settled()
    expect(stage.text).toBe("none")
    await act(async () => vi.advanceTimersByTime(1_000))
    expect(stage.text).toBe("1000")
    vi.restoreAllMocks()
  })

  it("is one stream on the wire under StrictMode, and none when it is gone", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    stage.sources.push((request) => silent(request, 3))
    await stage.show(
      <StrictMode>
        <Latest client={stage.client} />
      </StrictMode>,
    )
    await stage.painted()
    expect(stage.text).toBe("3")
    expect(stage.opened).toHaveLength(1)
    expect(stage.pair.server.stats().channels).toBe(1)
    await stage.leave()
    vi.advanceTimersByTime(linger - 1)
    await stage.settled()
    expect(stage.opened[0]?.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    await stage.settled()
    expect(stage.opened[0]?.signal.aborted).toBe(true)
    expect(stage.pair.server.stats().channels).toBe(0)
    expect(stage.opened).toHaveLength(1)
  })

  it("shares its stream with others of equal input, and shows at once what they have", async () => {
    const at = new Date(5)
    const first = { from: at }
    const second = { from: new Date(5) }
    stage.sources.push((request) => silent(request, 3))
    await stage.show(<Latest client={stage.client} input={first} />)
    await stage.painted()
    const seen: unknown[] = []
    await stage.show(
      <>
        <Latest client={stage.client} input={first} />
        <Latest client={stage.client} input={second} seen={seen} />
      </>,
    )
    expect(stage.text).toBe("33")
    expect(seen[0]).toBe(3)
    expect(stage.opened).toHaveLength(1)
    await stage.show(
      <>
        <Latest client={stage.client} input={{ from: 5 }} />
        <Latest client={stage.client} input={{ from: 5n }} />
        <Latest client={stage.client} input={{ from: 5n }} />
      </>,
    )
    await stage.painted()
    expect(stage.opened.map(({ input }) => input?.from)).toEqual([at, 5, 5n])
  })

  it("keeps its stream when the page is changed for another that follows it too", async () => {
    stage.sources.push((request) => silent(request, 3))
    await stage.show(<Latest key="one" client={stage.client} />)
    await stage.painted()
    await stage.show("a moment")
    await stage.show(<Latest key="two" client={stage.client} />)
    expect(stage.text).toBe("3")
    expect(stage.opened).toHaveLength(1)
  })

  it("follows another stream with another input, and leaves the first", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    stage.sources.push(
      (request) => silent(request, 3),
      (request) => silent(request, 5),
    )
    await stage.show(<Latest client={stage.client} input={{ from: 1 }} />)
    await stage.painted()
    expect(stage.text).toBe("3")
    await stage.show(<Latest client={stage.client} input={{ from: 2 }} />)
    expect(stage.text).toBe("none")
    await stage.painted()
    expect(stage.text).toBe("5")
    vi.advanceTimersByTime(linger)
    await stage.settled()
    expect(stage.opened.map(({ signal }) => signal.aborted)).toEqual([true, false])
  })

  it("follows nothing while it is not enabled", async () => {
    stage.sources.push((request) => silent(request, 3))
    function Maybe({ enabled }: { readonly enabled: boolean }): ReactNode {
      const { status, latest } = useSubscription(stage.client.count, undefined, { enabled })
      return `${status} ${latest}`
    }
    await stage.show(<Maybe enabled={false} />)
    await stage.painted()
    expect([stage.text, stage.opened.length]).toEqual(["idle undefined", 0])
    await stage.show(<Maybe enabled />)
    await stage.painted()
    expect([stage.text, stage.opened.length]).toEqual(["live 3", 1])
    await stage.show(<Maybe enabled={false} />)
    expect(stage.text).toBe("idle undefined")
  })

  it("keeps as many items as each component wants, of one stream", async () => {
    stage.sources.push((request) => silent(request, 250))
    function Kept({ keep }: { readonly keep: number }): ReactNode {
      const { items } = useSubscription(stage.client.count, undefined, { keep })
      return `${items.length}:${items[0]}-${items.at(-1)} `
    }
    await stage.show(
      <>
        <Kept keep={0} />
        <Kept keep={2} />
        <Kept keep={240} />
      </>,
    )
    await stage.painted()
    expect(stage.text).toBe("0:undefined-undefined 2:249-250 240:11-250 ")
    expect(stage.opened).toHaveLength(1)
  })

  it("refuses what it cannot follow", async () => {
    const { client } = stage
    const wrong = [
      () => useSubscription(client.count, undefined, { keep: -1 }),
      () => useSubscription(client.count, undefined, { keep: Number.POSITIVE_INFINITY }),
      // @ts-expect-error: a function
      () => useSubscription(client.count, { from: () => 1 }),
      // @ts-expect-error: a call
      () => useSubscription(client.double, 1),
      // @ts-expect-error: a group
      () => useSubscription(client),
      // @ts-expect-error: a function of one's own
      () => useSubscription((input: string) => client.count(input)),
    ]
    const thrown: string[] = []
    for (const use of wrong) {
      const Wrong = (): ReactNode => {
        use()
        return ""
      }
      await stage.show(
        <Boundary key={thrown.length} caught={(error) => thrown.push(error.message)}>
          <Wrong />
        </Boundary>,
      )
    }
    expect(thrown).toEqual([
      "keep is a whole number, and -1 is none",
      "keep is a whole number, and Infinity is none",
      "count: this input cannot be sent: Error: a function has no form on the wire",
      "double is no subscription of a client",
      "the client itself is no subscription of a client",
      "what was passed is no subscription of a client",
    ])
  })
})

describe("what a component makes of items", () => {
  it("is shared by all who pass the same function, whenever they come", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    const reduce = vi.fn(sum)
    function Sum(): ReactNode {
      const { data, missed } = useSubscription(stage.client.count, undefined, { reduce, keep: 1 })
      return `${data} of all but ${missed}. `
    }
    await stage.show(<Sum />)
    push(...range(250))
    await stage.painted()
    expect(stage.text).toBe("31375 of all but 0. ")
    const calls = reduce.mock.calls.length
    await stage.show(
      <>
        <Sum />
        <Sum />
      </>,
    )
    expect(stage.text).toBe("31375 of all but 0. 31375 of all but 0. ")
    expect(reduce).toHaveBeenCalledTimes(calls)
  })

  it("counts what a function of its own never saw, when it comes late", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    function Sum(): ReactNode {
      const { data, missed } = useSubscription(stage.client.count, undefined, {
        reduce: (state: number | undefined, item) => (state ?? 0) + item,
      })
      return `${data} of all but ${missed}. `
    }
    await stage.show(<Sum />)
    push(...range(250))
    await stage.painted()
    push(1_000)
    await stage.painted()
    await stage.show(
      <>
        <Sum />
        <Sum />
      </>,
    )
    await stage.painted()
    const [, all, missed] = /of all but 0\. (\d+) of all but (\d+)/.exec(stage.text) ?? []
    const seen = 250 - Number(missed)
    expect(Number(missed)).toBeGreaterThan(0)
    expect(Number(all)).toBe(1_000 + (seen * (250 + Number(missed) + 1)) / 2)
    expect(stage.opened).toHaveLength(1)
  })

  it("goes on by the function of the last render", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    function Sum({ times }: { readonly times: number }): ReactNode {
      const { data } = useSubscription(stage.client.count, undefined, {
        reduce: (state: number | undefined, item) => (state ?? 0) + times * item,
      })
      return data
    }
    await stage.show(<Sum times={1} />)
    push(1, 2)
    await stage.painted()
    await stage.show(<Sum times={100} />)
    push(3)
    await stage.painted()
    expect(stage.text).toBe("303")
  })

  it("is nobody else's: who begins with the same function may go another way", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    const product = (state: number | undefined, item: number) => (state ?? 1) * item
    function Made({ by }: { readonly by: typeof sum }): ReactNode {
      return `${useSubscription(stage.client.count, undefined, { reduce: by }).data} `
    }
    await stage.show([<Made key="a" by={sum} />, <Made key="b" by={sum} />])
    push(1, 2, 3)
    await stage.painted()
    expect(stage.text).toBe("6 6 ")
    await stage.show([<Made key="a" by={sum} />, <Made key="b" by={product} />])
    push(4)
    await stage.painted()
    expect(stage.text).toBe("10 24 ")
  })

  it("renders again only when what it selects is another", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    const renders = vi.fn()
    const Parity = memo((): ReactNode => {
      const { data } = useSubscription(stage.client.count, undefined, {
        select: ({ latest }) => (latest === undefined ? "none" : latest % 2 ? "odd" : "even"),
      })
      renders()
      return data
    })
    await stage.show(<Parity />)
    push(1)
    await stage.painted()
    expect(stage.text).toBe("odd")
    renders.mockClear()
    for (const item of [3, 5, 7]) {
      push(item)
      await stage.painted()
    }
    expect(renders).not.toHaveBeenCalled()
    push(8)
    await stage.painted()
    expect([stage.text, renders.mock.calls.length]).toEqual(["even", 1])
  })

  it("fails alone when its function throws, and may be tried again", async () => {
    const { source, push } = pushed()
    const next = pushed()
    stage.sources.push(source, next.source)
    let broken = true
    const views: SubscriptionState<{ BROKEN: { why: string } }>[] = []
    const reduce = (state: number | undefined, item: number) => {
      if (broken && item === 2) throw new Error("not two")
      return sum(state, item)
    }
    function Broken(): ReactNode {
      const view = useSubscription(stage.client.count, undefined, { reduce })
      views.push(view)
      return `${view.status} ${view.data} ${view.error?.code} / `
    }
    await stage.show([<Broken key="a" />, <Latest key="b" client={stage.client} />])
    push(1, 2, 3)
    await stage.painted()
    expect(stage.text).toBe("error 1 INTERNAL / 3")
    expect(views.at(-1)).toMatchObject({ stale: true, error: { cause: { message: "not two" } } })
    broken = false
    views.at(-1)?.retry()
    next.push(4)
    await stage.until(() => stage.text === "live 4 undefined / 4")
  })
})

describe("a stream", () => {
  it("is stale while the line is away, and shows what it has", async () => {
    stage.sources.push((request) => silent(request, 3))
    await stage.show(<State client={stage.client} />)
    await stage.painted()
    expect(stage.text).toBe("live 3 fresh")
    stage.pair.unplug()
    await stage.frameAfter(() => stage.pair.connection.state === "waiting")
    expect(stage.text).toBe("live 3 stale")
    stage.pair.plug()
    await stage.until(() => stage.text === "live 3 fresh")
    expect(stage.opened).toHaveLength(1)
  })

  it("that begins anew shows the old, stale, until the new comes", async () => {
    const later = pushed()
    stage.sources.push((request) => silent(request, 3), later.source)
    const items: (readonly number[])[] = []
    function Anew(): ReactNode {
      const view = useSubscription(stage.client.count, undefined, { reduce: sum })
      items.push(view.items)
      return `${view.data} ${view.stale ? "stale" : "fresh"} ${view.note?.type}`
    }
    await stage.show(<Anew />)
    await stage.painted()
    expect(stage.text).toBe("6 fresh undefined")
    stage.pair.restart()
    await stage.until(() => stage.text === "6 stale restarted")
    later.push(10)
    await stage.until(() => stage.text === "10 fresh restarted")
    expect(items.at(-1)).toEqual([10])
  })

  it("that has ended is done, and begins again when it is asked to", async () => {
    stage.sources.push(() => upTo(3))
    const retries: (() => void)[] = []
    await stage.show(<State client={stage.client} retries={retries} />)
    await stage.until(() => stage.text === "done 3 fresh")
    stage.sources.push(() => upTo(5))
    retries.at(-1)?.()
    await stage.until(() => stage.text === "done 5 fresh")
    expect(stage.opened).toHaveLength(2)
  })

  it("that fails says why, with what it has, and begins again when it is asked to", async () => {
    stage.sources.push(broken)
    const retries: (() => void)[] = []
    const errors: unknown[] = []
    function Failing(): ReactNode {
      const { status, latest, stale, error, retry } = useSubscription(stage.client.count)
      retries.push(retry)
      if (error?.code === "BROKEN") errors.push(error.data.why)
      return `${status} ${latest} ${stale ? "stale" : "fresh"}`
    }
    await stage.show(<Failing />)
    await stage.until(() => stage.text === "error 1 stale")
    expect(errors.at(-1)).toBe("it is")
    stage.sources.push((request) => silent(request, 2))
    retries.at(-1)?.()
    await stage.until(() => stage.text === "live 2 fresh")
    expect(new Set(retries).size).toBeLessThan(retries.length)
  })

  it("is not begun again by who has gone: nobody would end it", async () => {
    stage.sources.push(broken)
    const retries: (() => void)[] = []
    await stage.show(<State client={stage.client} retries={retries} />)
    await stage.until(() => stage.text === "error 1 stale")
    await stage.leave()
    retries.at(-1)?.()
    await stage.settled()
    expect(stage.opened).toHaveLength(1)
    expect(stage.pair.server.stats().channels).toBe(0)
  })

  it("that fails when all have left is still there for who comes, and begins again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    let fail = () => {}
    stage.sources.push(
      async function* ({ errors }) {
        yield 1
        await new Promise<void>((resolve) => {
          fail = resolve
        })
        throw errors.BROKEN({ why: "it is" })
      },
      (request) => silent(request, 2),
    )
    const retries: (() => void)[] = []
    await stage.show(<State client={stage.client} />)
    await stage.until(() => stage.text === "live 1 fresh")
    await stage.leave()
    vi.advanceTimersByTime(linger / 2)
    fail()
    await stage.painted()
    await stage.show(<State client={stage.client} retries={retries} />)
    expect(stage.text).toBe("error 1 stale")
    retries.at(-1)?.()
    await stage.until(() => stage.text === "live 2 fresh")
    vi.advanceTimersByTime(linger)
    await stage.settled()
    expect(stage.opened[1]?.signal.aborted).toBe(false)
  })

  it("is held when all who share it are paused, and shows the newest when it is released", async () => {
    let yielded = 0
    stage.sources.push(async function* () {
      for (const number of range(100_000)) {
        yielded = number
        yield number
      }
    })
    function Paused({ paused }: { readonly paused: boolean }): ReactNode {
      return `${useSubscription(stage.client.count, undefined, { paused }).latest} `
    }
    const both = (one: boolean, other: boolean) => (
      <>
        <Paused paused={one} />
        <Paused paused={other} />
      </>
    )
    await stage.show(both(false, false))
    await stage.until(() => stage.text.startsWith("256"))
    await stage.show(both(true, false))
    await stage.painted()
    await stage.painted()
    const [still, moving] = stage.text.trim().split(" ").map(Number)
    expect(moving).toBeGreaterThan(still ?? 0)
    await stage.show(both(true, true))
    for (let frames = 0; frames < 10; frames++) await stage.painted()
    const before = yielded
    for (let frames = 0; frames < 10; frames++) await stage.painted()
    expect(yielded).toBe(before)
    expect(stage.text).toBe(`${still} ${moving} `)
    await stage.show(both(false, false))
    await stage.until(() => Number(stage.text.trim().split(" ")[0]) > before)
  })
})

describe("a topic", () => {
  it("begins with its state, goes on over a lost session, and tells its cursor", async () => {
    stage.written = ["a"]
    function Board(): ReactNode {
      const {
        data = [],
        cursor,
        status,
      } = useSubscription(stage.client.board, undefined, {
        reduce: (board = [], { add }) => [...board, add],
      })
      return `${status} ${data.join("")} ${cursor === undefined ? "nowhere" : "somewhere"}`
    }
    await stage.show(<Board />)
    await stage.until(() => stage.text === "live a somewhere")
    await stage.board.publish({ add: "b" })
    await stage.until(() => stage.text === "live ab somewhere")
    stage.pair.restart()
    await stage.board.publish({ add: "c" })
    await stage.until(() => stage.text === "live abc somewhere")
  })

  it("is shown its state to a component that comes later", async () => {
    stage.written = ["a"]
    const Board = (): ReactNode =>
      useSubscription(stage.client.board, undefined, {
        reduce: (board: string | undefined, { add }) => `${board}${add}`,
        reset: (whole) => whole.join(""),
      }).data
    await stage.show(<Board key="one" />)
    await stage.until(() => stage.text === "a")
    await stage.board.publish({ add: "b" })
    await stage.until(() => stage.text === "ab")
    await stage.show([<Board key="one" />, <Board key="two" />])
    expect(stage.text).toBe("abab")
  })

  it("continues after a cursor, and says where items are lost", async () => {
    const cursors: (string | undefined)[] = []
    function Log({ from }: { readonly from?: string | undefined }): ReactNode {
      const { items, gaps, cursor, note } = useSubscription(stage.client.log, undefined, { from })
      cursors.push(cursor)
      return `${items.join("")} ${gaps} ${note?.type}`
    }
    await stage.show(<Log key="one" />)
    await stage.settled()
    for (const text of ["a", "b", "c"]) await stage.log.publish(text)
    await stage.until(() => stage.text.startsWith("abc"))
    const from = cursors.at(-1)
    await stage.leave()
    await stage.log.publish("d")
    await stage.show(<Log key="two" from={from} />)
    await stage.until(() => stage.text === "d 0 undefined")
    await stage.show(<Log key="three" from="another.9" />)
    await stage.until(() => stage.text.endsWith("1 gap"))
  })
})

describe("an error boundary", () => {
  it("gets the error, and a component that is mounted again begins again", async () => {
    stage.sources.push(broken, (request) => silent(request, 2))
    function Throwing(): ReactNode {
      return useSubscription(stage.client.count, undefined, { throwOnError: true }).latest
    }
    const caught: Error[] = []
    const resets: (() => void)[] = []
    const catching = (error: Error, reset: () => void) => {
      caught.push(error)
      resets.push(reset)
    }
    await stage.show(
      <StrictMode>
        <Boundary caught={catching}>
          <Throwing />
        </Boundary>
      </StrictMode>,
    )
    await stage.until(() => stage.text === "failed")
    expect(caught[0]).toMatchObject({ code: "BROKEN", data: { why: "it is" } })
    await act(async () => resets[0]?.())
    await stage.until(() => stage.text === "2")
    expect(stage.opened).toHaveLength(2)
  })
})

describe("Suspense", () => {
  function Number_({ input }: { readonly input?: { from: number } }): ReactNode {
    const { latest, data } = useSuspenseSubscription(stage.client.count, input, { reduce: sum })
    return `${latest} ${data}`
  }

  it("shows the fallback until the first item, of one stream", async () => {
    const { source, push } = pushed()
    stage.sources.push(source)
    await stage.show(
      <StrictMode>
        <Suspense fallback="waiting">
          <Number_ />
        </Suspense>
      </StrictMode>,
    )
    await stage.painted()
    expect(stage.text).toBe("waiting")
    push(7)
    await stage.until(() => stage.text === "7 7")
    push(8)
    await stage.until(() => stage.text === "8 15")
    expect(stage.opened).toHaveLength(1)
  })

  it("leaves no stream of a component that never came back", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    await stage.show(
      <Suspense fallback="waiting">
        <Number_ />
      </Suspense>,
    )
    await stage.painted()
    expect(stage.pair.server.stats().channels).toBe(1)
    await stage.show("elsewhere")
    vi.advanceTimersByTime(30_000)
    await stage.settled()
    expect(stage.pair.server.stats().channels).toBe(0)
  })

  it("throws an error to the boundary, and one that ended without an item too", async () => {
    stage.sources.push(
      async function* ({ errors }) {
        yield* []
        throw errors.BROKEN({ why: "it is" })
      },
      () => upTo(0),
    )
    for (const [from, code] of [
      [1, "BROKEN"],
      [2, "CLOSED"],
    ] as const) {
      const caught: Error[] = []
      await stage.show(
        <Boundary key={from} caught={(error) => caught.push(error)}>
          <Suspense fallback="waiting">
            <Number_ input={{ from }} />
          </Suspense>
        </Boundary>,
      )
      await stage.until(() => stage.text === "failed")
      expect(caught[0]).toMatchObject({ code })
    }
  })
})

describe("a server that renders", () => {
  it("opens nothing, and gives what the browser begins with", async () => {
    const html = renderToString(
      <>
        <State client={stage.client} />
        <Suspense fallback="waiting">
          <Suspended client={stage.client} />
        </Suspense>
      </>,
    )
    expect(html).toContain("connecting undefined fresh")
    expect(html).toContain("waiting")
    await stage.settled()
    expect(stage.opened).toHaveLength(0)
  })
})

function Latest({
  client,
  input,
  seen,
}: {
  readonly client: Client
  readonly input?: Parameters<Client["count"]>[0]
  readonly seen?: unknown[]
}): ReactNode {
  const { latest = "none" } = useSubscription(client.count, input)
  seen?.push(latest)
  return latest
}

function State({
  client,
  retries,
}: {
  readonly client: Client
  readonly retries?: (() => void)[]
}): ReactNode {
  const { status, latest, stale, retry } = useSubscription(client.count)
  retries?.push(retry)
  return `${status} ${latest} ${stale ? "stale" : "fresh"}`
}

function Suspended({ client }: { readonly client: Client }): ReactNode {
  return useSuspenseSubscription(client.count).latest
}

async function* broken({ errors }: Served): AsyncGenerator<number> {
  yield 1
  throw errors.BROKEN({ why: "it is" })
}

interface BoundaryProps {
  readonly caught: (error: Error, reset: () => void) => void
  readonly children: ReactNode
}

class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override componentDidCatch(error: Error): void {
    this.props.caught(error, () => this.setState({ failed: false }))
  }

  override render(): ReactNode {
    return this.state.failed ? "failed" : this.props.children
  }
}
