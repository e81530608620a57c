import type {
  DataTag,
  Query,
  QueryClient,
  QueryFunctionContext,
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
 * brought up to date once a frame. The query has its first data with the first item, or with a topic's
 * state; from then on it follows the stream for as long as somebody looks, and a second longer. Who comes
 * later goes on behind the last item if the stream is a topic's, or else begins it anew. A query that is
 * fetched ahead is cancelled when nobody looks and nothing comes for 30 seconds. An error of the stream is
 * one of the query. With another `reduce` the same input is the same query.
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
    queryFn: (context: QueryFunctionContext) => follow(source, folding, context),
    // What is followed is never old; what has ended will not change.
    staleTime: (query: Query) =>
      runs.has(query) || places.get(query)?.done ? Number.POSITIVE_INFINITY : 0,
    // Whoever comes when nobody follows has it followed again, whatever a cache does about other queries.
    refetchOnMount: true,
    // What has not changed is for `reduce` to say.
    structuralSharing: false,
    retry: (failures: number, error: unknown) => retry(failures + earlierOf(error), error),
  }
}

/** The options of all forms. */
interface Given {
  readonly reduce?: Folding["reduce"] | undefined
  readonly reset?: Folding["reset"]
  readonly note?: Folding["note"]
  readonly keep?: number | undefined
}

/** Opening a subscription again does no harm. */
const retry = retryOf("safe")

/** Of an error that is not to be tried again. */
const never = Number.POSITIVE_INFINITY

/** How often the stream of an error had failed before, one soon after the other. */
const earlier = new WeakMap<object, number>()

function earlierOf(error: unknown): number {
  return (error instanceof Error && earlier.get(error)) || 0
}

/** How far the data of a query has got. */
interface Place {
  readonly cursor: string | undefined
  readonly done?: boolean
  /** What its stream ended with, for the next run of the query's function to tell. */
  readonly failure?: RpcError | undefined
  readonly failures?: number
}

const places = new WeakMap<object, Place>()

/** Queries whose stream is open. */
const runs = new WeakMap<object, LiveRun>()

/** Written to the cache without waiting for a frame: so many events wait at most. */
const mostEvents = 256
/** Milliseconds that a stream outlives the last who looked at its query. */
const linger = 1_000
/** Milliseconds that a stream waits for its first item while nobody is seen to look: who suspends is not. */
const lease = 30_000
/** Milliseconds: a stream that lived as long did not fail for the reason of the one before. */
const sound = 30_000

function follow(
  source: Source,
  folding: Folding,
  { client, queryKey, signal }: QueryFunctionContext,
): Promise<unknown> {
  const query = client.getQueryCache().find({ queryKey, exact: true })
  if (!query) return Promise.reject(new TypeError("a live query is in its client's cache"))
  const { failure, ...place } = places.get(query) ?? { cursor: undefined }
  places.set(query, place)
  if (failure) return Promise.reject(failure)
  const open = runs.get(query)
  if (open?.holds(query.state.data)) return open.goOn(signal)
  open?.drop()
  const run = new LiveRun(source, folding, client, query)
  runs.set(query, run)
  return run.goOn(signal)
}

/** Follows a stream for a query, from its first run until it ends or nobody looks any more. */
class LiveRun implements ReadingUser {
  readonly #fold: Fold
  readonly #client: QueryClient
  readonly #query: Query
  readonly #reading: Reading
  readonly #unwatch: () => void
  readonly #first: Promise<unknown>
  /** What was in the cache will do, as soon as the server has taken the stream on. */
  readonly #continues: boolean
  readonly #failures: number
  readonly #begun = performance.now()
  #events: StreamEvent<unknown>[] = []
  #written = false
  #settled = false
  #live = false
  /** A run of the query's function waits for the first data. */
  #awaited = false
  #over: (() => void) | undefined
  #leaving: ReturnType<typeof setTimeout> | undefined
  #resolve = (_data: unknown): void => {}
  #reject = (_error: unknown): void => {}

