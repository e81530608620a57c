import type { Executed, ReservedCode } from "@trunkline/protocol"
import type { Issue } from "./schema.js"

const brand = Symbol.for("trunkline.error")

/** What an error is made of beside its code. */
export interface RpcErrorOptions {
  /** @default the code */
  readonly message?: string | undefined
  readonly data?: unknown
  readonly cause?: unknown
  /** @default "unknown" */
  readonly executed?: Executed | undefined
  /** @default none: it is set where an error arrives */
  readonly correlationId?: string | undefined
}

/**
 * Any failure of a call or a stream. A handler throws one to answer with a reserved code, for instance
 * `new RpcError("FORBIDDEN")`; errors that the contract declares are made by the `errors` of its request.
 *
 * Recognise it by `isRpcError`, not by `instanceof`: a program may contain this class twice.
 */
export class RpcError extends Error {
  readonly code: string
  /** What the contract declares for this code; the issues of a `VALIDATION`. */
  readonly data: unknown
  /**
   * Whether the handler was entered: `"no"` and `"yes"` are never wrong, `"unknown"` means that it may
   * have been and that its end was not seen.
   */
  readonly executed: Executed
  /** Session and channel: names the call in the log lines of both sides, once it was sent. */
  readonly correlationId: string | undefined

  constructor(code: string, options: RpcErrorOptions = {}) {
    super(options.message ?? code, "cause" in options ? { cause: options.cause } : undefined)
    this.name = "RpcError"
    this.code = code
    this.data = options.data
    this.executed = options.executed ?? "unknown"
    this.correlationId = options.correlationId
    Object.defineProperty(this, brand, { value: true })
  }
}

/** An RpcError whose code and data are known to the compiler. */
export interface KnownError<Code extends string, Data> extends RpcError {
  readonly code: Code
  readonly data: Data
}

/** The failures that any procedure may have. */
export type ReservedError =
  | KnownError<"VALIDATION", { readonly issues: readonly Issue[] } | undefined>
  | KnownError<Exclude<ReservedCode, "VALIDATION">, undefined>

/** Whether a caught value is an RpcError, of whichever copy of this package. */
export function isAnyRpcError(caught: unknown): caught is RpcError {
  return typeof caught === "object" && caught !== null && brand in caught
}
