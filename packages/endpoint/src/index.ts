/** What either side can do: call, and serve. `@trunkline/client` and `@trunkline/server` hand it on. */

export { callUser } from "@trunkline/transport"
export { checkedNumber } from "./checked-number.js"
export type { ByteSource } from "./chunks.js"
export { chunks } from "./chunks.js"
export type {
  Arguments,
  CallProcedure,
  Client,
  DuplexProcedure,
  EventSender,
  Outline,
  OutlineNeeded,
  SubscriptionProcedure,
  TopicProcedure,
  UploadProcedure,
} from "./client.js"
export { createClient } from "./client.js"
export { planOf } from "./delivery.js"
export type { Callee, DispatchCounts, DispatchOptions, DispatchRefusal } from "./desk.js"
export { Dispatcher } from "./dispatcher.js"
export { toError } from "./failure.js"
export type {
  Awaitable,
  ErrorMakers,
  Handler,
  HandlerFor,
  HandlerRequest,
  Handlers,
  SessionInfo,
} from "./handler.js"
export { implement } from "./implement.js"
export type { Claimed, Completed, KeyClaim, KeyStore } from "./key-store.js"
export { KeyedCalls } from "./keyed-calls.js"
export type { Caller, Line } from "./line.js"
export type { Log, LogEntry } from "./log.js"
export type { Merge, Middleware, Use } from "./middleware.js"
export type { CallOptions, Pending } from "./pending.js"
export { defaultTimeout } from "./pending.js"
export type { Sink } from "./push-source.js"
export { PushSource } from "./push-source.js"
export type { ReplayEntry, ReplayReader, ReplaySnapshot, ReplayStep } from "./replay-source.js"
export { ReplaySource } from "./replay-source.js"
export type { MiddlewareRequest, Next, Passed } from "./request.js"
export type { ErrorsOf, FailureWith, Result } from "./result.js"
export { isRpcError, safe } from "./result.js"
export type { Entry, Router } from "./router.js"
export type { Scope } from "./scope.js"
export { scope } from "./scope.js"
export { isSchema } from "./served.js"
export type { Service, ServiceCounts, ServiceOptions } from "./service.js"
export { SessionHandle } from "./session-handle.js"
export type { LineOwner } from "./session-line.js"
export { SessionLine } from "./session-line.js"
export type {
  DuplexStream,
  ReplayOptions,
  Stream,
  StreamEvent,
  StreamListeners,
  StreamNote,
  StreamOptions,
  StreamStatus,
  TopicStream,
} from "./stream.js"
export type { UploadOptions } from "./upload.js"
export type { Observed, Observer } from "./watch.js"
