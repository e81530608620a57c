import type {
  DataTag,
  InfiniteData,
  OmitKeyof,
  QueryFunctionContext,
  UnusedSkipTokenInfiniteOptions,
} from "@tanstack/react-query"
import type { CallOptions, ErrorsOf, FailureWith } from "@trunkline/client"
import {
  type AnyCall,
  type CallData,
  type CallInput,
  callHandle,
  idempotencyOf,
  type MakeCall,
} from "./call.js"
import { type Key, wholeKey } from "./key.js"
import { dataOf, warnOfUnsafe } from "./query.js"
import { retryOf } from "./retry.js"

/** How the pages of a call are asked for. */
export interface PageOptions<P, PageParam> {
  /** The input that asks for a page. Its key is that of the first page's input. */
  readonly input: (pageParam: PageParam) => CallInput<P>
}

/** What an infinite query takes: how pages are asked for, and the options of TanStack Query. */
export type InfiniteExtras<P, Data, PageParam> = OmitKeyof<
  UnusedSkipTokenInfiniteOptions<CallData<P>, FailureWith<ErrorsOf<P>>, Data, Key, PageParam>,
  "queryKey" | "queryFn"
> &
  PageOptions<P, PageParam> &
  Pick<CallOptions, "timeout">

/** Options of a query of pages, for `useInfiniteQuery` and the like. */
export type CallInfiniteQuery<P, Data, PageParam> = UnusedSkipTokenInfiniteOptions<
  CallData<P>,
  FailureWith<ErrorsOf<P>>,
  Data,
  Key,
  PageParam
> & {
  readonly queryKey: DataTag<Key, InfiniteData<CallData<P>, PageParam>, FailureWith<ErrorsOf<P>>>
}

/**
 * A call that gives pages as an infinite query; it is cancelled and tried again as `queryOptions` says.
 *
 * @throws TypeError for what is no call of a client
 *
 * @example
 * ```tsx
 * const log = useInfiniteQuery(
 *   infiniteQueryOptions(client.log.page, {
 *     input: (before: string | undefined) => ({ before, size: 50 }),
 *     initialPageParam: undefined,
 *     getNextPageParam: (page) => page.next,
 *   }),
 * )
 * ```
 */
export function infiniteQueryOptions<
  P extends AnyCall,
  PageParam,
  Data = InfiniteData<CallData<P>, PageParam>,
>(procedure: P, extras: InfiniteExtras<P, Data, PageParam>): CallInfiniteQuery<P, Data, PageParam>
export function infiniteQueryOptions(
  procedure: MakeCall,
  {
    input,
    timeout,
    ...extras
  }: PageOptions<AnyCall, unknown> & {
    readonly timeout?: number | undefined
    readonly initialPageParam?: unknown
  },
): unknown {
  const handle = callHandle(procedure)
  warnOfUnsafe(handle)
  return {
    retry: retryOf(idempotencyOf(handle)),
    ...extras,
    queryKey: wholeKey(handle.path, input(extras.initialPageParam), "infinite"),
    queryFn: ({ signal, pageParam }: QueryFunctionContext<Key, unknown>) =>
      dataOf(procedure(input(pageParam), { signal, timeout })),
  }
}
