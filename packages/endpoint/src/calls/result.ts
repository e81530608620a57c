import {
  type DeclaredErrors,
  isAnyRpcError,
  type ReservedError,
  RpcError,
} from "@trunkline/contract"
import type { Pending } from "./pending.js"

export type Result<Output, Failed> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly error: Failed }

/** Every error that a call with these declared errors may fail with. */
export type FailureWith<Errors> = DeclaredErrors<Errors> | ReservedError

/**
 * The outcome of a call as a value: nothing is thrown, and the errors that the contract declares are
 * typed.
 *
 * @example
 * ```ts
 * const result = await safe(client.hosts.rename({ id: "x", name: "y" }))
 * if (!result.ok && result.error.code === "HOST_UNKNOWN") result.error.data.id
 * ```
 */
export function safe<Output, Errors>(
  call: Pending<Output, Errors>,
): Promise<Result<Output, FailureWith<Errors>>>
export async function safe(call: Promise<unknown>): Promise<Result<unknown, RpcError>> {
  try {
    return { ok: true, value: await call }
  } catch (error) {
    if (isAnyRpcError(error)) return { ok: false, error }
    return { ok: false, error: new RpcError("INTERNAL", { cause: error }) }
  }
}

/** The errors of a procedure of a client. */
export type ErrorsOf<P> = P extends {
  readonly "~call"?: readonly [unknown, unknown, infer Errors]
}
  ? Errors
  : P extends { readonly "~subscription"?: readonly [unknown, unknown, infer Errors] }
    ? Errors
    : P extends { readonly "~upload"?: readonly [unknown, unknown, unknown, infer Errors] }
      ? Errors
      : P extends { readonly "~duplex"?: readonly [unknown, unknown, unknown, infer Errors] }
        ? Errors
        : unknown

/**
 * Whether a caught value is a failure of a call or stream. With the procedure that was called, its
 * declared errors are typed.
 *
 * @example
 * ```ts
 * if (isRpcError(caught, client.hosts.rename) && caught.code === "HOST_UNKNOWN") caught.data.id
 * ```
 */
export function isRpcError<P = unknown>(
  caught: unknown,
  _procedure?: P,
): caught is FailureWith<ErrorsOf<P>> {
  return isAnyRpcError(caught)
}
