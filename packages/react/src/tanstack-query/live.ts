import type {
  DataTag,
  Query,
  QueryClient,
  QueryFunctionContext,
  QueryKey,
  UnusedSkipTokenOptions,
} from "@tanstack/react-query"
import { type FailureWith, RpcError, type StreamEvent } from "@trunkline/client"
import { Fold, type Folding, restarted } from "../fold.js"
import { checkedKeep, newest } from "../keep.js"
import {
  type AnySubscription,
  type OnlyInput,
  type OpenStream,
  type Source,
  type SubscriptionErrors,
  type SubscriptionInput,
  type SubscriptionItem,
  sourceOf,
  type UsualState,
} from "../procedure.js"
import { Reading, type ReadingUser } from "../reading.js"
import type { Reducing } from "../subscription.js"
import { type Key, wholeKey } from "./key.js"
import { retryOf } from "./retry.js"

/** How a subscription is kept in a cache. */
export interface LiveOptions {
  /**
   * Items that the list has at most, the newest.
   * @default 100
   */
  readonly keep?: number | undefined
  readonly reduce?: undefined
}

/** Options of a query whose data follows a subscription. */
export type LiveQuery<P, State> = UnusedSkipTokenOptions<
  State,
  FailureWith<SubscriptionErrors<P>>,
  State,
  Key
> & {
  readonly queryKey: DataTag<Key, State, FailureWith<SubscriptionErrors<P>>>
}

/**
 * A subscription as a query: its data is what `reduce` makes of the items, or else a list of the newest,
 * brought up to date once a frame. The query succeeds with the first item, or with a topic's state, and is
 * `fetching` for as long as the stream is open. It is left with the query's last observer, and the next one
 * goes on behind the last item if the stream is a topic's, or else begins it anew. With another `reduce` the
 * same input is the same query.
 *
 * @throws TypeError for what is no subscription of a client
 *
 * @example
 * ```tsx
 * const { data } = useQuery(liveOptions(client.alerts))
 * const { data: orders } = useSuspenseQuery(
 *   liveOptions(client.orders, undefined, { reduce: (orders = [], change) => apply(orders, change) }),
 * )
 * ```
 */
export function liveOptions<P extends AnySubscription>(
  procedure: P,
  ...input: OnlyInput<SubscriptionInput<P>>
): LiveQuery<P, readonly SubscriptionItem<P>[]>
export function liveOptions<P extends AnySubscription>(
  procedure: P,
  input: SubscriptionInput<P>,
  options?: LiveOptions,
): LiveQuery<P, readonly SubscriptionItem<P>[]>
export function liveOptions<P extends AnySubscription, State = UsualState<P>>(
  procedure: P,
  input: SubscriptionInput<P>,
  options: Reducing<P, State>,
): LiveQuery<P, NoInfer<State>>
export function liveOptions(
  procedure: OpenStream,
  input?: unknown,
  { reduce, reset, note, keep }: Given = {},
): unknown {
  const source = sourceOf(procedure, input)
  const folding = reduce ? { reduce, reset, note } : listOf(checkedKeep(keep))
  return {
    queryKey: wholeKey(source.path, input, "live"),
    queryFn: (context: QueryFunctionContext) => new LiveRun(source, folding, context).result,
    // Its stream is opened again by whoever comes next, unless it had come to its end.
    staleTime: (query: Query) => (places.get(query)?.done ? Number.POSITIVE_INFINITY : 0),
    // What has not changed is for `reduce` to say.
    structuralSharing: false,
    retry: (failures: number, error: unknown) => !isOwn(error) && retryOf("safe")(failures, error),
  }
}

/** Errors of the application's own functions: the next attempt would end with the same. */
const own = new WeakSet<object>()

function isOwn(error: unknown): boolean {
  return error instanceof Error && own.has(error)
}

/** The options of all forms. */
interface Given {
  readonly reduce?: Folding["reduce"] | undefined
  readonly reset?: Folding["reset"]
  readonly note?: Folding["note"]
  readonly keep?: number | undefined
}

/** How far the data of a query has got. */
interface Place {
  readonly cursor: string | undefined
  readonly done: boolean
}

const places = new WeakMap<object, Place>()

/** Written to the cache without waiting for a frame: so many events wait at most. */
const mostEvents = 256

/** One run of a live query's function: from an observer's coming until the stream ends, or nobody looks. */
class LiveRun implements ReadingUser {
  readonly result: Promise<unknown>
  readonly #fold: Fold
  readonly #client: QueryClient
  readonly #key: QueryKey
  readonly #reading: Reading
  #events: StreamEvent<unknown>[] = []
  #over: (() => void) | undefined
  #resolve = (_data: unknown): void => {}
  #reject = (_error: unknown): void => {}

  constructor(
    source: Source,
    folding: Folding,
    { client, queryKey, signal }: QueryFunctionContext,
  ) {
    this.#client = client
    this.#key = queryKey
    this.#fold = new Fold(folding)
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const query = this.#query
    const has = query?.state.data !== undefined
    const from = has ? places.get(query)?.cursor : undefined
    if (has && from === undefined) this.#events.push(restarted)
    this.#reading = new Reading(source.open(from), this)
    if (signal.aborted) this.#leave()
    else signal.addEventListener("abort", () => this.#leave())
  }

  hear(event: StreamEvent<unknown>): void {
    this.#events.push(event)
    if (this.#events.length >= mostEvents) this.#write()
  }

  live(): void {}

  ended(error: RpcError | undefined): void {
    this.#over = () => {
      if (error) this.#fail(error)
      else this.#done()
    }
  }

  show(): void {
    this.#write()
    this.#over?.()
  }

  get #query(): Query | undefined {
    return this.#client.getQueryCache().find({ queryKey: this.#key, exact: true })
  }

  /** On top of what the cache has: somebody else may have written there. */
  #write(): void {
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    this.#fold.resume(this.#client.getQueryData(this.#key))
    for (const event of events) this.#fold.add(event)
    const { state, error } = this.#fold
    if (state !== undefined) this.#client.setQueryData(this.#key, state)
    this.#mark(this.#reading.cursor, false)
    if (error) this.#fail(error)
  }

  #mark(cursor: string | undefined, done: boolean): void {
    const query = this.#query
    if (query) places.set(query, { cursor, done })
  }

  #done(): void {
    const data = this.#client.getQueryData(this.#key)
    this.#mark(undefined, data !== undefined)
    if (data !== undefined) this.#resolve(data)
    else this.#fail(new RpcError("CLOSED", { message: "it ended before its first item" }))
  }

  #fail(error: RpcError): void {
    if (this.#fold.error) own.add(error)
    if (error.code === "GAP" || this.#fold.error) this.#mark(undefined, false)
    this.#reading.stop()
    this.#reject(error)
  }

  /** Nobody looks any more; what has arrived is kept, with its place. */
  #leave(): void {
    this.#write()
    this.#reading.stop()
    this.#resolve(this.#client.getQueryData(this.#key) ?? null)
  }
}

function listOf(keep: number): Folding {
  return {
    reduce: (items, item) => newest([...(Array.isArray(items) ? items : []), item], keep),
    reset: () => [],
    note: undefined,
  }
}
