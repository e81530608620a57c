import type { Codec } from "@trunkline/client"
import type { Router } from "@trunkline/server"
import { connectedPair, type Pair, type PairArguments } from "@trunkline/testing"
import { expect, onTestFinished } from "vitest"

let spoken: readonly Codec[] = []

/** What the pairs of this file speak besides JSON. */
export function speak(codecs: readonly Codec[]): void {
  spoken = codecs
}

/** A pair for one test, which leaves nothing behind. */
export function pairOf<Context>(
  router: Router<Context>,
  ...[options]: PairArguments<Context>
): Pair {
  const connect = { codecs: spoken, ...options?.connect }
  const pair: Pair = Reflect.apply(connectedPair, undefined, [router, { ...options, connect }])
  onTestFinished(async () => {
    await pair.close()
    expect(pair.server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
  })
  return pair
}

/** What a promise was rejected with. */
export async function failure(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("it did not fail")
}

/** A promise to be resolved from outside. */
export class Signal<T = void> {
  readonly promise: Promise<T>
  fire!: (value: T) => void

  constructor() {
    this.promise = new Promise((resolve) => {
      this.fire = resolve
    })
  }
}

/** A source that yields what the test puts in, and knows what became of it. */
export class Feed<T> {
  readonly #waiting: T[] = []
  readonly #readers = new Set<() => void>()
  #over = false
  readonly entered = new Signal()
  /** The generator's finally block has run. */
  readonly left = new Signal()
  pulled = 0

  put(...values: T[]): void {
    this.#waiting.push(...values)
    for (const wake of this.#readers) wake()
  }

  end(): void {
    this.#over = true
    for (const wake of this.#readers) wake()
  }

  async *read(signal: AbortSignal): AsyncGenerator<T, void> {
    this.entered.fire()
    let wake = () => {}
    const awake = () => wake()
    this.#readers.add(awake)
    signal.addEventListener("abort", awake)
    try {
      for (;;) {
        while (this.#waiting.length > 0) {
          this.pulled++
          yield this.#waiting.shift() as T
        }
        if (this.#over || signal.aborted) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      this.#readers.delete(awake)
      this.left.fire()
    }
  }
}
