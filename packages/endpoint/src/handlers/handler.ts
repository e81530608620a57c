import type {
  Call,
  Duplex,
  EventProcedure,
  InputOf,
  OutputOf,
  Procedure,
  RpcError,
  Subscription,
  Upload,
} from "@trunkline/contract"
import type { Caller } from "../line.js"
import type { ReplaySource } from "./replay-source.js"

export type Awaitable<T> = T | Promise<T>

/**
 * Who is at the other end, and the way there: `createClient(viewer, session)` calls it back. It is one and
 * the same object for all requests of a session, and may be kept; calls through it end with `CLOSED` once
 * the session is over.
 */
export interface SessionInfo extends Caller {
  /** The session's id: public, and in every log line of both sides. */
  readonly id: string
  /**
   * Whose session it is: what `authenticate` said; an anonymous client has a name of its own, which
   * begins with `anonymous:`. At a client: what its server calls that.
   */
  readonly principal: string
  /** The address of the current socket, as the adapter knows it; at a client, that of its server. */
  readonly remote: string | undefined
  /** Fires when the session is over. */
  readonly signal: AbortSignal
}

/** What a handler gets. Take out what you need: `({ input, context }) => …`. */
export interface HandlerRequest<Input, Context, Errors, Items = undefined> {
  /** What the contract's schema made of the caller's input. */
  readonly input: Input
  /** What `authenticate` and the middleware know of the caller. */
  readonly context: Context
  /** Fires when nobody waits for the outcome any more: cancelled, deadline passed, session over. */
  readonly signal: AbortSignal
  /** Makes the errors that the contract declares: `throw errors.HOST_UNKNOWN({ id })`. */
  readonly errors: Errors
  /**
   * What the caller of an upload or a duplex sends, checked; undefined elsewhere. Read it at your own pace:
   * that is felt by the caller. It ends when the caller has ended; when the caller leaves, it throws.
   */
  readonly items: Items
  readonly session: SessionInfo
  /** The dotted path of the procedure. */
  readonly path: string
  /** Session and channel: names this call in the log lines of both sides. */
  readonly correlationId: string
  /**
   * Of a call with `idempotency: "key"`: the same for every attempt of one call and for no other call, 43
   * characters. Write it in the transaction that does the call's work, with a unique index: nothing else
   * keeps a run apart from one whose server was taken for dead. Else undefined.
   */
  readonly idempotencyKey: string | undefined
}

/** One interface for all kinds; what it returns is the kind's. */
export type Handler<Input, Returned, Context, Errors, Items = undefined> = (
  request: HandlerRequest<Input, Context, Errors, Items>,
) => Returned

/** Where nothing is returned, a handler may also return nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is a return type
type Returnable<T> = undefined extends T ? T | void : T

/** A maker for each declared error. */
export type ErrorMakers<Errors> = {
  readonly [Code in keyof Errors]: Errors[Code] extends null
    ? () => RpcError
    : (data: InputOf<Errors[Code]>) => RpcError
}

/** What is replayed stands in a log, which only a topic has. */
type SourceOf<Item, Replay, State> = Replay extends "topic"
  ? ReplaySource<InputOf<Item>, State extends undefined ? unknown : InputOf<State>>
  : AsyncIterable<InputOf<Item>>

/** The handler of a procedure: gets what the schema makes of the input, returns what the schema takes. */
export type HandlerFor<P, Context> =
  P extends Call<infer I, infer O, infer E>
    ? Handler<OutputOf<I>, Awaitable<Returnable<InputOf<O>>>, Context, ErrorMakers<E>>
    : P extends Subscription<infer I, infer T, infer E, infer R, infer S>
      ? Handler<OutputOf<I>, Awaitable<SourceOf<T, R, S>>, Context, ErrorMakers<E>>
      : P extends Upload<infer I, infer T, infer O, infer E>
        ? Handler<
            OutputOf<I>,
            Awaitable<Returnable<InputOf<O>>>,
            Context,
            ErrorMakers<E>,
            AsyncIterable<OutputOf<T>>
          >
        : P extends Duplex<infer I, infer U, infer D, infer E>
          ? Handler<
              OutputOf<I>,
              Awaitable<AsyncIterable<InputOf<D>>>,
              Context,
              ErrorMakers<E>,
              AsyncIterable<OutputOf<U>>
            >
          : P extends EventProcedure<infer I>
            ? // biome-ignore lint/complexity/noBannedTypes: no errors, since nobody would hear of them
              Handler<OutputOf<I>, Awaitable<Returnable<undefined>>, Context, {}>
            : never

/** A handler for every procedure of a contract. */
export type Handlers<C, Context = unknown> = {
  readonly [K in keyof C]: C[K] extends Procedure
    ? HandlerFor<C[K], Context>
    : Handlers<C[K], Context>
}
