import {
  type InputOf,
  type OutputOf,
  RpcError,
  type Subscription,
  validate,
} from "@trunkline/contract"
import {
  type ErrorMakers,
  type Handler,
  isSchema,
  PushSource,
  planOf,
  type Sink,
} from "@trunkline/endpoint"
import { type Codec, type Encoded, Unencodable } from "@trunkline/protocol"

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
  publish(
    ...arguments_: undefined extends OutputOf<Input>
      ? [item: InputOf<Item>]
      : [input: OutputOf<Input>, item: InputOf<Item>]
  ): Promise<void>
  /** Streams that read it now. */
  readonly readers: number
}

/** A topic with an input is one topic a key. */
export interface TopicOptions<Input> {
  /** What inputs of the same topic have in common. */
  readonly key: (input: Input) => string
}

/**
 * Makes the handler of a subscription whose values come by themselves.
 *
 * @example
 * ```ts
 * const samples = topic(monitor.samples)
 * const router = implement(monitor, { samples })
 * await samples.publish({ cpu: 0.4 })
 *
 * const rooms = topic(chat.messages, { key: (input) => input.room })
 * await rooms.publish({ room: "a" }, message)
 * ```
 */
export function topic<Input, Item, Errors>(
  procedure: Subscription<Input, Item, Errors>,
  ...options: undefined extends OutputOf<Input> ? [] : [options: TopicOptions<OutputOf<Input>>]
): Topic<Input, Item, Errors>
export function topic(procedure: Subscription, options?: TopicOptions<unknown>): unknown {
  if (procedure?.kind !== "subscription") throw new TypeError("topic: not a subscription")
  const readers = new Readers()
  const keyOf = (input: unknown) => options?.key(input) ?? ""
  const { item: schema } = procedure
  const plan = planOf(procedure)
  const read = ({ input }: { readonly input: unknown }) =>
    new PushSource((sink) => readers.add(keyOf(input), sink))
  const publish = async (...arguments_: readonly unknown[]): Promise<void> => {
    const [input, item] = options ? arguments_ : [undefined, arguments_[0]]
    const checking = isSchema(schema) ? validate(schema, item) : { ok: true as const, value: item }
    const checked = checking instanceof Promise ? await checking : checking
    if (!checked.ok) throw new RpcError("VALIDATION", { data: { issues: checked.issues } })
    readers.push(keyOf(input), checked.value, plan.keyOf(checked.value))
  }
  return Object.defineProperty(Object.assign(read, { publish }), "readers", {
    get: () => readers.size,
  })
}

/** Who reads a topic, by key. */
class Readers {
  size = 0
  readonly #sinks = new Map<string, Set<Sink>>()

  add(key: string, sink: Sink): () => void {
    const sinks = this.#sinks.get(key) ?? new Set()
    this.#sinks.set(key, sinks.add(sink))
    this.size++
    return () => {
      if (!sinks.delete(sink)) return
      this.size--
      if (sinks.size === 0 && this.#sinks.get(key) === sinks) this.#sinks.delete(key)
    }
  }

  /** Writes the value once for each codec that somebody reads. */
  push(key: string, value: unknown, conflateKey: unknown): void {
    const written = new Map<Codec, Encoded>()
    for (const sink of [...(this.#sinks.get(key) ?? [])]) {
      let encoded = written.get(sink.codec)
      if (encoded === undefined) {
        encoded = write(sink.codec, value)
        written.set(sink.codec, encoded)
      }
      sink.push(encoded, conflateKey)
    }
  }
}

function write(codec: Codec, value: unknown): Encoded {
  try {
    return codec.encode(value)
  } catch (error) {
    if (!(error instanceof Unencodable)) throw error
    throw new RpcError(error.code, { message: error.message, executed: "no" })
  }
}
