import { type FailureWith, RpcError, type StreamNote } from "@trunkline/client"
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react"
import type { Folding, OtherNote } from "./fold.js"
import { Follower } from "./follower.js"
import { checkedKeep, newest } from "./keep.js"
import {
  type AnySubscription,
  type Arguments,
  type OpenStream,
  type SubscriptionErrors,
  type SubscriptionInput,
  type SubscriptionItem,
  type SubscriptionWhole,
  sourceOf,
  type UsualState,
} from "./procedure.js"
import { isSame } from "./same.js"
import type { Snapshot, SubscriptionStatus } from "./shared-stream.js"

/** How a component follows a subscription. */
export interface ViewOptions {
  /**
   * Items that `items` has at most, the newest.
   * @default 100
   */
  readonly keep?: number | undefined
  /**
   * What is shown stands still. Once all components that share the stream are paused nothing is taken from
   * it, so that its sender waits or skips, as the contract's `delivery` says.
   * @default false
   */
  readonly paused?: boolean | undefined
  /**
   * Of a topic: continues after this cursor. It is read when the component begins to follow; another one
   * later changes nothing. Components with different ones do not share a stream.
   * @default what comes from now on, behind the state where the contract has one
   */
  readonly from?: string | undefined
}

export const defaults = { enabled: true, paused: false, throwOnError: false } as const

/** The same where nothing may have come yet. */
export interface FollowOptions extends ViewOptions {
  /**
   * Whether to follow at all.
   * @default true
   */
  readonly enabled?: boolean | undefined
  /**
   * Has the error of a stream that failed thrown while rendering, for an error boundary. A component that
   * is mounted again begins the stream again.
   * @default false
   */
  readonly throwOnError?: boolean | undefined
}

/**
 * What an item makes of what there was: `undefined` at first, and where the stream has begun anew. It gives
 * another value, and does not change the one it got.
 */
export type Reducer<P, State> = (
  state: State | undefined,
  item: SubscriptionItem<P>,
  cursor: string | undefined,
) => State

/** What items are made into. */
export interface ReduceOptions<P, State> {
  /**
   * What an item makes of what there was. Components that pass the same function share what comes of it:
   * write it outside of them, and one that comes later has all of it.
   */
  readonly reduce?: Reducer<P, State> | undefined
  /**
   * Of a topic with a state: what to make of it, where it replaces what there was.
   * @default the state is taken as it is
   */
  readonly reset?: ((whole: SubscriptionWhole<P>) => NoInfer<State>) | undefined
  /**
   * What a note makes of what there was; `restarted` comes after a `retry` too. Left out, a stream that
   * begins anew begins from nothing with its next item, and other notes change nothing.
   */
  readonly note?:
    | ((state: NoInfer<State> | undefined, note: OtherNote) => NoInfer<State> | undefined)
    | undefined
}

/** What a component needs of what there is; it renders again only when that, or the status, is another. */
export interface SelectOptions<P, State, Data> extends ReduceOptions<P, State> {
  readonly select: (shown: Shown<SubscriptionItem<P>, State | undefined>) => Data
}

/** What `select` selects from. */
export interface Shown<Item, Data> {
  readonly latest: Item | undefined
  readonly items: readonly Item[]
  /** What `reduce` made of the items. */
  readonly data: Data
}

/** How a stream is. */
export interface SubscriptionState<Errors = unknown, Whole = unknown> {
  readonly status: SubscriptionStatus
  /** An item has come, or the state of a topic. */
  readonly arrived: boolean
  /**
   * What is shown may no longer be so: the line is away, the stream failed or begins anew, or its source
   * cannot be reached.
   */
  readonly stale: boolean
  /** Why the stream ended. `INTERNAL` with a `cause`: `reduce`, `reset` or `note` threw it. */
  readonly error: FailureWith<Errors> | undefined
  /** What happened last between items. */
  readonly note: StreamNote<Whole> | undefined
  /** Values that were skipped because this page was slow or away, as the contract allows. */
  readonly dropped: number
  /** Places where items are lost for good. */
  readonly gaps: number
  /** Items that came before this component reduced, and were kept no longer: `reduce` never saw them. */
  readonly missed: number
  /** Begins again a stream that has ended: after its cursor if it has one, or else anew. */
  readonly retry: () => void
}

