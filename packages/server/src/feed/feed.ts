import { RpcError } from "@trunkline/contract"
import { type Log, within } from "@trunkline/endpoint"
import { backoff } from "@trunkline/protocol"
import { callUser, type Host, surface, uniform } from "@trunkline/transport"
import type { Broker, BrokerReader, BrokerStep } from "../broker/broker.js"
import { checkedCursor, linked } from "./chain.js"
import type { KeyOf } from "./feed-entry.js"
import { Pause } from "./pause.js"
import { FeedGap, Ring, type RingSpace, ringEntries, ringUnits } from "./ring.js"
import type { Turns } from "./turns.js"

/** What all feeds of a topic have in common. */
export interface FeedTerms {
  /** What the topic is called in the log. */
  readonly name: string
  readonly broker: Broker
  readonly host: Host
  readonly log: Log
  readonly keyOf: KeyOf | undefined
  /** Readers that catch up at a time. */
  readonly turns: Turns
  readonly space: RingSpace
}

/** What waits for a feed: to be woken, or to find its place in the ring. */
export interface Follower {
  /** Something may have come. */
  notice(): void
}

/** Until a broker has to have said where a reader begins, in milliseconds. */
export const openTimeout = 10_000
/** Between attempts to reach it again. */
export const brokerBackoff = { base: 100, cap: 5_000 } as const
/** Entries of one read. */
const batch = 256

/**
 * One node's reading of a topic: a single reader at the broker fills a ring, which all streams of this
 * node read from. While the broker is out of reach it tries again, and goes on behind what it had.
 *
 * Must hold (S13): what enters the ring follows on what is there, or a gap stands between. Nothing
 * here waits for a stream.
 */
export class Feed {
  readonly topic: string
  readonly terms: FeedTerms
  /** What is there to be read, as soon as the broker has said where the topic stands. */
  readonly ready: Promise<Ring>
  /** Streams that read it, and those that are about to. */
  holders = 0
  /** Since when there are none. */
  idleSince = 0
  /** How often the broker was lost after it had brought something, and whether it is now. */
  outages = 0
  down = false
  readonly #over: (feed: Feed) => void
  readonly #pause = new Pause()
  #ring: Ring | undefined
  #reader: BrokerReader | undefined
  #released = false
  #failures = 0
  #followers: Follower[] = []
  #waking = false
  /** Where the ring was when its readers were last woken. */
  #told = { slots: 0, units: 0 }

  /** `over`: it has ended by itself, since nobody needs it or it never began. */
  constructor(topic: string, terms: FeedTerms, over: (feed: Feed) => void) {
    this.topic = topic
    this.terms = terms
    this.#over = over
    this.ready = this.#begin()
    this.ready.catch(() => {})
  }

  /** Woken once, at the end of the turn in which something comes. */
  follow(follower: Follower): void {
    this.#followers.push(follower)
  }

  /** Opens a reader at the broker, and sees to it that one that comes too late is closed. */
  open(from: string | undefined): Promise<BrokerReader> {
    const { broker, host } = this.terms
    const errand = { host, milliseconds: openTimeout, expired, late: closeReader }
    return within(errand, async () => checkedReader(await broker.open(this.topic, from)))
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#pause.giveUp()
    closeReader(this.#reader)
    this.#ring?.clear()
    this.#over(this)
  }

  async #begin(): Promise<Ring> {
    try {
      this.#reader = await this.open(undefined)
    } catch (error) {
      this.#complain("the broker cannot be reached", error)
      this.release()
      throw error
    }
    if (this.#released) closeReader(this.#reader)
    const ring = new Ring(this.#reader.start, this.terms.space)
    this.#ring = ring
    void this.#run(ring)
    return ring
  }

  async #run(ring: Ring): Promise<void> {
    while (!this.#released) {
      try {
        await this.#read(ring)
      } catch (error) {
        this.#lost(error)
      }
      if (this.#released) return
      const wait = backoff(++this.#failures, uniform(this.terms.host), brokerBackoff)
      await this.#pause.begin(this.terms.host, wait)
    }
  }

  /** Until the reader is over. */
  async #read(ring: Ring): Promise<void> {
    const reader = this.#reader ?? (await this.open(ring.tip))
    this.#reader = reader
    try {
      if (this.#released) return
      this.#resume(ring, reader)
      for (;;) {
        const steps = await reader.read(batch)
        if (this.#released) return
        if (steps.length === 0) throw new Error("the broker has ended a reader")
        this.#failures = 0
        const { next } = ring.slots
        this.#take(ring, steps)
        if (this.#isForgotten()) return this.release()
        // What came is known already: a broker that goes on like that would keep everybody else from running.
        if (ring.slots.next === next) await this.#pause.begin(this.terms.host, brokerBackoff.base)
      }
    } finally {
      this.#reader = undefined
      closeReader(reader)
    }
  }

  /** The first reader begins the ring; a later one goes on behind it, or behind a gap. */
  #resume(ring: Ring, { start, gap }: BrokerReader): void {
    this.down = false
    if (gap) this.#take(ring, [{ gap, cursor: start }])
    else ring.rename(start)
  }

  #take(ring: Ring, steps: readonly BrokerStep[]): void {
    try {
      for (const step of steps) {
        for (const slot of linked(step, ring.tip, this.terms.keyOf)) {
          if (slot instanceof FeedGap) this.#complain("entries of a topic are missing")
          ring.push(slot)
        }
        this.#relieve(ring)
      }
    } finally {
      this.#wakeSoon()
    }
  }

  /** A burst of one turn would push out of the ring what nobody had a chance to read. */
  #relieve({ slots, total }: Ring): void {
    const told = this.#told
    if (slots.next - told.slots > ringEntries / 2 || total - told.units > ringUnits / 2) {
      this.#wake()
    }
  }

  #isForgotten(): boolean {
    return this.holders === 0 && this.terms.host.now() - this.idleSince > linger
  }

  #lost(error: unknown): void {
    if (this.#released) return
    if (this.holders === 0) return this.release()
    this.#complain("the broker was lost", error)
    if (this.#failures === 0) this.outages++
    this.down = true
    this.#wakeSoon()
  }

  #wakeSoon(): void {
    if (this.#waking || this.#followers.length === 0) return
    this.#waking = true
    this.terms.host.endOfTurn(this.#wakeAtEnd)
  }

  readonly #wakeAtEnd = (): void => {
    this.#waking = false
    this.#wake()
  }

  #wake(): void {
    const followers = this.#followers
    this.#followers = []
    if (this.#ring) this.#told = { slots: this.#ring.slots.next, units: this.#ring.total }
    for (const follower of followers) {
      try {
        follower.notice()
      } catch (error) {
        surface(error)
      }
    }
  }

  /** Without the key, which may come from a client's input. */
  #complain(message: string, error?: unknown): void {
    const { name: topic, log } = this.terms
    log({ level: "warn", message, topic, error })
  }
}

/** Milliseconds that a feed goes on without a reader: the next one need not ask the broker. */
export const linger = 30_000

/** Broken or not, an adapter's reader is let go. */
export function closeReader(reader: BrokerReader | undefined): void {
  callUser(() => reader?.close())
}

function expired(): RpcError {
  return new RpcError("UNAVAILABLE", { message: "the broker does not answer" })
}

/** Throws for a place that no session could be told. */
function checkedReader(reader: BrokerReader): BrokerReader {
  try {
    checkedCursor(reader.start)
    return reader
  } catch (error) {
    closeReader(reader)
    throw error
  }
}