  constructor(source: Source, folding: Folding, client: QueryClient, query: Query) {
    const { cursor, failures = 0 } = places.get(query) ?? {}
    const has = query.state.data !== undefined
    const from = has ? cursor : undefined
    this.#client = client
    this.#query = query
    this.#failures = failures
    this.#continues = from !== undefined
    this.#fold = new Fold(folding)
    if (has && !from) this.#events.push(restarted)
    this.#first = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#first.catch(() => {})
    this.#reading = new Reading(source.open(from), this)
    this.#unwatch = client.getQueryCache().subscribe((event) => {
      if (event.query !== query) return
      if (event.type === "removed") this.drop()
      else if (event.type.startsWith("observer")) this.#look()
    })
  }

  /** Whether what is in the cache came from here, or nothing has come from here yet. */
  holds(data: unknown): boolean {
    return !this.#written || data !== undefined
  }

  /** For another run of the query's function: gives the first data, or what there is. */
  async goOn(signal: AbortSignal): Promise<unknown> {
    // A run that is cancelled later cancels nothing: it only asks for what there is.
    if (!this.#settled) await this.#begin(signal)
    this.#look()
    return this.#query.state.data
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const cancel = (): void => {
      this.#awaited = false
      if (this.#query.isActive()) this.stop()
      else this.#look()
    }
    this.#awaited = true
    this.#look()
    if (signal.aborted) cancel()
    else signal.addEventListener("abort", cancel)
    await this.#first
    signal.removeEventListener("abort", cancel)
    this.#awaited = false
  }

  stop(): void {
    this.#write()
    clearTimeout(this.#leaving)
    this.#unwatch()
    this.#reading.stop()
    if (runs.get(this.#query) === this) runs.delete(this.#query)
    this.#reject(new RpcError("CANCELLED", { executed: "unknown" }))
  }

  /** The data in the cache is no longer what this makes. */
  drop(): void {
    this.#events = []
    this.stop()
  }

  hear(event: StreamEvent<unknown>): void {
    this.#events.push(event)
    if (this.#events.length >= mostEvents) this.#write()
  }

  live(): void {
    this.#live = true
  }

  ended(error: RpcError | undefined): void {
    this.#over = () => (error ? this.#fail(error) : this.#done())
  }

  show(): void {
    this.#write()
    if (this.#continues && this.#live) this.#settle()
    this.#over?.()
  }

  /** On top of what the cache has: somebody else may have written there. */
  #write(): void {
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    const { queryKey, state: before } = this.#query
    this.#fold.resume(before.data)
    for (const event of events) this.#fold.add(event)
    const { state, error } = this.#fold
    if (error) return this.#fail(error)
    this.#mark({ cursor: this.#reading.cursor })
    if (state === undefined) return
    if (state !== before.data) this.#client.setQueryData(queryKey, state)
    this.#written = true
    this.#settle()
  }

  #settle(): void {
    this.#settled = true
    this.#resolve(undefined)
  }

  /** Nobody may be looking any more, or again. */
  #look(): void {
    clearTimeout(this.#leaving)
    if (this.#query.isActive()) return
    this.#leaving = setTimeout(() => this.#leave(), this.#awaited ? lease : linger)
  }

  /** A component that is suspended all the same learns of it, and has the query fetched again. */
  #leave(): void {
    if (this.#awaited) void this.#query.cancel({ revert: true })
    this.stop()
  }

  #mark(place: Place): void {
    places.set(this.#query, place)
  }

  #done(): void {
    if (!this.#settled) return this.#fail(new RpcError("CLOSED", { message: "it had no item" }))
    this.#mark({ cursor: undefined, done: true })
    this.stop()
  }

  /** A run of the query's function tells of it: TanStack Query knows what to do about an error then. */
  #fail(error: RpcError): void {
    this.#events = []
    const isOwn = error === this.#fold.error
    const failures = performance.now() - this.#begun < sound ? this.#failures + 1 : 0
    const cursor = isOwn || error.code === "GAP" ? undefined : this.#reading.cursor
    if (isOwn) earlier.set(error, never)
    this.#mark({ cursor })
    if (!this.#settled) this.#reject(error)
    else {
      if (!isOwn) earlier.set(error, failures - 1)
      this.#mark({ cursor, failures, failure: error })
    }
    this.stop()
    if (this.#settled && this.#query.isActive()) void this.#tell()
  }

  /** The last run may still be on its way to the cache; it may have been cancelled as well. */
  async #tell(): Promise<void> {
    await this.#query.promise?.catch(() => {})
    // What it fails with is in the query's state.
    await this.#query.fetch().catch(() => {})
  }
}

function listOf(keep: number): Folding {
  return {
    reduce: (items, item) => newest([...(Array.isArray(items) ? items : []), item], keep),
    reset: () => [],
    note: undefined,
  }
}
