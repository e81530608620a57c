import type { ReservedCode } from "@trunkline/protocol"
import type { AnySchema, OutputOf } from "./schema.js"

/**
 * What may happen to a call whose session is lost while it may have been running.
 *
 * - `"safe"`: it changes nothing; run it again.
 * - `"idempotent"`: running it twice does what running it once does; run it again.
 * - `"key"`: the server keeps its outcome under a key, and answers with it when the caller asks again; the
 *   handler is not run twice.
 *
 * Left out, it is never run twice: the caller gets `OUTCOME_UNKNOWN`.
 */
export type Idempotency = "safe" | "idempotent" | "key"

/**
 * What becomes of a keyed call whose server died, or stood still for so long that it passes for dead,
 * while the handler ran.
 *
 * - `"unknown"`: the caller gets `OUTCOME_UNKNOWN`.
 * - `"rerun"`: the handler is run again, with the same key.
 */
export type OnCrash = "unknown" | "rerun"

/**
 * What becomes of a stream's values while its reader is slow or away.
 *
 * - `"every"`: nothing is dropped; the source waits.
 * - `"latest"`: only the newest value waits.
 * - `{ conflate }`: of the values with one key only the newest waits.
 */
export type Delivery<Item = never> = "every" | "latest" | { readonly conflate: ConflateBy<Item> }

/**
 * What a stream of a topic does where items are lost beyond repair: they were dropped from the log before
 * its reader came for them, or the log itself lost them.
 *
 * - `"error"`: it ends with `GAP`.
 * - `"snapshot"`: the reader gets the whole `state` in a `reset` note, and what follows it.
 * - `"continue"`: the reader is told by a `gap` note, and gets what follows.
 */
export type OnGap = "error" | "snapshot" | "continue"

/** A field of the item, or a function of it. */
export type ConflateBy<Item> = (keyof Item & string) | ((item: Item) => unknown)

/** Declared errors by their code: the schema of their data, or `null` for none. Reserved codes are refused. */
export type ErrorSchemas = { readonly [code: string]: AnySchema | null } & {
  readonly [Reserved in ReservedCode]?: ThisCodeIsReserved
}

/** Stands in a type where an error was declared whose code has a meaning already. */
export interface ThisCodeIsReserved {
  readonly "~reserved": never
}

/** A request with one answer. */
export interface Call<Input = unknown, Output = unknown, Errors = unknown> {
  readonly kind: "call"
  readonly input: Input
  readonly output: Output
  readonly errors: Errors
  readonly idempotency: Idempotency | undefined
  /** Of a keyed call. */
  readonly onCrash: OnCrash | undefined
}

/** Values pushed by the side that implements it. */
export interface Subscription<
  Input = unknown,
  Item = unknown,
  Errors = unknown,
  Replay = unknown,
  State = unknown,
> {
  readonly kind: "subscription"
  readonly input: Input
  readonly item: Item
  readonly errors: Errors
  readonly delivery: Delivery
  /** Undefined where it replays. */
  readonly restart: "fail" | "fresh" | undefined
  /** `"topic"`: it is read from a log, and can be continued after each of its items. */
  readonly replay: Replay
  /** Undefined where it does not replay. */
  readonly onGap: OnGap | undefined
  /** Of a topic: what all its items so far come to. */
  readonly state: State
}

/** Values pushed by the caller, with one answer. */
export interface Upload<Input = unknown, Item = unknown, Output = unknown, Errors = unknown> {
  readonly kind: "upload"
  readonly input: Input
  readonly item: Item
  readonly output: Output
  readonly errors: Errors
}

/** Values in both directions. */
export interface Duplex<Input = unknown, Up = unknown, Down = unknown, Errors = unknown> {
  readonly kind: "duplex"
  readonly input: Input
  readonly up: Up
  readonly down: Down
  readonly errors: Errors
}

/** One value, one way: whoever sends it hears of nothing. */
export interface EventProcedure<Input = unknown> {
  readonly kind: "event"
  readonly input: Input
}

export type Procedure = Call | Subscription | Upload | Duplex | EventProcedure

