import type { InputOf, OutputOf } from "@trunkline/contract"
import type { Awaitable, Log, ReplaySnapshot } from "@trunkline/endpoint"
import type { Host } from "@trunkline/transport"
import type { Broker } from "./broker/broker.js"

/** A topic with an input is one topic a key. */
export interface TopicOptions<Input> {
  /** What inputs of the same topic have in common. */
  readonly key: (input: Input) => string
}

/** How a topic goes through a broker. */
export interface BrokerOptions {
  /** What keeps the topic: `memoryBroker()`, or one that several nodes share. */
  readonly broker: Broker
  /**
   * What the topic is called at the broker: the same at all nodes, and another than that of any other.
   * @default the path of the procedure in its contract
   */
  readonly name?: string | undefined
  /**
   * Hears of a broker that is out of reach, and of entries that are missing.
   * @default nobody
   */
  readonly log?: Log | undefined
  /**
   * Clock, timers and randomness; tests pass their own.
   * @default the runtime's
   */
  readonly host?: Host | undefined
}

/** A topic's state with the cursor of the last item that it has in it, read together. */
export interface TopicSnapshot<State> extends ReplaySnapshot {
  readonly state: State
}

/**
 * Where a topic's state comes from.
 *
 * A function reads it together with its cursor, in one transaction for instance, and each item comes
 * exactly once: in the state, or behind it. Where the cursor cannot be read with the state, `atLeastOnce`
 * reads the state alone, after the topic's position: an item that was published in between comes in the
 * state and once more behind it.
 */
export type SnapshotLoader<Input, State> =
  | ((input: Input) => Awaitable<TopicSnapshot<State>>)
  | { readonly atLeastOnce: (input: Input) => Awaitable<State> }

/** All that a topic with a broker takes: a key where there is an input, a snapshot where there is a state. */
export type BrokerTopicOptions<Input, State> = BrokerOptions &
  (undefined extends OutputOf<Input>
    ? { readonly key?: undefined }
    : TopicOptions<OutputOf<Input>>) &
  (State extends undefined
    ? { readonly snapshot?: undefined }
    : { readonly snapshot: SnapshotLoader<OutputOf<Input>, InputOf<State>> })

/** What any of them takes, for callers whose types have been checked. */
export interface LooseOptions extends Partial<BrokerOptions> {
  readonly key?: ((input: unknown) => string) | undefined
  readonly snapshot?: SnapshotLoader<unknown, unknown> | undefined
}