/** What a component sees of a subscription. The object is another after each change, and never changes. */
export interface SubscriptionView<Item, Errors = unknown, Whole = unknown>
  extends SubscriptionState<Errors, Whole> {
  /** The newest item. */
  readonly latest: Item | undefined
  /** The newest items, oldest first. */
  readonly items: readonly Item[]
  /** Where a topic's stream could be continued, with `from`. */
  readonly cursor: string | undefined
}

export interface ReducedView<Item, Data, Errors = unknown, Whole = unknown>
  extends SubscriptionView<Item, Errors, Whole> {
  /** What `reduce` made of all items. */
  readonly data: Data
}

export interface SelectedView<Data, Errors = unknown, Whole = unknown>
  extends SubscriptionState<Errors, Whole> {
  /** What `select` gave. */
  readonly data: Data
}

/**
 * Follows a subscription for as long as the component is there. All components of a page that follow the
 * same procedure with equal inputs share one stream, which outlives the last of them by a second. However
 * many items come, the component renders at most once a frame.
 *
 * While rendering on a server nothing is opened: `status` is `connecting`, and there are no items.
 *
 * @throws TypeError for what is no subscription of a client, for an input that cannot be sent, and for a
 * `keep` that is no whole number
 *
 * @example
 * ```tsx
 * const { latest, items, status, stale } = useSubscription(client.samples, { hosts }, { keep: 120 })
 * const board = useSubscription(client.orders, undefined, { reduce: (orders = [], change) => apply(orders, change) })
 * const { data: count } = useSubscription(client.alerts, undefined, { select: ({ items }) => items.length })
 * ```
 */
export function useSubscription<P extends AnySubscription, Data, State = UsualState<P>>(
  procedure: P,
  input: SubscriptionInput<P>,
  options: SelectOptions<P, State, Data> & ResetWhereNeeded<P, NoInfer<State>> & FollowOptions,
): SelectedView<Data, SubscriptionErrors<P>, SubscriptionWhole<P>>
export function useSubscription<P extends AnySubscription>(
  procedure: P,
  ...arguments_: Arguments<SubscriptionInput<P>, FollowOptions & Plain>
): SubscriptionView<SubscriptionItem<P>, SubscriptionErrors<P>, SubscriptionWhole<P>>
export function useSubscription<P extends AnySubscription, State = UsualState<P>>(
  procedure: P,
  input: SubscriptionInput<P>,
  options: Reducing<P, State> & FollowOptions,
): ReducedView<SubscriptionItem<P>, State | undefined, SubscriptionErrors<P>, SubscriptionWhole<P>>
export function useSubscription(
  procedure: OpenStream,
  input?: unknown,
  { throwOnError = defaults.throwOnError, ...options }: Following = {},
): unknown {
  const { view } = useFollowed(procedure, input, options)
  if (throwOnError && view.error) throw view.error
  return view
}

/**
 * The same for a component inside of `Suspense`: it is suspended until the stream has brought something, and
 * an error is thrown to the error boundary. While rendering on a server it throws, so that the fallback is
 * sent and the browser goes on.
 *
 * @throws TypeError as `useSubscription` does
 *
 * @example
 * ```tsx
 * const { latest } = useSuspenseSubscription(client.samples, { hosts })
 * ```
 */
export function useSuspenseSubscription<P extends AnySubscription, Data, State = UsualState<P>>(
  procedure: P,
  input: SubscriptionInput<P>,
  options: SelectOptions<P, State, Data> & ResetWhereNeeded<P, NoInfer<State>> & ViewOptions,
): SelectedView<Data, SubscriptionErrors<P>, SubscriptionWhole<P>>
export function useSuspenseSubscription<P extends AnySubscription>(
  procedure: P,
  ...arguments_: Arguments<SubscriptionInput<P>, ViewOptions & Plain>
): SubscriptionView<SubscriptionItem<P>, SubscriptionErrors<P>, SubscriptionWhole<P>>
export function useSuspenseSubscription<P extends AnySubscription, State = UsualState<P>>(
  procedure: P,
  input: SubscriptionInput<P>,
  options: Reducing<P, State> & ViewOptions,
): ReducedView<SubscriptionItem<P>, State, SubscriptionErrors<P>, SubscriptionWhole<P>>
export function useSuspenseSubscription(
  procedure: OpenStream,
  input?: unknown,
  options: Following = {},
): unknown {
  const { view, follower } = useFollowed(procedure, input, options, refuseServer)
  if (view.error) throw view.error
  if (view.arrived) return view
  throw follower.arrival() ?? new RpcError("CLOSED", { message: "it ended before its first item" })
}

