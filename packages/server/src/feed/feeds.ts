import { RpcError } from "@trunkline/contract"
import { Feed, type FeedTerms } from "./feed.js"
import { FeedReader } from "./feed-reader.js"

/** Feeds that nobody reads and that are kept for the next reader. */
export const idleFeeds = 256

/** The feeds of a topic: one for each of its keys that somebody reads, or did a moment ago. */
export class Feeds {
  /** Streams that read. */
  readers = 0
  readonly #terms: FeedTerms
  readonly #feeds = new Map<string, Feed>()
  /** Without a reader, the longest so first. */
  readonly #idle = new Set<Feed>()

  constructor(terms: FeedTerms) {
    this.#terms = terms
  }

  /** Rejects where the broker cannot be reached now. */
  async open(topic: string, from: string | undefined, wake: () => void): Promise<FeedReader> {
    const feed = this.#feeds.get(topic) ?? this.#begin(topic)
    feed.holders++
    this.#idle.delete(feed)
    try {
      const ring = await feed.ready
      const reader = new FeedReader(feed, ring, from, wake, () => {
        this.readers--
        this.#letGo(feed)
      })
      await reader.begin()
      this.readers++
      return reader
    } catch (error) {
      this.#letGo(feed)
      throw unreachable(error)
    }
  }

  #begin(topic: string): Feed {
    const feed = new Feed(topic, this.#terms, this.#over)
    this.#feeds.set(topic, feed)
    return feed
  }

  #letGo(feed: Feed): void {
    if (--feed.holders > 0 || this.#feeds.get(feed.topic) !== feed) return
    const { host, space } = this.#terms
    feed.idleSince = host.now()
    this.#idle.add(feed)
    if (feed.down) return feed.release()
    for (const idle of this.#idle) {
      if (this.#idle.size <= idleFeeds && space.used <= space.most / 2) return
      idle.release()
    }
  }

  readonly #over = (feed: Feed): void => {
    this.#idle.delete(feed)
    if (this.#feeds.get(feed.topic) === feed) this.#feeds.delete(feed.topic)
  }
}

/** A stream that hears this tries again. */
function unreachable(cause: unknown): RpcError {
  const message = "the broker cannot be reached"
  return new RpcError("UNAVAILABLE", { message, cause, executed: "no" })
}
