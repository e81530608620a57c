import type { OmitKeyof, UseMutationOptions } from "@tanstack/react-query"
import type { CallOptions, ErrorsOf, FailureWith } from "@trunkline/client"
import {
  type AnyCall,
  type CallOutput,
  type CallVariables,
  callHandle,
  idempotencyOf,
  type MakeCall,
} from "./call.js"
import { type KeyStart, queryKey } from "./key.js"
import { retryOf } from "./retry.js"

/** What else a mutation takes: the options of TanStack Query, and the `timeout` of the call. */
export type MutationExtras<P, OnMutate> = OmitKeyof<
  UseMutationOptions<CallOutput<P>, FailureWith<ErrorsOf<P>>, CallVariables<P>, OnMutate>,
  "mutationFn" | "mutationKey"
> &
  Pick<CallOptions, "timeout">

/** Options of a mutation, for `useMutation`. */
export type CallMutation<P, OnMutate> = UseMutationOptions<
  CallOutput<P>,
  FailureWith<ErrorsOf<P>>,
  CallVariables<P>,
  OnMutate
> & { readonly mutationKey: KeyStart }

/**
 * A call as a mutation. It is tried again only if that does no harm, as `queryOptions` says.
 *
 * @throws TypeError for what is no call of a client
 *
 * @example
 * ```tsx
 * const rename = useMutation(mutationOptions(client.hosts.rename))
 * rename.mutate({ id, name })
 * ```
 */
export function mutationOptions<P extends AnyCall, OnMutate = unknown>(
  procedure: P,
  extras?: MutationExtras<P, OnMutate>,
): CallMutation<P, OnMutate>
export function mutationOptions(
  procedure: MakeCall,
  { timeout, ...extras }: Pick<CallOptions, "timeout"> = {},
): unknown {
  const handle = callHandle(procedure)
  return {
    retry: retryOf(idempotencyOf(handle)),
    ...extras,
    mutationKey: queryKey(procedure),
    mutationFn: (input: unknown) => procedure(input, { timeout }),
  }
}
