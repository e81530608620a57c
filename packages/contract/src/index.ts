/** What is said: procedures as plain data, the types that come of them, and the error they fail with. */
export type { Executed, ReservedCode } from "@trunkline/protocol"
export { contract, isPossibleName, isProcedure, pathOf, procedures } from "./contract.js"
export type { ContractDescription, JsonSchema, ProcedureDescription } from "./describe.js"
export { describe, fingerprint } from "./describe.js"
export type { DataOf, DeclaredErrors, Failure, Input, Item, Output, Up } from "./infer.js"
export type {
  Call,
  ConflateBy,
  Delivery,
  Duplex,
  ErrorSchemas,
  EventProcedure,
  Idempotency,
  OnCrash,
  OnGap,
  Procedure,
  Subscription,
  ThisCodeIsReserved,
  Upload,
} from "./procedure.js"
export { call, duplex, event, subscription, upload } from "./procedure.js"
export type { KnownError, ReservedError, RpcErrorOptions } from "./rpc-error.js"
export { isAnyRpcError, RpcError } from "./rpc-error.js"
export type { AnySchema, InputOf, Issue, NotASchema, OutputOf, Validated } from "./schema.js"
export { validate } from "./schema.js"
