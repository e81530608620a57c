import { isRpcError, type RpcError, type Stream, type StreamNote } from "@trunkline/client"
import { nextFrame } from "./frame.js"
import type { Hold } from "./hold.js"

/** How the items of a stream become what the page shows. */
export interface Folding<Item, State> {
  readonly empty: State
  /** What the items that came since the last frame make of the state. */
  add(state: State, items: readonly Item[]): State
  /** The stream begins anew, with all that a page needs: what is kept of the state until then. */
  anew(state: State): State
}

/** What a component sees of a stream; replaced at most once a frame. */
export interface StreamView<State> {
  readonly state: State
  /** Values that were skipped, as the contract allows, because this page was slow or away. */
  readonly dropped: number
  /** The stream ended with it. */
  readonly error: RpcError | undefined
}

/** What components need of a store, whatever its items are. */
export interface Followed<State> {
  readonly view: () => StreamView<State>
  /** The result stops it. */
  readonly subscribe: (changed: () => void) => () => void
  /** Begins, or begins anew. */
  begin(): void
}

/** Taken in a row without a frame in between: beyond it the sender has to wait for us. */
const mostInFrame = 256

/**
 * A subscription outside of React, in the shape that `useSyncExternalStore` wants. It is open while
 * somebody looks at it, one stream however many they are.
 *
 * It iterates instead of listening, because only a loop can wait: for a frame, or for the hold. While it
 * waits nothing piles up here; the server is told by missing credit, and does what the contract's
 * `delivery` says.
 */
export class StreamStore<Item, State> implements Followed<State> {
  readonly #open: () => Stream<Item>
  readonly #folding: Folding<Item, State>
  readonly #hold: Hold
  readonly #listeners = new Set<() => void>()
  #stream: Stream<Item> | undefined
  #view: StreamView<State>
  #batch: Item[] = []
  #dropped = 0
  #error: RpcError | undefined
  #state: State
  #frame: Promise<void> | undefined

  constructor(open: () => Stream<Item>, folding: Folding<Item, State>, hold: Hold) {
    this.#open = open
    this.#folding = folding
    this.#hold = hold
    this.#state = folding.empty
    this.#view = { state: folding.empty, dropped: 0, error: undefined }
  }

  readonly view = (): StreamView<State> => this.#view

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (!this.#stream) this.begin()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#end()
    }
  }

  begin(): void {
    this.#end()
    this.#error = undefined
    this.#anew()
    this.#stream = this.#open()
    void this.#read(this.#stream)
  }

  #end(): void {
    this.#stream?.cancel()
    this.#stream = undefined
  }

  async #read(stream: Stream<Item>): Promise<void> {
    try {
      for await (const event of stream.events()) {
        if (this.#hold.until) await this.#hold.until
        if (this.#stream !== stream) return
        if ("note" in event) this.#hear(event.note)
        else this.#batch.push(event.item)
        const frame = this.#soon()
        if (this.#batch.length >= mostInFrame) await frame
      }
    } catch (error) {
      if (this.#stream === stream && isRpcError(error)) this.#failed(error)
    }
  }

  #hear(note: StreamNote): void {
    if (note.type === "dropped") this.#dropped += note.count
    if (note.type === "restarted") this.#anew()
  }

  /** Whoever was away for so long that the server has forgotten what comes next gets what it has. */
  #failed(error: RpcError): void {
    if (error.code === "FELL_BEHIND") return this.begin()
    this.#error = error
    void this.#soon()
  }

  #anew(): void {
    this.#fold()
    this.#state = this.#folding.anew(this.#state)
  }

  #fold(): void {
    if (this.#batch.length === 0) return
    this.#state = this.#folding.add(this.#state, this.#batch)
    this.#batch = []
  }

  #soon(): Promise<void> {
    this.#frame ??= nextFrame().then(() => this.#show())
    return this.#frame
  }

  #show(): void {
    this.#frame = undefined
    this.#fold()
    this.#view = { state: this.#state, dropped: this.#dropped, error: this.#error }
    for (const listener of this.#listeners) listener()
  }
}
