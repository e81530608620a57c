import { isRpcError, type RpcError, type StreamEvent, type StreamNote } from "@trunkline/client"
import { nextFrame } from "./frame.js"
import type { Hold } from "./hold.js"

/** How the items of a stream become what the page shows. */
export interface Folding<Item, State, Whole = unknown> {
  readonly empty: State
  /** What the items that came since the last frame make of the state. */
  add(state: State, items: readonly Received<Item>[]): State
  /** All that the stream's log comes to takes the place of what came before. */
  replace?(whole: Whole): State
  /** Items were lost for good between those that came and those that will. */
  gap?(state: State, cursor: string): State
  /** The stream begins anew, with all that a page needs: what is kept of the state until then. */
  anew(state: State): State
}

/** An item, and where it stands in its log if it stands in one. */
export interface Received<Item> {
  readonly item: Item
  readonly cursor: string | undefined
}

/** A stream, of a log or not. */
export interface Followable<Item, Whole> {
  events(): AsyncIterable<StreamEvent<Item, Whole>>
  cancel(): void
  /** Where it could be continued. */
  readonly cursor?: string | undefined
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
export class StreamStore<Item, State, Whole = unknown> implements Followed<State> {
  readonly #open: () => Followable<Item, Whole>
  readonly #folding: Folding<Item, State, Whole>
  /** Tells of a note that its reader may want to know of. */
  readonly #tell: (note: StreamNote<Whole>) => void
  readonly #hold: Hold
  readonly #listeners = new Set<() => void>()
  #stream: Followable<Item, Whole> | undefined
  #view: StreamView<State>
  #batch: Received<Item>[] = []
  #dropped = 0
  #error: RpcError | undefined
  #state: State
  #frame: Promise<void> | undefined

  constructor(
    open: () => Followable<Item, Whole>,
    folding: Folding<Item, State, Whole>,
    hold: Hold,
    tell: (note: StreamNote<Whole>) => void = () => {},
  ) {
    this.#tell = tell
    this.#open = open
    this.#folding = folding
    this.#hold = hold
    this.#state = folding.empty
    this.#view = { state: folding.empty, dropped: 0, error: undefined }
  }

  readonly view = (): StreamView<State> => this.#view

  /** Where a stream of a log could be continued: behind what was taken from it. */
  get cursor(): string | undefined {
    return this.#stream?.cursor
  }

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

  async #read(stream: Followable<Item, Whole>): Promise<void> {
    try {
      for await (const event of stream.events()) {
        if (this.#hold.until) await this.#hold.until
        if (this.#stream !== stream) return
        if ("note" in event) this.#hear(event.note)
        else this.#batch.push(event)
        const frame = this.#soon()
        if (this.#batch.length >= mostInFrame) await frame
      }
    } catch (error) {
      if (this.#stream === stream && isRpcError(error)) this.#failed(error)
    }
  }

  #hear(note: StreamNote<Whole>): void {
    this.#tell(note)
    switch (note.type) {
      case "dropped":
        this.#dropped += note.count
        return
      case "restarted":
        return this.#anew()
      case "reset":
        this.#batch = []
        this.#state = this.#folding.replace?.(note.state) ?? this.#state
        return
      case "gap":
        this.#fold()
        this.#state = this.#folding.gap?.(this.#state, note.cursor) ?? this.#state
    }
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
