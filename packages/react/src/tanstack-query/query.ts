import type {
  DataTag,
  OmitKeyof,
  QueryFunctionContext,
  UnusedSkipTokenOptions,
} from "@tanstack/react-query"
import type { CallOptions, ErrorsOf, FailureWith, ProcedureHandle } from "@trunkline/client"
import type { OnlyInput } from "../procedure.js"
import {
  type AnyCall,
  type CallData,
  type CallInput,
  callHandle,
  idempotencyOf,
  type MakeCall,
} from "./call.js"
import { isInDevelopment } from "./development.js"
import { type Key, wholeKey } from "./key.js"
import { retryOf } from "./retry.js"

/** What else a query of a call takes: the options of TanStack Query, and the `timeout` of the call. */
export type QueryExtras<P, Data> = OmitKeyof<
  UnusedSkipTokenOptions<CallData<P>, FailureWith<ErrorsOf<P>>, Data, Key>,
  "queryKey" | "queryFn"
> &
  Pick<CallOptions, "timeout">

/** Options of a query, for `useQuery`, `useSuspenseQuery`, `prefetchQuery` and the like. */
export type CallQuery<P, Data> = UnusedSkipTokenOptions<
  CallData<P>,
  FailureWith<ErrorsOf<P>>,
  Data,
  Key
> & {
  readonly queryKey: DataTag<Key, CallData<P>, FailureWith<ErrorsOf<P>>>
}

/**
 * A call as a query. It is cancelled with the query, and tried again only if that does no harm: three times,
 * where the handler was never entered, or where the contract calls it `"safe"` or `"idempotent"`. A query is
 * made whenever TanStack Query sees fit; a call without `idempotency` is warned of in development.
 *
 * @throws TypeError for what is no call of a client
 *
 * @example
 * ```tsx
 * const { data } = useQuery(queryOptions(client.hosts.list))
 * const { data: host } = useSuspenseQuery(queryOptions(client.hosts.get, { id }, { staleTime: 5_000 }))
 * ```
 */
export function queryOptions<P extends AnyCall, Data = CallData<P>>(
  procedure: P,
  input: CallInput<P>,
  extras?: QueryExtras<P, Data>,
): CallQuery<P, Data>
export function queryOptions<P extends AnyCall>(
  procedure: P,
  ...input: OnlyInput<CallInput<P>>
): CallQuery<P, CallData<P>>
export function queryOptions(
  procedure: MakeCall,
  input?: unknown,
  { timeout, ...extras }: Pick<CallOptions, "timeout"> = {},
): unknown {
  const handle = callHandle(procedure)
  warnOfUnsafe(handle)
  return {
    retry: retryOf(idempotencyOf(handle)),
    ...extras,
    queryKey: wholeKey(handle.path, input, "query"),
    queryFn: ({ signal }: QueryFunctionContext) => dataOf(procedure(input, { signal, timeout })),
  }
}

/** A cache has no `undefined`. */
export async function dataOf(call: Promise<unknown>): Promise<unknown> {
  const output = await call
  return output === undefined ? null : output
}

const warned = new Set<string>()

/** Where a client has its contract's type alone, nobody here knows. */
export function warnOfUnsafe(handle: ProcedureHandle): void {
  const { path, declared } = handle
  if (declared === undefined || idempotencyOf(handle) || warned.has(path)) return
  if (!isInDevelopment()) return
  warned.add(path)
  // biome-ignore lint/suspicious/noConsole: who develops looks there
  console.warn(
    `trunkline: ${path} is made a query, which is made again at any time, but its contract has no` +
      ` idempotency. Declare it "safe", or make it a mutation.`,
  )
}
