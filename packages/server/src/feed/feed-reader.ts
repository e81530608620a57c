import type { ReplayReader, ReplayStep } from "@trunkline/endpoint"
import { backoff } from "@trunkline/protocol"
import { uniform } from "@trunkline/transport"
import type { BrokerReader } from "../broker/broker.js"
import { Counted } from "../counted.js"
import { checkedCursor, linked } from "./chain.js"
import { brokerBackoff, closeReader, type Feed, type Follower } from "./feed.js"
import { Pause } from "./pause.js"
import { FeedGap, type Ring, type Slot, stepAt } from "./ring.js"

/** Entries that a reader catches up with at a time, and how long it waits for them, in milliseconds. */
export const pageEntries = 256
const pageTimeout = 5_000

/**
 * A stream's place in a topic. It reads from the feed's ring; where it has fallen behind that, or begins
 * before it, it reads pages at the broker by itself until it stands at a cursor that the ring knows.
 *
 * Must hold (S13): it goes on behind its own `position`, whichever of the two it reads; what it gives
 * follows on what it gave before, or a gap says otherwise.
 */
export class FeedReader implements ReplayReader, Follower {
  readonly start: string
  position: string
  readonly #feed: Feed
  readonly #ring: Ring
  readonly #wake: () => void
  readonly #closed: () => void
  /** The number of its next slot in the ring; undefined while it catches up. */
  #next: number | undefined
  /** What it has read at the broker by itself. */
  readonly #page = new Counted<Slot>()
  /** It is reading a page, or waits until it tries again. */
  #fetching = false
  #source: BrokerReader | undefined
  readonly #pause = new Pause()
  #failures = 0
  /** It could not read a page, and whether the stream knows. */
  #lost: "no" | "untold" | "told" = "no"
  /** The feed's last outage that the stream was told of. */
  #told = 0
  #following = false
  #over = false

  constructor(
    feed: Feed,
    ring: Ring,
    from: string | undefined,
    wake: () => void,
    closed: () => void,
  ) {
    this.#feed = feed
    this.#ring = ring
    this.#wake = wake
    this.#closed = closed
    this.start = from ?? ring.tip
    this.position = this.start
    this.#next = from === undefined ? ring.slots.next : ring.after(from)
  }

  read(most: number): ReplayStep | undefined {
    if (this.#over) return undefined
    const step = this.#next === undefined ? this.#fromPage(most) : this.#fromRing(this.#next, most)
    if (step) return step
    if (this.#stalls()) return { type: "stalled" }
    this.#follow()
    return undefined
  }

  close(): void {
    if (this.#over) return
    this.#over = true
    closeReader(this.#source)
    this.#pause.giveUp()
    this.#closed()
  }

  /** Something came into the ring, or the feed was lost. */
  notice(): void {
    this.#following = false
    if (this.#over) return
    if (this.#fetching && !this.#joins()) return this.#follow()
    closeReader(this.#source)
    this.#wake()
  }

  #follow(): void {
    if (this.#following) return
    this.#following = true
    this.#feed.follow(this)
  }

  #fromRing(next: number, most: number): ReplayStep | undefined {
    if (next < this.#ring.slots.first) {
      this.#next = undefined
      return this.#fromPage(most)
    }
    const step = this.#ring.read(next, most)
    if (step) this.#next = next + this.#pass(step)
    return step
  }

  #fromPage(most: number): ReplayStep | undefined {
    const page = this.#page
    const step = stepAt(page, page.first, most)
    if (step) for (let slots = this.#pass(step); slots > 0; slots--) page.shift()
    if (step || page.size > 0) return step
    this.#next = this.#ring.after(this.position)
    if (this.#next !== undefined) return this.#fromRing(this.#next, most)
    if (!this.#fetching) this.#fetch(most)
    return undefined
  }

  /** Moves behind a step; the number of its slots. */
  #pass(step: ReplayStep): number {
    if (step.type === "stalled") return 0
    this.#lost = "no"
    const last = step.type === "gap" ? step : step.entries.at(-1)
    this.position = last?.cursor ?? this.position
    return step.type === "gap" ? 1 : step.entries.length
  }

  /** The broker is out of reach, and the stream has not been told. */
  #stalls(): boolean {
    const { down, outages } = this.#feed
    const untold = this.#lost === "untold" || (down && this.#told !== outages)
    if (this.#lost === "untold") this.#lost = "told"
    this.#told = outages
    return untold
  }

  #joins(): boolean {
    return this.#ring.after(this.position) !== undefined
  }

  /**
   * Finds out whether what follows on its place is still there, at the broker where the ring does not
   * know. Rejects where the broker cannot be reached now.
   */
  async begin(): Promise<void> {
    if (this.#next !== undefined) return
    this.#fetching = true
    const source = await this.#openPage()
    if (source) void this.#finish(this.#readPage(source, pageEntries))
    else this.#fetching = false
  }

  #fetch(most: number): void {
    this.#fetching = true
    const page = async () => {
      const source = await this.#openPage()
      if (source) await this.#readPage(source, most)
    }
    void this.#finish(page())
  }

  /** Undefined where nothing needs to be read: it has come into the ring, or is over. */
  async #openPage(): Promise<BrokerReader | undefined> {
    const from = this.position
    const source = await this.#feed.terms.turns.take(async () =>
      this.#over || this.#joins() ? undefined : this.#feed.open(from),
    )
    if (!source) return undefined
    const { start, gap } = source
    const known = this.#ring.after(start) !== undefined
    if (!this.#isPast(from) && !this.#joins()) {
      if (gap) this.#page.push(new FeedGap(checkedCursor(start)))
      else if (known) this.position = start
      else return source
    }
    closeReader(source)
    return undefined
  }

  /** The stream has gone on through the ring meanwhile, or is over. */
  #isPast(place: string): boolean {
    return this.#over || this.#next !== undefined || this.position !== place
  }

  /** Reads what follows, as far as the ring. */
  async #readPage(source: BrokerReader, most: number): Promise<void> {
    const { host, keyOf } = this.#feed.terms
    const from = this.position
    const giveUp = host.wakeAt(host.now() + pageTimeout, () => closeReader(source))
    this.#source = source
    try {
      const steps = await source.read(Math.min(most, pageEntries))
      if (this.#isPast(from)) return
      let tip = source.start
      for (const step of steps) {
        for (const slot of linked(step, tip, keyOf)) {
          this.#page.push(slot)
          tip = slot.cursor
        }
        if (this.#ring.after(tip) !== undefined) return
      }
    } finally {
      giveUp()
      closeReader(source)
      this.#source = undefined
    }
  }

  /** What comes of a page: something to read, or another attempt. */
  async #finish(page: Promise<void>): Promise<void> {
    try {
      await page
    } catch {
      if (this.#lost === "no") this.#lost = "untold"
    }
    if (this.#over) return
    if (this.#page.size > 0 || this.#joins()) this.#failures = 0
    else await this.#rest()
    this.#fetching = false
    this.#wake()
  }

  async #rest(): Promise<void> {
    const { host } = this.#feed.terms
    if (this.#lost === "untold") this.#wake()
    const wait = backoff(++this.#failures, uniform(host), brokerBackoff)
    await this.#pause.begin(host, wait)
  }
}