/**
 * Declares a call.
 *
 * @example
 * ```ts
 * rename: call({
 *   input: z.object({ id: z.string(), name: z.string().min(1) }),
 *   output: Host,
 *   errors: { HOST_UNKNOWN: z.object({ id: z.string() }), LOCKED: null },
 *   idempotency: "idempotent",
 * })
 * ```
 */
export function call<
  Input extends AnySchema | undefined = undefined,
  Output extends AnySchema | undefined = undefined,
  // biome-ignore lint/complexity/noBannedTypes: no errors declared; a record type would allow any code
  Errors extends ErrorSchemas = {},
>(definition: {
  /** What the caller passes. Left out: nothing. */
  readonly input?: Input
  /** What the handler returns. Left out: nothing. */
  readonly output?: Output
  /** Errors that the handler may throw, by code, with the schema of their data or `null`. */
  readonly errors?: Errors
  /**
   * What may happen when the session is lost while the call may have been running.
   * @default never run twice: the caller gets `OUTCOME_UNKNOWN`
   */
  readonly idempotency?: Idempotency | undefined
  /**
   * Of a call with `idempotency: "key"`: what happens when its server died while the handler ran.
   * @default "unknown"
   */
  readonly onCrash?: OnCrash | undefined
}): Call<Input, Output, Errors>
export function call(definition: {
  readonly input?: AnySchema | undefined
  readonly output?: AnySchema | undefined
  readonly errors?: ErrorSchemas
  readonly idempotency?: Idempotency | undefined
  readonly onCrash?: OnCrash | undefined
}): Call {
  const { input, output, errors = {}, idempotency } = definition
  const { onCrash = idempotency === "key" ? "unknown" : undefined } = definition
  return { kind: "call", input, output, errors, idempotency, onCrash }
}

/**
 * Declares a subscription: the server pushes items until it ends or the client cancels.
 *
 * With `replay: "topic"` its items stand in a log, and a reader misses none of them: not when the line is
 * cut, nor when the server is restarted, nor when the page is loaded again.
 *
 * @example
 * ```ts
 * samples: subscription({
 *   input: z.object({ hosts: z.array(z.string()) }),
 *   item: Sample,
 *   delivery: { conflate: "host" },
 *   restart: "fresh",
 * })
 * alerts: subscription({ item: Alert, replay: "topic", onGap: "continue" })
 * orders: subscription({ item: Change, replay: "topic", state: Board })
 * ```
 */
export function subscription<
  Input extends AnySchema | undefined = undefined,
  Item extends AnySchema | undefined = undefined,
  // biome-ignore lint/complexity/noBannedTypes: as above
  Errors extends ErrorSchemas = {},
  Replay extends "topic" | undefined = undefined,
  State extends AnySchema | undefined = undefined,
>(definition: {
  /** What the caller passes. Left out: nothing. */
  readonly input?: Input
  /** What the handler yields. */
  readonly item?: Item
  /** Errors that the handler may throw, by code, with the schema of their data or `null`. */
  readonly errors?: Errors
  /**
   * What becomes of values while the reader is slow or away.
   * @default "every"
   */
  readonly delivery?: Delivery<OutputOf<Item>> | undefined
  /**
   * What happens when the session is lost, for instance because the server restarted: the stream begins
   * anew, with a note, or it ends with `STREAM_LOST`. Not together with `replay`, which goes on.
   * @default "fail"
   */
  readonly restart?: "fail" | "fresh" | undefined
  /**
   * `"topic"`: a topic implements it, and its streams continue where they were.
   * @default a stream is lost with its session
   */
  readonly replay?: Replay
  /**
   * Of a topic: what a stream does where items are lost beyond repair.
   * @default "snapshot" with a `state`, else "error"
   */
  readonly onGap?: OnGap | undefined
  /**
   * Of a topic: what all its items so far come to. Each stream that does not continue another begins with
   * it, in a `reset` note.
   */
  readonly state?: State
}): Subscription<Input, Item, Errors, Replay, State>
export function subscription(definition: {
  readonly input?: AnySchema | undefined
  readonly item?: AnySchema | undefined
  readonly errors?: ErrorSchemas
  readonly delivery?: Delivery | undefined
  readonly restart?: "fail" | "fresh" | undefined
  readonly replay?: "topic" | undefined
  readonly onGap?: OnGap | undefined
  readonly state?: AnySchema | undefined
}): Subscription {
  const { input, item, errors = {}, delivery = "every", replay, state } = definition
  const { restart = replay ? undefined : "fail" } = definition
  const { onGap = replay && (state ? "snapshot" : "error") } = definition
  return { kind: "subscription", input, item, errors, delivery, restart, replay, onGap, state }
}

