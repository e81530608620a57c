/** Who dials: everything that a user of a service needs. */
export type { Executed, ReservedCode, RpcErrorOptions } from "@trunkline/contract"
export { RpcError } from "@trunkline/contract"
export type {
  ByteSource,
  CallOptions,
  CallProcedure,
  Client,
  DuplexProcedure,
  DuplexStream,
  ErrorsOf,
  EventSender,
  FailureWith,
  Handler,
  HandlerRequest,
  Handlers,
  Merge,
  Middleware,
  MiddlewareRequest,
  Observed,
  Observer,
  Outline,
  Passed,
  Pending,
  ProcedureHandle,
  ReplayOptions,
  Result,
  Router,
  Scope,
  SessionInfo,
  Stream,
  StreamEvent,
  StreamListeners,
  StreamNote,
  StreamOptions,
  StreamStatus,
  SubscriptionProcedure,
  TopicProcedure,
  TopicStream,
  UploadOptions,
  UploadProcedure,
  Use,
} from "@trunkline/endpoint"
export {
  chunks,
  createClient,
  handleOf,
  implement,
  isRpcError,
  safe,
  scope,
} from "@trunkline/endpoint"
export type { Codec } from "@trunkline/protocol"
export { canonicalText } from "@trunkline/protocol"
export type { Host, WebSocketClass, WebSocketLike } from "@trunkline/transport"
export { connect } from "./connect.js"
export type {
  Connection,
  ConnectionEvents,
  ConnectionInfo,
  LostEvents,
  StateChange,
} from "./connection.js"
export type { ConnectionState } from "./connection-state.js"
export type { ClientLimits, ConnectOptions, QueueOptions, ReconnectOptions } from "./options.js"
