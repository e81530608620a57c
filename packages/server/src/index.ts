/** Who accepts: everything that a service needs, but the runtime it runs in. */
export type { Executed, ReservedCode, RpcErrorOptions } from "@trunkline/contract"
export { RpcError } from "@trunkline/contract"
export type {
  ByteSource,
  CallOptions,
  Claimed,
  Client,
  Completed,
  DuplexStream,
  Handler,
  HandlerRequest,
  Handlers,
  KeyClaim,
  KeyStore,
  Log,
  LogEntry,
  Merge,
  Middleware,
  MiddlewareRequest,
  Observed,
  Observer,
  Passed,
  Pending,
  Result,
  Router,
  Scope,
  SessionInfo,
  Stream,
  StreamOptions,
  UploadOptions,
  Use,
} from "@trunkline/endpoint"
export { chunks, createClient, implement, isRpcError, safe, scope } from "@trunkline/endpoint"
export type { RateLimits } from "@trunkline/protocol"
export type { Host, Transport, TransportEvents } from "@trunkline/transport"
export type {
  Broker,
  BrokerCapabilities,
  BrokerEntry,
  BrokerGap,
  BrokerReader,
  BrokerStep,
} from "./broker/broker.js"
export { readUnits, topicUnits } from "./broker/broker.js"
export type { MemoryBrokerOptions } from "./broker/memory-broker.js"
export { memoryBroker } from "./broker/memory-broker.js"
export type { MemoryKeysOptions } from "./memory-keys.js"
export { memoryKeys } from "./memory-keys.js"
export type {
  CodecName,
  Credentials,
  DrainOptions,
  EntranceLimits,
  Identity,
  MemoryLimits,
  ServeOptions,
  ServerLimits,
  SessionTiming,
  SurroundingOptions,
  ValidationOptions,
} from "./options.js"
export { serve } from "./serve.js"
export type { Server } from "./server.js"
export type { ServerStats, Traffic } from "./stats.js"
export type { BrokerTopic, Topic } from "./topic.js"
export { topic } from "./topic.js"
export type {
  BrokerOptions,
  BrokerTopicOptions,
  SnapshotLoader,
  TopicOptions,
  TopicSnapshot,
} from "./topic-options.js"
export type { UpgradeAnswer, UpgradeOffer, UpgradeRefusal } from "./upgrade.js"