/**
 * Declares an upload: the caller sends items until it ends them, and gets one answer. Its items are sent at
 * the pace of the handler that reads them. When the session is lost it ends with `STREAM_LOST`: nobody but
 * the application could send them again.
 *
 * @example
 * ```ts
 * importLog: upload({
 *   input: z.object({ name: z.string() }),
 *   item: z.instanceof(Uint8Array),
 *   output: z.object({ lines: z.number() }),
 *   errors: { NO_LOG: z.object({ line: z.number() }) },
 * })
 * ```
 */
export function upload<
  Input extends AnySchema | undefined = undefined,
  Item extends AnySchema | undefined = undefined,
  Output extends AnySchema | undefined = undefined,
  // biome-ignore lint/complexity/noBannedTypes: as above
  Errors extends ErrorSchemas = {},
>(definition: {
  /** What the caller passes before its items. Left out: nothing. */
  readonly input?: Input
  /** What the caller sends. Each is checked when the handler takes it. */
  readonly item?: Item
  /** What the handler returns. Left out: nothing. */
  readonly output?: Output
  /** Errors that the handler may throw, by code, with the schema of their data or `null`. */
  readonly errors?: Errors
}): Upload<Input, Item, Output, Errors>
export function upload(definition: {
  readonly input?: AnySchema | undefined
  readonly item?: AnySchema | undefined
  readonly output?: AnySchema | undefined
  readonly errors?: ErrorSchemas
}): Upload {
  const { input, item, output, errors = {} } = definition
  return { kind: "upload", input, item, output, errors }
}

/**
 * Declares a duplex: items go both ways, each way in order and at its reader's pace, until both sides have
 * ended or one gives up. When the session is lost it ends with `STREAM_LOST`.
 *
 * @example
 * ```ts
 * shell: duplex({ input: z.object({ host: z.string() }), up: Keystroke, down: Screen })
 * ```
 */
export function duplex<
  Input extends AnySchema | undefined = undefined,
  Up extends AnySchema | undefined = undefined,
  Down extends AnySchema | undefined = undefined,
  // biome-ignore lint/complexity/noBannedTypes: as above
  Errors extends ErrorSchemas = {},
>(definition: {
  /** What the caller passes before its items. Left out: nothing. */
  readonly input?: Input
  /** What the caller sends. Each is checked when the handler takes it. */
  readonly up?: Up
  /** What the handler yields. */
  readonly down?: Down
  /** Errors that the handler may throw, by code, with the schema of their data or `null`. */
  readonly errors?: Errors
}): Duplex<Input, Up, Down, Errors>
export function duplex(definition: {
  readonly input?: AnySchema | undefined
  readonly up?: AnySchema | undefined
  readonly down?: AnySchema | undefined
  readonly errors?: ErrorSchemas
}): Duplex {
  const { input, up, down, errors = {} } = definition
  return { kind: "duplex", input, up, down, errors }
}

/**
 * Declares a one-way event: it is sent without an answer, so that its sender hears neither of its end nor
 * of an error. Events that a lost session took with it are told to the connection as a count.
 *
 * @example
 * ```ts
 * typing: event({ input: z.object({ user: z.string() }) })
 * ```
 */
export function event<Input extends AnySchema | undefined = undefined>(definition: {
  /** What the sender passes. Left out: nothing. */
  readonly input?: Input
}): EventProcedure<Input>
export function event({ input }: { readonly input?: AnySchema | undefined }): EventProcedure {
  return { kind: "event", input }
}
