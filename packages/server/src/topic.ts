import type { InputOf, OutputOf, Subscription } from "@trunkline/contract"
import type { ErrorMakers, Handler, ReplaySource } from "@trunkline/endpoint"
import { brokerTopic } from "./broker-topic.js"
import { pushTopic } from "./push-topic.js"
import type { BrokerTopicOptions, LooseOptions, TopicOptions } from "./topic-options.js"

/**
 * A source for many streams at once, and the handler of its procedure: what is published is validated
 * once, written once, and sent to everybody who reads.
 */
export type Topic<Input, Item, Errors> = Handler<
  OutputOf<Input>,
  AsyncIterable<InputOf<Item>>,
  unknown,
  ErrorMakers<Errors>
> & {
  /**
   * Sends an item to every reader; of a topic with a key, to every reader of the same key, which is
   * named by an input. Nobody waits: a reader that falls too far behind a lossless topic ends with
   * `SLOW_CONSUMER`, and the contract's `delivery` says whether it may skip instead.
   *
   * @throws RpcError `VALIDATION` when the item does not fit the contract, `UNENCODABLE` when it has no
   * form on the wire
   */
  publish(...arguments_: Published<Input, Item>): Promise<void>
  /** Streams that read it now. */
  readonly readers: number
}

/** A topic whose items go through a broker: to the readers of all nodes and, where it replays, for later. */
export type BrokerTopic<Input, Item, Errors, Replay, State> = Handler<
  OutputOf<Input>,
  Replay extends "topic"
    ? ReplaySource<InputOf<Item>, InputOf<State>>
    : AsyncIterable<InputOf<Item>>,
  unknown,
  ErrorMakers<Errors>
> & {
  /**
   * Appends an item to the topic, or to that of the key which an input names, and resolves with its
   * cursor once the broker has it. Nobody waits for a reader. What fails is tried again for ten seconds,
   * in such a way that the item is not there twice.
   *
   * @throws RpcError `VALIDATION` when the item does not fit the contract; `UNENCODABLE` or `TOO_LARGE`
   * when it has no form on the wire; `UNAVAILABLE` when the broker surely does not have it, and
   * `OUTCOME_UNKNOWN` when it may
   */
  publish(...arguments_: Published<Input, Item>): Promise<string>
  /**
   * The cursor at the topic's tip. A state that is read *after* it has all that stands before it; whoever
   * goes on after it may get once more what the state has already.
   *
   * @throws what the broker throws
   */
  position(
    ...input: undefined extends OutputOf<Input> ? [] : [input: OutputOf<Input>]
  ): Promise<string>
  /** Streams of this node that read it now. */
  readonly readers: number
}

type Published<Input, Item> =
  undefined extends OutputOf<Input>
    ? [item: InputOf<Item>]
    : [input: OutputOf<Input>, item: InputOf<Item>]

/**
 * Makes the handler of a subscription whose values come by themselves. Where the contract says
 * `replay: "topic"` they stand in a log, which a broker keeps; with a broker and without `replay` they
 * reach the readers of all nodes that share it.
 *
 * @example
 * ```ts
 * const samples = topic(monitor.samples)
 * const router = implement(monitor, { samples })
 * await samples.publish({ cpu: 0.4 })
 *
 * const broker = memoryBroker()
 * const rooms = topic(chat.messages, { broker, key: (input) => input.room })
 * const cursor = await rooms.publish({ room: "a" }, message)
 * const board = topic(desk.orders, { broker, snapshot: () => db.ordersWithCursor() })
 * ```
 *
 * @throws TypeError where the procedure replays and there is no broker, or one that does not; for a
 * state without a snapshot; for a broker's topic without a name
 */
export function topic<Input, Item, Errors, Replay, State>(
  procedure: Subscription<Input, Item, Errors, Replay, State>,
  options: BrokerTopicOptions<Input, State>,
): BrokerTopic<Input, Item, Errors, Replay, State>
export function topic<Input, Item, Errors>(
  procedure: Subscription<Input, Item, Errors, undefined, undefined>,
  ...options: undefined extends OutputOf<Input> ? [] : [options: TopicOptions<OutputOf<Input>>]
): Topic<Input, Item, Errors>
export function topic(procedure: Subscription, options: LooseOptions = {}): unknown {
  if (procedure?.kind !== "subscription") throw new TypeError("topic: not a subscription")
  const { broker, key } = Object(options)
  if (key !== undefined && typeof key !== "function")
    throw new TypeError("topic: key is no function")
  if (broker) return brokerTopic(procedure, broker, options)
  if (procedure.replay) throw new TypeError("topic: what replays needs a broker")
  return pushTopic(procedure, options)
}
