import type { Call, Duplex, EventProcedure, Subscription, Upload } from "./procedure.js"
import type { KnownError, ReservedError } from "./rpc-error.js"
import type { InputOf, OutputOf } from "./schema.js"

/** What the caller of a procedure passes. */
export type Input<P> = P extends
  | Call<infer I>
  | Subscription<infer I>
  | Upload<infer I>
  | Duplex<infer I>
  | EventProcedure<infer I>
  ? InputOf<I>
  : never

/** What a call or an upload resolves to. */
export type Output<P> = P extends Call<infer _I, infer O> | Upload<infer _I, infer _U, infer O>
  ? OutputOf<O>
  : never

/** What a subscription or a duplex yields. */
export type Item<P> =
  P extends Subscription<infer _I, infer T>
    ? OutputOf<T>
    : P extends Duplex<infer _I, infer _U, infer D>
      ? OutputOf<D>
      : never

/** What the caller of an upload or a duplex sends. */
export type Up<P> =
  P extends Upload<infer _I, infer T>
    ? InputOf<T>
    : P extends Duplex<infer _I, infer T>
      ? InputOf<T>
      : never

/** Every error that a procedure may fail with: the declared ones, and those that any may have. */
export type Failure<P> = P extends { readonly errors: infer E }
  ? DeclaredErrors<DataOf<E>> | ReservedError
  : ReservedError

/** The data of each declared error, by code. */
export type DataOf<Errors> = { [Code in keyof Errors]: OutputOf<Errors[Code]> }

/** A union of errors from a map of code to data. */
export type DeclaredErrors<Errors> = {
  [Code in keyof Errors & string]: KnownError<Code, Errors[Code]>
}[keyof Errors & string]
