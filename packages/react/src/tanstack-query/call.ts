import { type CallOptions, handleOf, type Pending, type ProcedureHandle } from "@trunkline/client"
import type { Idempotency } from "@trunkline/contract"
import { kindOf } from "../procedure.js"

/** A call of a client, of whatever input and output. */
export interface AnyCall {
  (...arguments_: never): Pending<unknown>
  readonly "~call"?: readonly [unknown, unknown, unknown]
  readonly "~upload"?: undefined
}

export type CallInput<P> = P extends { readonly "~call"?: readonly [infer Input, unknown, unknown] }
  ? Input
  : never

/** What a call gives. */
export type CallOutput<P> = P extends {
  readonly "~call"?: readonly [unknown, infer Output, unknown]
}
  ? Output
  : never

/** The same in a cache, which has no `undefined`: a call without output gives `null`. */
export type CallData<P> =
  CallOutput<P> extends infer Output ? (Output extends undefined ? null : Output) : never

/** What a mutation is run with: nothing, where the input may be undefined. */
// biome-ignore lint/suspicious/noConfusingVoidType: so that `mutate` may be called without an argument
export type CallVariables<P> = undefined extends CallInput<P> ? CallInput<P> | void : CallInput<P>

/** A call as it is made, whatever its types. */
export type MakeCall = (input: unknown, options?: CallOptions) => Pending<unknown>

/** @throws TypeError for what is no call of a client */
export function callHandle(procedure: unknown): ProcedureHandle {
  const handle = handleOf(procedure)
  if (handle && kindOf(handle) === "call") return handle
  const { path = "what was passed" } = handle ?? {}
  throw new TypeError(`${path || "the client itself"} is no call of a client`)
}

/** What the contract says of the call; undefined too where the client has its type alone. */
export function idempotencyOf({ declared }: ProcedureHandle): Idempotency | undefined {
  return isObject(declared) ? Reflect.get(declared, "idempotency") : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null
}
