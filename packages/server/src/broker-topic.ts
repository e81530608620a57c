import { pathOf, RpcError, type Subscription } from "@trunkline/contract"
import {
  isSchema,
  PushSource,
  planOf,
  type ReplaySnapshot,
  ReplaySource,
  type Sink,
} from "@trunkline/endpoint"
import { jsonCodec } from "@trunkline/protocol"
import { defaultLimits } from "@trunkline/protocol/limits"
import { callUser, systemHost } from "@trunkline/transport"
import { type Broker, topicUnits } from "./broker/broker.js"
import { FanOut } from "./feed/fan-out.js"
import { Feeds } from "./feed/feeds.js"
import { Publisher } from "./feed/publisher.js"
import { RingSpace } from "./feed/ring.js"
import { Turns } from "./feed/turns.js"
import { demandFit, fitOf, write } from "./topic-item.js"
import type { LooseOptions } from "./topic-options.js"

/** Streams of one topic that may ask the broker for a place at a time. */
export const opensAtATime = 16
/** What the rings of all its keys hold together, in UTF-16 units. */
export const allRingUnits = 67_108_864

/** A topic that stands in a broker. */
export function brokerTopic(
  procedure: Subscription,
  broker: Broker,
  options: LooseOptions,
): unknown {
  const { key, log, host = systemHost } = options
  checkTopic(procedure, broker, options)
  const name = options.name ?? pathOf(procedure)
  if (!name) throw new TypeError("topic: without a contract of its own it needs a name")
  const topicOf = namesOf(name, key)
  const plan = planOf(procedure)
  const keyOf = plan.policy === "conflate" ? plan.keyOf : undefined
  const publisher = new Publisher(broker, host)
  const feeds = new Feeds({
    ...{ name, broker, host, keyOf },
    ...{ turns: new Turns(opensAtATime), space: new RingSpace(allRingUnits) },
    log: (entry) => callUser(() => log?.(entry)),
  })
  const fanOut = procedure.replay ? undefined : new FanOut(feeds, plan.policy === "every")

  const position = async (input?: unknown): Promise<string> => broker.position(topicOf(input))
  const read = ({ input }: { readonly input: unknown }): ReplaySource | PushSource => {
    const topic = topicOf(input)
    if (fanOut) return new PushSource((sink: Sink) => fanOut.add(topic, sink))
    const open = feeds.open.bind(feeds, topic)
    return new ReplaySource(open, isSchema(procedure.state) ? () => load(input) : undefined)
  }
  const load = async (input: unknown): Promise<ReplaySnapshot> => {
    const { snapshot } = options
    if (typeof snapshot === "function") return snapshot(input)
    const cursor = await position(input)
    return { state: await snapshot?.atLeastOnce(input), cursor }
  }
  const publish = async (...arguments_: readonly unknown[]): Promise<string> => {
    const [input, item] = key ? arguments_ : [undefined, arguments_[0]]
    const fit = fitOf(procedure, item)
    const value = demandFit(fit instanceof Promise ? await fit : fit)
    keyOf?.(value)
    return publisher.publish(topicOf(input), textOf(value))
  }
  return Object.defineProperty(Object.assign(read, { publish, position }), "readers", {
    get: () => fanOut?.size ?? feeds.readers,
  })
}

function checkTopic({ replay, state }: Subscription, broker: Broker, options: LooseOptions): void {
  const { snapshot, name, log } = options
  if (!isBroker(broker)) throw new TypeError("topic: no broker, such as memoryBroker() makes")
  if (name !== undefined && !isText(name)) throw new TypeError("topic: a name is a text")
  if (log !== undefined && typeof log !== "function")
    throw new TypeError("topic: log is no function")
  if (replay && !broker.capabilities.replay) {
    throw new TypeError("topic: what replays needs a broker that does")
  }
  const loads = typeof snapshot === "function" || typeof snapshot?.atLeastOnce === "function"
  if (isSchema(state) && !loads) throw new TypeError("topic: a state needs a snapshot")
}

/** Half a surrogate pair has no form in the name that a broker is given. */
function isText(value: unknown): boolean {
  return typeof value === "string" && !/\p{Surrogate}/u.test(value)
}

function isBroker(broker: Broker): boolean {
  const { dedupe } = Object(broker.capabilities)
  const methods = ["publish", "open", "position"]
  return dedupe >= 0 && methods.every((name) => typeof Reflect.get(broker, name) === "function")
}

/**
 * What the topic of an input is called at the broker. No name and key make the same text as another name
 * and key.
 */
function namesOf(name: string, key: LooseOptions["key"]): (input: unknown) => string {
  const own = encodeURIComponent(name)
  if (own.length > topicUnits) throw new TypeError("topic: the name is too long")
  return (input) => {
    if (!key) return own
    const part: unknown = key(input)
    if (typeof part !== "string") throw new TypeError("topic: a key is a text")
    const topic = `${own}:${part}`
    if (topic.length > topicUnits)
      throw new RpcError("VALIDATION", { message: "the key is too long" })
    return topic
  }
}

/** As the broker keeps it. What no session would carry is refused here, and not at each reader. */
function textOf(value: unknown): string {
  const text = String(write(jsonCodec, value))
  if (text.length <= defaultLimits.messageBytes) return text
  const message = `more than ${defaultLimits.messageBytes} units`
  throw new RpcError("TOO_LARGE", { message, executed: "no" })
}
