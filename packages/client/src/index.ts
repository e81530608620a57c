/** Who dials: everything that a user of a service needs. */
export type { Executed, ReservedCode, RpcErrorOptions } from "@trunkline/contract"
export { RpcError } from "@trunkline/contract"
export type {
  CallOptions,
  CallProcedure,
  Client,
  ErrorsOf,
  EventSender,
  FailureWith,
  Observed,
  Observer,
  Outline,
  Pending,
  ReplayOptions,
  Result,
  Stream,
  StreamEvent,
  StreamListeners,
  StreamNote,
  StreamOptions,
  StreamStatus,
  SubscriptionProcedure,
  TopicProcedure,
  TopicStream,
} from "@trunkline/endpoint"
export { createClient, isRpcError, safe } from "@trunkline/endpoint"
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
export type { ConnectOptions, QueueOptions, ReconnectOptions } from "./options.js"
