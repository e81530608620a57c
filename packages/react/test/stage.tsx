import { createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { type Handlers, implement, memoryBroker, topic } from "@trunkline/server"
import { connectedPair, type Pair, type PairOptions } from "@trunkline/testing"
import { act, type ReactNode } from "react"
import { createRoot, type Root } from "react-dom/client"
import { expect, vi } from "vitest"
import * as z from "zod"

export const numbers = contract({
  /** As a test says. */
  count: subscription({
    input: z.object({ from: z.union([z.number(), z.bigint(), z.date()]).optional() }).optional(),
    item: z.number(),
    errors: { BROKEN: z.object({ why: z.string() }) },
    restart: "fresh",
  }),
  log: subscription({ item: z.string(), replay: "topic", onGap: "continue" }),
  board: subscription({
    item: z.object({ add: z.string() }),
    replay: "topic",
    state: z.array(z.string()).readonly(),
  }),
  double: call({
    input: z.number(),
    output: z.number(),
    errors: { ODD: z.object({ by: z.number() }) },
    idempotency: "safe",
  }),
  hang: call({ input: z.string() }),
  settle: call({ idempotency: "safe" }),
})

export type Served = Parameters<Handlers<typeof numbers>["count"]>[0]
export type Source = (request: Served) => AsyncGenerator<number>

/** A page in memory with a server behind it; a test says when it is painted. */
export class Stage {
  /** What the server yields to each stream of `count` that is opened, in order; then nothing more. */
  readonly sources: Source[] = []
  /** Of each stream of `count` that was opened. */
  readonly opened: Served[] = []
  /** Of each call of `hang`. */
  readonly hanging: { readonly signal: AbortSignal; readonly done: () => void }[] = []
  readonly broker = memoryBroker()
  readonly log = topic(numbers.log, { broker: this.broker })
  readonly board = topic(numbers.board, {
    broker: this.broker,
    snapshot: { atLeastOnce: () => this.written },
  })
  written: readonly string[] = []
  readonly pair: Pair
  readonly client
  #frames: (() => void)[] = []
  #roots: Root[] = []
  readonly box = document.createElement("div")

  constructor(options: PairOptions<unknown> = {}) {
    this.pair = connectedPair(
      implement(numbers, {
        count: (request) => {
          this.opened.push(request)
          return (this.sources.shift() ?? silent)(request)
        },
        log: this.log,
        board: this.board,
        double: ({ input, errors }) => {
          if (input % 2) throw errors.ODD({ by: 1 })
          return input * 2
        },
        hang: ({ signal }) =>
          new Promise<void>((done, fail) => {
            this.hanging.push({ signal, done })
            signal.addEventListener("abort", () => fail(signal.reason))
          }),
        settle: () => {},
      }),
      options,
    )
    this.client = createClient(numbers, this.pair.connection)
    Reflect.set(globalThis, "IS_REACT_ACT_ENVIRONMENT", true)
    vi.stubGlobal("requestAnimationFrame", (paint: () => void) => this.#frames.push(paint))
    vi.stubGlobal("cancelAnimationFrame", () => {})
  }

  get text(): string {
    return this.box.textContent ?? ""
  }

  /** Renders; once more, to change what is shown. */
  async show(node: ReactNode, root = this.#roots[0]): Promise<void> {
    const shown =
      root ?? createRoot(this.box, { onUncaughtError: () => {}, onCaughtError: () => {} })
    if (!root) this.#roots.push(shown)
    await act(async () => shown.render(node))
  }

  async leave(): Promise<void> {
    for (const root of this.#roots.splice(0)) await act(async () => root.unmount())
  }

  /** What was on its way has arrived: a call is answered behind it. */
  async settled(): Promise<void> {
    await act(async () => {
      await this.client.settle()
      await new Promise((resolve) => setImmediate(resolve))
    })
  }

  async frame(): Promise<void> {
    await act(async () => {
      for (const paint of this.#frames.splice(0)) paint()
    })
  }

  /** What was sent has arrived and is painted. */
  async painted(): Promise<void> {
    await this.settled()
    await this.frame()
  }

  async until(happened: () => boolean): Promise<void> {
    for (let painted = 0; painted < 1_000; painted++) {
      if (happened()) return
      await this.painted()
    }
    expect.fail(`it never happened; the page shows: ${this.text}`)
  }

  /** The same while there is no line. */
  async frameAfter(happened: () => boolean): Promise<void> {
    while (!happened()) await new Promise((resolve) => setImmediate(resolve))
    await this.frame()
  }

  /** Nothing is left, here or at the server. */
  async close(): Promise<void> {
    await this.leave()
    await this.pair.close()
    await this.frame()
    expect(this.pair.server.stats()).toMatchObject({ sessions: 0, channels: 0 })
    vi.unstubAllGlobals()
    vi.useRealTimers()
  }
}

export function* range(count: number): Generator<number> {
  for (let number = 1; number <= count; number++) yield number
}

/** Says so much, and then nothing more. */
export async function* silent({ signal }: Served, count = 0): AsyncGenerator<number> {
  yield* range(count)
  await new Promise((resolve) => signal.addEventListener("abort", resolve))
}

export async function* upTo(count: number): AsyncGenerator<number> {
  yield* range(count)
}

/** Yields what it is told to. */
export function pushed() {
  const waiting: number[] = []
  let wake = () => {}
  const source = async function* ({ signal }: Served): AsyncGenerator<number> {
    signal.addEventListener("abort", () => wake())
    while (!signal.aborted) {
      yield* waiting.splice(0)
      await new Promise<void>((resolve) => {
        wake = resolve
        if (waiting.length > 0 || signal.aborted) resolve()
      })
    }
  }
  const push = (...items: number[]) => {
    waiting.push(...items)
    wake()
  }
  return { source, push }
}
