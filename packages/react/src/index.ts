/** Hooks: a connection, a call and a subscription as components need them. */
export type { CallState, UseCallOptions } from "./call.js"
export { useCall } from "./call.js"
export type { ConnectionOptions, ConnectionView } from "./connection.js"
export { useConnection, useConnectionInfo } from "./connection.js"
export type { OtherNote } from "./fold.js"
export type {
  AnySubscription,
  SubscriptionErrors,
  SubscriptionInput,
  SubscriptionItem,
  SubscriptionWhole,
  UsualState,
} from "./procedure.js"
export type { SubscriptionStatus } from "./shared-stream.js"
export type {
  FollowOptions,
  ReducedView,
  ReduceOptions,
  Reducer,
  SelectedView,
  SelectOptions,
  Shown,
  SubscriptionState,
  SubscriptionView,
  ViewOptions,
} from "./subscription.js"
export { useSubscription, useSuspenseSubscription } from "./subscription.js"
