import type { Broker } from "@trunkline/server"

type Awaitable<T> = T | Promise<T>

/**
 * What a broker stands on, as its tests can get hold of it: each case gets one of its own. Whatever is
 * left out cannot be caused here, and the cases that need it are reported as left out.
 */
export interface BrokerEngine {
  /** Another node's broker. The kit closes it. */
  readonly connect: () => Awaitable<Broker>
  /** Forgets the oldest entries of the topic, so that the newest `keep` are left. */
  readonly trim?: (topic: string, keep: number) => Awaitable<void>
  /**
   * Takes back the newest entries of the topic and keeps its epoch, as a failover to a replica does that
   * had not got them.
   */
  readonly rollBack?: (topic: string, count: number) => Awaitable<void>
  /** Loses all topics, as a restart without a disk does. The kit connects anew afterwards. */
  readonly reset?: () => Awaitable<void>
  /** Breaks the connection of a node. The engine can be reached again at once. */
  readonly disconnect?: (broker: Broker) => Awaitable<void>
  /** From now on this node's view of the engine stands still, until the result is called. */
  readonly lag?: (broker: Broker) => Awaitable<() => Awaitable<void>>
  /** Entries that the engine keeps of one topic at most, and those that it keeps now. */
  readonly bound?: {
    readonly entries: number
    readonly kept: (topic: string) => Awaitable<number>
  }
  /** Lets go of it all. */
  readonly close?: () => Awaitable<void>
}

/** What a case may ask for beside a connection. */
export type Need = Exclude<keyof BrokerEngine, "connect" | "close"> | "replay" | "dedupe"
