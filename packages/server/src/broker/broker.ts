/**
 * What keeps topics: a log of texts for each, which any number of nodes append to and read. The memory
 * of a process (`memoryBroker`) is one; others stand on an engine that several processes share, and
 * `@trunkline/testing/conformance` tells whether one of them keeps what is said here.
 *
 * A topic's name is any text of at most {@link topicUnits}, part of which may come from a client's input:
 * an engine with stricter names has to encode it. A payload is JSON, as the json codec writes values
 * (docs/protocol.md, "Values"); a broker hands it on as it is.
 *
 * A *cursor* names a place in a topic. It is 1–64 characters of `A–Z a–z 0–9 . _ ~ -`, opaque to
 * everybody else, and compared only for equality. It has to contain
 *
 * - an epoch, which is another one whenever the log may have been replaced or begun anew,
 * - a position in the log,
 * - and, where a position can be given out twice, because an engine's failover may take back the end of
 *   a log and keep the epoch, a tag of the entry itself.
 *
 * Whatever a broker cannot do now it rejects. An `RpcError` with `executed: "no"` says that nothing was
 * done, for good; any other error leaves that open.
 */
export interface Broker {
  readonly capabilities: BrokerCapabilities
  /**
   * Appends to the topic, and resolves with the cursor of the entry when it is as safe as this broker
   * makes it. Within the window of `capabilities.dedupe` the same `dedupeId` on the same topic appends
   * nothing more, and resolves with the cursor of the first time.
   */
  publish(topic: string, payload: string, options: { readonly dedupeId: string }): Promise<string>
  /**
   * Begins to read the topic after the cursor `from`; left out, at its tip: behind everything that was
   * published before.
   *
   * `from` can be continued if its own entry is still there with the same tag, or if it is the place
   * before the oldest entry; nothing less proves that nothing is missing. Where it cannot (trimmed,
   * another epoch, taken back, never given out) the reader begins behind a gap. A cursor of this epoch
   * that lies ahead of everything this node sees may belong to a replica that lags behind: it is waited
   * for, two seconds at most, and then it is a gap.
   *
   * Resolves when that is known, and within ten seconds.
   */
  open(topic: string, from?: string | undefined): Promise<BrokerReader>
  /** The cursor at the topic's tip: a reader that begins after it gets whatever is published from now on. */
  position(topic: string): Promise<string>
  /** Lets go of the engine. Every reader is over, and whatever is asked later rejects. */
  close(): Promise<void>
}

/** What a broker can promise. */
export interface BrokerCapabilities {
  /** Entries are kept for a while, and a cursor can be continued. Topics that replay need it. */
  readonly replay: boolean
  /** Entries outlive the processes of this program. */
  readonly durable: boolean
  /** Milliseconds for which a `dedupeId` is remembered; 0 for not at all. */
  readonly dedupe: number
}

/** One reading of a topic. Nothing waits for it: it is asked, and an entry may be gone by then. */
export interface BrokerReader {
  /**
   * Where it begins: the tip, where `from` was left out; `from`, or another name of the same place; behind
   * a gap the place from which it can go on, which lies as early as it can without an entry that this
   * reader may have had already.
   */
  readonly start: string
  /** `from` cannot be continued: entries before `start` may be missing. */
  readonly gap: boolean
  /**
   * What follows, in order, as soon as there is something: at most so many steps, and none that would
   * make it more than {@link readUnits} in all unless it is the first. Each step follows on the one
   * before, across reads and across the broker's own reconnecting; what is not proven to is a gap.
   *
   * One read at a time. Rejects when the engine is out of reach, and the reader is over then; a broker
   * may ride out a short break. Resolves with nothing once the reader is closed.
   */
  read(most: number): Promise<readonly BrokerStep[]>
  /** Ends it: a read that waits resolves with nothing. The second time it does nothing. */
  close(): void
}

/** What a reader comes upon. */
export type BrokerStep = BrokerEntry | BrokerGap

/** A payload at its place. */
export interface BrokerEntry {
  readonly cursor: string
  /** The cursor of the entry before it in the log: what proves that none is missing. */
  readonly prev: string
  readonly payload: string
}

/**
 * Entries before `cursor` may be missing; it goes on after it. The cursor lies as early as it can
 * without an entry that this reader may have had already, as far as this node can see.
 */
export interface BrokerGap {
  readonly gap: true
  readonly cursor: string
}

/** The longest name of a topic. */
export const topicUnits = 1_024
/** What one read brings, in UTF-16 units of its payloads. */
export const readUnits = 262_144
