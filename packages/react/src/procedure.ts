import {
  type Connection,
  canonicalText,
  type ErrorsOf,
  handleOf,
  type ProcedureHandle,
  type Stream,
  type TopicStream,
} from "@trunkline/client"

/** A subscription of a client, of whatever input and items. */
export interface AnySubscription {
  (...arguments_: never): Stream<unknown>
  readonly "~subscription"?: readonly [unknown, unknown, unknown]
  readonly "~duplex"?: undefined
}

/** What a subscription is opened with. */
export type SubscriptionInput<P> = P extends {
  readonly "~subscription"?: readonly [infer Input, unknown, unknown]
}
  ? Input
  : never

/** What a subscription yields. */
export type SubscriptionItem<P> = P extends {
  readonly "~subscription"?: readonly [unknown, infer Item, unknown]
}
  ? Item
  : never

/** What all items of a topic come to, where its contract declares a `state`. */
export type SubscriptionWhole<P> = P extends (
  ...arguments_: never
) => TopicStream<unknown, unknown, infer Whole>
  ? Whole
  : undefined

/** What `reduce` makes of the items unless it says otherwise: the topic's state, or else a list. */
export type UsualState<P> =
  SubscriptionWhole<P> extends undefined ? readonly SubscriptionItem<P>[] : SubscriptionWhole<P>

export type SubscriptionErrors<P> = ErrorsOf<P>

/** An input that may be undefined may be left out. */
export type Arguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options]

/** Nothing but the input, which may be left out where it may be undefined. */
export type OnlyInput<Input> = undefined extends Input ? [] : [input: Input]

/** A subscription as it is opened, whatever its types. */
export type OpenStream = (
  input: unknown,
  options?: { readonly from?: string | undefined },
) => Stream<unknown>

/** What a hook follows: equal keys of one line are one stream. */
export interface Source {
  readonly connection: Connection
  readonly path: string
  readonly key: string
  open(from: string | undefined): Stream<unknown>
}

/** @throws TypeError for what is no subscription of a client, and for an input that cannot be sent */
export function sourceOf(procedure: OpenStream, input: unknown): Source {
  const handle = handleOf(procedure)
  const connection = handle && connectionOf(handle)
  if (!connection || handle?.kind !== "subscription") {
    throw new TypeError(`${nameOf(handle)} is no subscription of a client`)
  }
  const { path } = handle
  const key = `${path} ${keyOf(path, input)}`
  return { connection, path, key, open: (from) => procedure(input, { from }) }
}

/**
 * The text of an input in keys: equal inputs have equal texts, whatever the order of their fields.
 *
 * @throws TypeError for what cannot be sent, as a cycle or a function
 */
export function keyOf(path: string, input: unknown): string {
  if (input === undefined) return ""
  try {
    return canonicalText(input)
  } catch (cause) {
    throw new TypeError(`${path}: this input cannot be sent: ${cause}`, { cause })
  }
}

/** What stands behind a handle: the word of the contract, a group, or the client itself. */
export function kindOf({ path, kind, declared }: ProcedureHandle): string {
  if (path === "") return "client"
  // Where a client has its contract's type alone, whatever is not said to be something else is a call.
  return kind ?? (declared === undefined ? "call" : "group")
}

function connectionOf({ caller }: ProcedureHandle): Connection | undefined {
  return isConnection(caller) ? caller : undefined
}

export function isConnection(caller: object): caller is Connection {
  return "on" in caller && "state" in caller
}

function nameOf(handle: ProcedureHandle | undefined): string {
  return handle ? handle.path || "the client itself" : "what was passed"
}
