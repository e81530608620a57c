/** Options for TanStack Query: calls as queries and mutations, subscriptions as queries that stay live. */
export type { AnyCall, CallData, CallInput, CallVariables } from "./tanstack-query/call.js"
export type {
  CallInfiniteQuery,
  InfiniteExtras,
  PageOptions,
} from "./tanstack-query/infinite-query.js"
export { infiniteQueryOptions } from "./tanstack-query/infinite-query.js"
export type { Key, KeyEnd, KeyStart } from "./tanstack-query/key.js"
export { queryKey } from "./tanstack-query/key.js"
export type { LiveOptions, LiveQuery } from "./tanstack-query/live.js"
export { liveOptions } from "./tanstack-query/live.js"
export type { CallMutation, MutationExtras } from "./tanstack-query/mutation.js"
export { mutationOptions } from "./tanstack-query/mutation.js"
export type { CallQuery, QueryExtras } from "./tanstack-query/query.js"
export { queryOptions } from "./tanstack-query/query.js"
