import type { TopicStream } from "@trunkline/client"
import * as limits from "@trunkline/protocol/limits"
import type { Clock } from "../../pair/clock.js"
import type { Counters } from "../counters.js"
import type { Process } from "../process.js"
import { must } from "../violation.js"
import { type Filter, LogNode, type TopicState } from "./log-node.js"
import { SimulatedLog, type TopicItem } from "./simulated-log.js"
import type { Append, LogFault, TopicOperation, TopicPlan, TopicProcedure } from "./topic-plan.js"
import { TopicReading } from "./topic-reading.js"
import { TopicAttempt } from "./topic-wire.js"

/** A page that reads topics. */
export interface TopicClient {
  readonly process: Process
  readTopic(
    procedure: TopicProcedure,
    input: { readonly id: number; readonly topic: number },
    from: string | undefined,
  ): TopicStream<TopicItem, unknown, TopicState | undefined>
}

/** The topics of a simulated world: they outlive every server. */
export class Topics {
  readonly #plan: TopicPlan
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #logs: readonly SimulatedLog[]
  /** Of every server that ever ran, the newest last. */
  readonly #nodes: LogNode[] = []
  readonly #readings = new Map<number, TopicReading>()
  /** Of each operation the last attempt that the wire has shown. */
  readonly #attempts = new Map<number, TopicAttempt>()
  #serial = 0

  constructor(plan: TopicPlan, clock: Clock, counters: Counters) {
    this.#plan = plan
    this.#clock = clock
    this.#counters = counters
    this.#logs = plan.kept.map((kept, topic) => new SimulatedLog(topic, kept))
  }

  begin(clients: readonly TopicClient[], bug: (error: unknown) => void): void {
    const { operations, appends, faults } = this.#plan
    for (const operation of operations) {
      const client = clients[operation.client]
      client?.process.run(operation.at, () => this.#perform(operation, client).catch(bug))
    }
    for (const append of appends) this.#clock.at(append.at, () => this.#append(append))
    for (const fault of faults) this.#clock.at(fault.at, () => this.#strike(fault))
  }

  /** A server's process begins, and sees the logs in its own way. */
  serve(process: Process): LogNode {
    const node = new LogNode(process, this.#logs, this.#plan.latency, this.#counters)
    this.#nodes.push(node)
    return node
  }

  logOf(topic: number): SimulatedLog {
    const log = this.#logs[topic]
    if (!log) throw new Error(`there is no topic ${topic}`)
    return log
  }

  get settled(): boolean {
    const { operations } = this.#plan
    const readings = [...this.#readings.values()]
    return readings.length === operations.length && readings.every(({ settled }) => settled)
  }

  /** From now on nothing befalls the logs, and nobody reads slowly. */
  heal(): void {
    for (const reading of this.#readings.values()) reading.hurried = true
    for (const node of this.#nodes) {
      Object.assign(node, { reachable: true, deaf: false, seenUntil: Number.POSITIVE_INFINITY })
      node.changed()
    }
  }

  /** The last item of each key. */
  close(): void {
    for (const { topic } of this.#logs) {
      for (let key = 0; key < 3; key++) this.#publish(topic, 0, key)
    }
  }

  checkSettled(): void {
    for (const { settled, operation } of this.#readings.values()) {
      must(settled, "L1", () => `${JSON.stringify(operation)} never settled`)
    }
  }

  /** The wire shows that a topic is opened. */
  opened(
    procedure: string,
    input: { readonly id: number; readonly topic: number },
    meta: { readonly a?: number; readonly f?: string },
    credit: number | undefined,
    acknowledged: (attempt: TopicAttempt) => number,
  ): TopicAttempt {
    const before = this.#attempts.get(input.id)
    const arrivedBefore = meta.a && before ? this.#goesOn(before, meta.f, credit, acknowledged) : 0
    const attempt = new TopicAttempt(
      this.#counters,
      input.id,
      procedure === "conflated",
      this.logOf(input.topic),
      filterOf(procedure),
      meta.f,
      arrivedBefore,
    )
    this.#attempts.set(input.id, attempt)
    return attempt
  }

  /** S8: what waits at the reader takes its place also in another session. Gives what it has got so far. */
  #goesOn(
    before: TopicAttempt,
    from: string | undefined,
    credit: number | undefined,
    acknowledged: (attempt: TopicAttempt) => number,
  ): number {
    before.checkNext(from, acknowledged(before))
    const arrived = before.arrived(acknowledged(before))
    const waiting = arrived - (this.#readings.get(before.operation)?.taken ?? 0)
    const most = limits.creditWindow.topic - Math.max(0, waiting)
    must((credit ?? 0) <= most, "S8", () => `${waiting} wait, and ${credit} more are allowed`)
    if (waiting > 0) this.#counters.add("topic continued with items that wait")
    return arrived
  }

  #perform(operation: TopicOperation, client: TopicClient): Promise<void> {
    const { id, topic, procedure } = operation
    const reading = new TopicReading(
      operation,
      client.process,
      this.logOf(topic),
      filterOf(procedure),
      this.#counters,
      (from) => client.readTopic(procedure, { id, topic }, from),
    )
    this.#readings.set(id, reading)
    return reading.perform()
  }

  #append({ topic, count, gap, size }: Append): void {
    for (let index = 0; index < count; index++) {
      this.#clock.at(this.#clock.now + index * gap, () => this.#publish(topic, size))
    }
  }

  #publish(topic: number, size: number, lastOf?: number): void {
    const log = this.logOf(topic)
    const serial = ++this.#serial
    const key = lastOf ?? serial % 3
    const item = { serial, topic, key, last: lastOf !== undefined, filler: "x".repeat(size) }
    const entry = log.append(item, this.#clock.now)
    for (const node of this.#nodes) node.heard(log, entry)
  }

  #strike(fault: LogFault): void {
    this.#counters.add(`log ${fault.type}`)
    switch (fault.type) {
      case "trim":
        return this.logOf(fault.topic).trim(fault.keep)
      case "renew":
        return this.logOf(fault.topic).renew()
      case "rollBack":
        return this.logOf(fault.topic).rollBack(fault.count)
      case "unreachable":
        return this.#trouble(fault.for, { reachable: false }, { reachable: true })
      case "deaf":
        return this.#trouble(fault.for, { deaf: true }, { deaf: false })
      case "lag":
        return this.#trouble(
          fault.for,
          { seenUntil: this.#clock.now },
          { seenUntil: Number.POSITIVE_INFINITY },
        )
    }
  }

  /** What befalls the node that runs now; the next server has one of its own. */
  #trouble(milliseconds: number, trouble: Partial<LogNode>, good: Partial<LogNode>): void {
    const node = this.#nodes.at(-1)
    if (!node) return
    Object.assign(node, trouble)
    node.changed()
    this.#clock.at(this.#clock.now + milliseconds, () => {
      Object.assign(node, good)
      node.changed()
    })
  }
}

/** What of a topic its streams are about. */
export function filterOf(procedure: string): Filter {
  return procedure === "filtered" ? ({ key }) => key === 0 : () => true
}
