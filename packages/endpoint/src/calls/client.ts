import {
  type Call,
  type Duplex,
  type EventProcedure,
  type InputOf,
  isPossibleName,
  type OutputOf,
  type Procedure,
  type Subscription,
  type Upload,
} from "@trunkline/contract"
import type { Caller } from "../line.js"
import { ChannelDuplex } from "./channel-duplex.js"
import { ChannelStream } from "./channel-stream.js"
import { handleName } from "./handle.js"
import { type CallOptions, makeCall, type Pending } from "./pending.js"
import { sendEvent } from "./send-event.js"
import type { DuplexStream, ReplayOptions, Stream, StreamOptions, TopicStream } from "./stream.js"
import { makeUpload, type UploadOptions } from "./upload.js"

/** An input that may be undefined may be left out. */
export type Arguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options]

/*
 * A function *type*, which the interface below extends: a call signature written in the interface would
 * be a second place that go-to-definition offers, and an editor would open a list instead of jumping to
 * the contract. The parameters are values, not schemas, so that a hover shows what one passes.
 */
type CallFunction<Input, Output, Errors> = (
  ...arguments_: Arguments<Input, CallOptions>
) => Pending<Output, Errors>

type SubscriptionFunction<Input, Item, Errors> = (
  ...arguments_: Arguments<Input, StreamOptions>
) => Stream<Item, Errors>

type TopicFunction<Input, Item, Errors, State> = (
  ...arguments_: Arguments<Input, ReplayOptions>
) => TopicStream<Item, Errors, State>

type UploadFunction<Input, Item, Output, Errors> = (
  input: Input,
  items: Iterable<Item> | AsyncIterable<Item>,
  options?: UploadOptions,
) => Pending<Output, Errors>

type DuplexFunction<Input, Up, Down, Errors> = (
  ...arguments_: Arguments<Input, StreamOptions>
) => DuplexStream<Up, Down, Errors>

// biome-ignore lint/complexity/noBannedTypes: no declared errors
export interface CallProcedure<Input, Output, Errors = {}>
  extends CallFunction<Input, Output, Errors> {
  readonly "~call"?: readonly [Input, Output, Errors]
}

// biome-ignore lint/complexity/noBannedTypes: no declared errors
export interface SubscriptionProcedure<Input, Item, Errors = {}>
  extends SubscriptionFunction<Input, Item, Errors> {
  readonly "~subscription"?: readonly [Input, Item, Errors]
}

/** A subscription whose contract replays. */
// biome-ignore lint/complexity/noBannedTypes: no declared errors
export interface TopicProcedure<Input, Item, Errors = {}, State = undefined>
  extends TopicFunction<Input, Item, Errors, State> {
  readonly "~subscription"?: readonly [Input, Item, Errors]
}

/** The items of `items` are taken as the other side has room, and the answer comes when they are done. */
// biome-ignore lint/complexity/noBannedTypes: no declared errors
export interface UploadProcedure<Input, Item, Output, Errors = {}>
  extends UploadFunction<Input, Item, Output, Errors> {
  readonly "~upload"?: readonly [Input, Item, Output, Errors]
}

// biome-ignore lint/complexity/noBannedTypes: no declared errors
export interface DuplexProcedure<Input, Up, Down, Errors = {}>
  extends DuplexFunction<Input, Up, Down, Errors> {
  readonly "~duplex"?: readonly [Input, Up, Down, Errors]
}

/** Sends a one-way event. It throws at once what cannot be sent; what becomes of it nobody tells. */
type EventFunction<Input> = (...arguments_: EventArguments<Input>) => void

type EventArguments<Input> = undefined extends Input ? [input?: Input] : [input: Input]

export interface EventSender<Input> extends EventFunction<Input> {
  readonly "~event"?: readonly [Input]
}

/**
 * A contract as its caller sees it. Its keys are mapped as they are, without a filter: only so do their
 * definitions and doc comments come along.
 */
export type Client<C> = {
  readonly [K in keyof C]: C[K] extends Call<infer I, infer O, infer E>
    ? CallProcedure<InputOf<I>, OutputOf<O>, { [Code in keyof E]: OutputOf<E[Code]> }>
    : C[K] extends Subscription<infer I, infer T, infer E, infer R, infer S>
      ? R extends "topic"
        ? TopicProcedure<
            InputOf<I>,
            OutputOf<T>,
            { [Code in keyof E]: OutputOf<E[Code]> },
            OutputOf<S>
          >
        : SubscriptionProcedure<InputOf<I>, OutputOf<T>, { [Code in keyof E]: OutputOf<E[Code]> }>
      : C[K] extends EventProcedure<infer I>
        ? EventSender<InputOf<I>>
        : C[K] extends Upload<infer I, infer T, infer O, infer E>
          ? UploadProcedure<
              InputOf<I>,
              InputOf<T>,
              OutputOf<O>,
              { [Code in keyof E]: OutputOf<E[Code]> }
            >
          : C[K] extends Duplex<infer I, infer U, infer D, infer E>
            ? DuplexProcedure<
                InputOf<I>,
                InputOf<U>,
                OutputOf<D>,
                { [Code in keyof E]: OutputOf<E[Code]> }
              >
            : Client<C[K]>
}

