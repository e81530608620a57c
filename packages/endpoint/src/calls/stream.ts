import type { RpcError } from "@trunkline/contract"

/** How one subscription or duplex differs from the others. */
export interface StreamOptions {
  /** Cancels the stream, here and at the server. */
  readonly signal?: AbortSignal | undefined
}

/** The same where the contract replays. */
export interface ReplayOptions extends StreamOptions {
  /**
   * Continues after this cursor, of an earlier event: one that was kept while the page was loaded again.
   * @default what comes from now on, behind the state where the contract has one
   */
  readonly from?: string | undefined
}

/** Something that happened to a stream between its items (docs/protocol.md, "NOTE"). */
export type StreamNote<State = unknown> =
  /** The session was lost, and the stream began anew. */
  | { readonly type: "restarted" }
  /** Values were skipped because this reader was slow or away, as the contract allows. */
  | { readonly type: "dropped"; readonly count: number }
  /** Items before this cursor are lost; the stream goes on after it. */
  | { readonly type: "gap"; readonly cursor: string }
  /** What came before is replaced by `state`. */
  | { readonly type: "reset"; readonly state: State; readonly cursor: string }
  /** The source cannot be reached for now. */
  | { readonly type: "stalled" }

export type StreamEvent<Item, State = unknown, Cursor = string | undefined> =
  | { readonly item: Item; readonly cursor: Cursor }
  | { readonly note: StreamNote<State> }

/**
 * Who hears a stream. The next event waits for a promise that `item` or `note` returns, and so does the
 * server at last. One that throws or rejects ends the stream.
 */
export interface StreamListeners<Item, State = unknown, Cursor = string | undefined> {
  item(item: Item, cursor: Cursor): unknown
  /** The server has taken the stream on, which may be long before its first item. Told once. */
  live?: (() => void) | undefined
  note?: ((note: StreamNote<State>) => unknown) | undefined
  /** Left out, an error goes to the connection's `error` event. */
  error?: ((error: RpcError) => void) | undefined
  done?: (() => void) | undefined
}

/**
 * - `idle`: nobody reads it yet, and nothing was sent
 * - `connecting`: it waits for the server, or for the line
 * - `live`: items come as they happen
 * - `ended`: it is done, failed or was cancelled; what had arrived may still be read
 */
export type StreamStatus = "idle" | "connecting" | "live" | "ended"

/**
 * Values from the server. Cold until it is iterated or subscribed to, and read once: by `for await`, by
 * `events()`, or by `subscribe()`.
 *
 * @example
 * ```ts
 * for await (const sample of client.samples({ hosts: ["a"] })) draw(sample)   // break cancels
 * ```
 */
export interface Stream<Item, Errors = unknown> extends AsyncIterable<Item, void, undefined> {
  /** Items with their cursors, and the notes between them. */
  events(): AsyncIterableIterator<StreamEvent<Item>, void, undefined>
  /**
   * Listens until the stream ends; the result stops it.
   *
   * @throws TypeError for listeners that are no functions
   */
  subscribe(listeners: StreamListeners<Item>): () => void
  /** Stops the stream, here and at the server. Its reader sees the end. */
  cancel(): void
  /** Where the stream can be continued; only where the contract replays. */
  readonly cursor: string | undefined
  readonly status: StreamStatus
  readonly "~errors"?: Errors
}

/**
 * Items in both directions. What the other side sends is read as that of any stream; `send` has room as the
 * other side takes. Nothing is sent before somebody reads or sends.
 *
 * @example
 * ```ts
 * const shell = client.shell({ host: "a" })
 * void (async () => {
 *   for await (const key of keys) await shell.send(key)
 *   shell.finish()
 * })()
 * for await (const screen of shell) draw(screen)
 * ```
 */
export interface DuplexStream<Up, Down, Errors = unknown> extends Stream<Down, Errors> {
  /**
   * Sends an item, behind those that were sent before. Resolves when it is on its way; until then it may
   * not change. Await it, or the pace of the other side is not felt: at most 256 may wait.
   *
   * Rejects with an RpcError, and nothing of the item is sent: with the one that ended the stream; with
   * `CLOSED` behind `finish`, or when the other side has ended; with `UNENCODABLE` or `TOO_LARGE` for an
   * item that cannot be sent; with `SLOW_CONSUMER` when too many wait. After the last two the stream goes on.
   */
  send(item: Up): Promise<void>
  /** No item comes after those that were sent. What the other side sends is read as before. */
  finish(): void
}

/**
 * The same where the contract replays: every item has the cursor after which a later stream continues,
 * with the option `from`.
 *
 * @example
 * ```ts
 * for await (const event of client.alerts(undefined, { from: saved }).events()) {
 *   if ("item" in event) save(event.item, event.cursor)
 * }
 * ```
 */
export interface TopicStream<Item, Errors = unknown, State = unknown> extends Stream<Item, Errors> {
  events(): AsyncIterableIterator<StreamEvent<Item, State, string>, void, undefined>
  subscribe(listeners: StreamListeners<Item, State, string>): () => void
  /**
   * After what its reader has taken, and nothing later: what still waits here comes again to a stream
   * that continues from it. Undefined until the server has said where the stream begins.
   */
  readonly cursor: string | undefined
}

const heardBy = "which events() tells, and the note of subscribe()"

/**
 * Why a note ends a stream whose reader has no ear for it: the consumer has to know of it to be right
 * about what it has. `undefined` for a note that ends nothing.
 */
export function lossUnheard({ type }: StreamNote): { readonly why: string } | undefined {
  if (type === "gap") return { why: `items were lost, ${heardBy}` }
  return type === "reset" ? { why: `a state came, ${heardBy}` } : undefined
}