/** Nothing is made of the items. */
interface Plain {
  readonly reduce?: undefined
  readonly select?: undefined
}

/** A reduction, with all that it needs. */
export type Reducing<P, State> = ReduceOptions<P, State> & {
  readonly reduce: Reducer<P, State>
  readonly select?: undefined
} & ResetWhereNeeded<P, NoInfer<State>>

/** The state of a topic is no state of the reduction, so something has to make one of it. */
type ResetWhereNeeded<P, State> = [SubscriptionWhole<P>] extends [State | undefined]
  ? unknown
  : { readonly reset: (whole: SubscriptionWhole<P>) => State }

/** The options of all forms. */
interface Following extends FollowOptions {
  readonly reduce?: Folding["reduce"] | undefined
  readonly reset?: Folding["reset"]
  readonly note?: Folding["note"]
  readonly select?: ((shown: Shown<unknown, unknown>) => unknown) | undefined
}

/** What of a snapshot a component sees. */
type View = Pick<Snapshot, keyof SubscriptionState>

interface Followed {
  readonly view: View
  readonly follower: Follower
}

function useFollowed(
  procedure: OpenStream,
  input: unknown,
  { reduce, reset, note, select, ...options }: Following,
  atServer = (): void => {},
): Followed {
  const { enabled = defaults.enabled, paused = defaults.paused } = options
  const keep = checkedKeep(options.keep)
  const source = useMemo(() => sourceOf(procedure, input), [procedure, input])
  const { connection, key } = source
  const folding = useMemo(() => reduce && { reduce, reset, note }, [reduce, reset, note])
  // biome-ignore lint/correctness/useExhaustiveDependencies: of equal keys the first source is as good
  const follower = useMemo(() => new Follower(source, options.from), [connection, key])
  const last = useRef<Followed>(undefined)

  // Before the store is subscribed to, so that it is with what was rendered.
  useEffect(() => follower.wish({ folding, keep, paused }))
  const look = useMemo(() => {
    const shape = shaping(select, keep)
    let [seen, view] = [nothing, shape(nothing)]
    return () => {
      const before = last.current?.follower === follower ? last.current.view : undefined
      if (paused && before) return before
      const snapshot = (enabled ? follower.snapshot(folding) : idle) ?? nothing
      if (snapshot !== seen) [seen, view] = [snapshot, shape(snapshot)]
      if (before && isSame(before, view)) view = before
      return view
    }
  }, [follower, folding, select, keep, enabled, paused])
  const lookAtServer = useMemo(() => {
    const view = shaping(select, keep)(enabled ? nothing : idle)
    return () => {
      atServer()
      return view
    }
  }, [select, keep, enabled, atServer])
  const view = useSyncExternalStore(enabled ? follower.subscribe : notAtAll, look, lookAtServer)
  useEffect(() => {
    last.current = { follower, view }
  }, [follower, view])
  return { view, follower }
}

function refuseServer(): void {
  throw new Error("A subscription is followed in the browser: its Suspense sends the fallback")
}

const notAtAll = () => () => {}

const idle: Snapshot = {
  latest: undefined,
  items: [],
  data: undefined,
  arrived: false,
  cursor: undefined,
  status: "idle",
  stale: false,
  error: undefined,
  note: undefined,
  dropped: 0,
  gaps: 0,
  missed: 0,
  retry: () => {},
}

/** Not opened yet, or never where a server renders. */
const nothing: Snapshot = { ...idle, status: "connecting" }

/** Makes of a snapshot what the component sees of it. */
function shaping(select: Following["select"], keep: number): (snapshot: Snapshot) => View {
  if (!select) {
    return (snapshot) => {
      const items = newest(snapshot.items, keep)
      return items === snapshot.items ? snapshot : { ...snapshot, items }
    }
  }
  return ({ latest, items, cursor: _, data, ...state }) => ({
    ...state,
    data: select({ latest, items: newest(items, keep), data }),
  })
}
