/** What either side can do: call, and serve. `@trunkline/client` and `@trunkline/server` hand it on. */

export { callUser } from "@trunkline/transport"
export type { ByteSource } from "./calls/chunks.js"
export { chunks } from "./calls/chunks.js"
export type {
  Arguments,
  CallProcedure,
  Client,
  ContractNeeded,
  DuplexProcedure,
  EventSender,
  Outline,
  OutlineNeeded,
  SubscriptionProcedure,
  TopicProcedure,
  UploadProcedure,
} from "./calls/client.js"
export { createClient } from "./calls/client.js"
export { toError } from "./calls/failure.js"
export type { ProcedureHandle } from "./calls/handle.js"
export { handleOf } from "./calls/handle.js"
export type { CallOptions, Pending } from "./calls/pending.js"
export { defaultTimeout } from "./calls/pending.js"
export type { ErrorsOf, FailureWith, Result } from "./calls/result.js"
export { isRpcError, safe } from "./calls/result.js"
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
} from "./calls/stream.js"
export type { UploadOptions } from "./calls/upload.js"
export { checkedNumber } from "./checked-number.js"
export { planOf } from "./dispatch/delivery.js"
export type { Callee, DispatchCounts, DispatchOptions, DispatchRefusal } from "./dispatch/desk.js"
export { Dispatcher } from "./dispatch/dispatcher.js"
export { isSchema } from "./dispatch/served.js"
export type {
  Awaitable,
  ErrorMakers,
  Handler,
  HandlerFor,
  HandlerRequest,
  Handlers,
  SessionInfo,
} from "./handlers/handler.js"
export type { Merge, Middleware, Use } from "./handlers/middleware.js"
export type { Sink } from "./handlers/push-source.js"
export { PushSource } from "./handlers/push-source.js"
export type {
  ReplayEntry,
  ReplayReader,
  ReplaySnapshot,
  ReplayStep,
} from "./handlers/replay-source.js"
export { ReplaySource } from "./handlers/replay-source.js"
export type { MiddlewareRequest, Next, Passed } from "./handlers/request.js"
export type { Entry, Router } from "./handlers/router.js"
export type { Observed, Observer } from "./handlers/watch.js"
export { checkObserver } from "./handlers/watch.js"
export { implement } from "./implement.js"
export { issueText } from "./issue-text.js"
export type { Claimed, Completed, KeyClaim, KeyStore } from "./keys/key-store.js"
export { KeyedCalls } from "./keys/keyed-calls.js"
export type { Caller, Line } from "./line.js"
export type { Log, LogEntry } from "./log.js"
export type { Scope } from "./scope.js"
export { scope } from "./scope.js"
export type { Service, ServiceCounts, ServiceOptions } from "./service.js"
export { SessionHandle } from "./session-handle.js"
export type { LineOwner } from "./session-line.js"
export { SessionLine } from "./session-line.js"
export { within } from "./within.js"