type StreamKeys<C> = {
  [K in keyof C]: C[K] extends Call
    ? never
    : C[K] extends Procedure
      ? K
      : [StreamKeys<C[K]>] extends [never]
        ? never
        : K
}[keyof C]

/** Which procedures of a contract are no calls: all that a client without the contract has to be told. */
export type Outline<C> = {
  readonly [K in StreamKeys<C>]: C[K] extends { readonly kind: infer Kind extends string }
    ? Kind
    : Outline<C[K]>
}

/** Stands where a client would be, if it had been told which of its procedures are streams. */
export interface OutlineNeeded {
  readonly "This contract has streams: pass an outline such as { samples: 'subscription' }": never
}

/** Stands where a client would be of which nothing says whose contract it is. */
export interface ContractNeeded {
  readonly "Name the contract: createClient(monitor, connection), or createClient<typeof monitor>(connection)": never
}

/** A connection, where the compiler knows of which contract its client is to be. */
type CallerOf<C, Known = Caller> = unknown extends C ? ContractNeeded : Known

/**
 * The procedures of a contract as functions. A call is sent at once and gives a promise; a subscription
 * gives a cold {@link Stream}, a duplex one that can be sent to; an upload takes its items as the other
 * side has room, and gives a promise; an event is sent at once and gives nothing.
 *
 * With the contract itself:
 * @example
 * ```ts
 * const client = createClient(monitor, connection)
 * const hosts = await client.hosts.list()
 * ```
 *
 * With its type alone, so that no schema gets into the bundle; what is no call is told by an outline,
 * and the compiler asks until it is complete:
 * @example
 * ```ts
 * import type { monitor } from "@acme/contract"
 * const client = createClient<typeof monitor>(connection, { samples: "subscription" })
 * ```
 */
export function createClient<C>(contract: C, connection: Caller): Client<C>
export function createClient<C>(connection: CallerOf<C>, outline: Outline<C>): Client<C>
export function createClient<C>(
  connection: CallerOf<C, [StreamKeys<C>] extends [never] ? Caller : OutlineNeeded>,
): Client<C>
export function createClient(first: unknown, second?: unknown): unknown {
  if (isCaller(second) && isObject(first)) return surface(second, "", first, true)
  if (isCaller(first)) return surface(first, "", second ?? {}, false)
  throw new TypeError("createClient needs a contract and a connection, or a connection alone")
}

function isCaller(value: unknown): value is Caller {
  return isObject(value) && "~line" in value
}

/**
 * A function that is also the group below its path. Without the contract every name may be a
 * procedure, so what exists is decided by the server.
 *
 * @param node what the contract, or the outline, has at this path
 * @param complete the node tells all there is
 */
function surface(caller: Caller, path: string, node: unknown, complete: boolean): unknown {
  const line = caller["~line"]
  const kind = complete ? kindOf(node) : outlined(node)
  const isGroup = kind === undefined && (complete || path === "" || isObject(node))
  const invoke = (input?: unknown, second?: Second, third?: UploadOptions): unknown => {
    if (isGroup) throw new TypeError(`${path || "the client"} is a group of procedures`)
    switch (kind) {
      case undefined:
      case "call":
        return makeCall(line, path, input, second)
      case "subscription":
        return new ChannelStream(line, path, input, second)
      case "upload":
        return makeUpload(line, path, input, second, third)
      case "duplex":
        return new ChannelDuplex(line, path, input, second)
      case "event":
        return sendEvent(line, path, input)
      default:
        throw new TypeError(`${path}: "${kind}" is no kind of procedure`)
    }
  }
  const members = new Map<string, unknown>()
  return new Proxy(invoke, {
    get(target, name) {
      if (name === handleName) return { caller, path, kind, declared: complete ? node : undefined }
      if (!isPossibleName(name) || kind !== undefined) return ownOf(target, name)
      const known = members.get(name)
      if (known) return known
      const child: unknown = isObject(node) ? Reflect.get(node, name) : undefined
      if (complete && child === undefined) return undefined
      const member = surface(caller, path === "" ? name : `${path}.${name}`, child, complete)
      members.set(name, member)
      return member
    },
  })
}

/** The options of a call or a stream; the items of an upload. */
type Second = CallOptions & ReplayOptions

/**
 * What the language and its tools ask of any function (`toString`, `bind`); but no `then`, so that a
 * client may be awaited or returned from an async function.
 */
function ownOf(target: object, name: string | symbol): unknown {
  return name === "then" ? undefined : Reflect.get(target, name)
}

function kindOf(node: unknown): string | undefined {
  const kind: unknown = isObject(node) ? Reflect.get(node, "kind") : undefined
  return typeof kind === "string" ? kind : undefined
}

/** An outline has just the word. */
function outlined(node: unknown): string | undefined {
  return typeof node === "string" ? node : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null
}
