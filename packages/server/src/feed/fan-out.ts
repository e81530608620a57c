import type { Sink } from "@trunkline/endpoint"
import type { FeedReader } from "./feed-reader.js"
import type { Feeds } from "./feeds.js"

/** Entries that are handed on at a time. */
const batch = 256

/**
 * Streams that are pushed what comes through a broker, from the moment they begin: what is published at
 * any node reaches the readers of all. They have no cursors, so a hole ends those that may have none.
 */
export class FanOut {
  size = 0
  readonly #feeds: Feeds
  readonly #lossless: boolean
  readonly #lines = new Map<string, Line>()

  constructor(feeds: Feeds, lossless: boolean) {
    this.#feeds = feeds
    this.#lossless = lossless
  }

  add(topic: string, sink: Sink): () => void {
    const line = this.#lines.get(topic) ?? this.#begin(topic)
    line.sinks.add(sink)
    this.size++
    return () => {
      if (!line.sinks.delete(sink)) return
      this.size--
      if (line.sinks.size > 0) return
      line.close()
      if (this.#lines.get(topic) === line) this.#lines.delete(topic)
    }
  }

  #begin(topic: string): Line {
    const line = new Line(this.#lossless)
    this.#lines.set(topic, line)
    void line.open(this.#feeds, topic)
    return line
  }
}

/** The streams of one topic. */
class Line {
  readonly sinks: Set<Sink> = new Set()
  readonly #lossless: boolean
  #reader: FeedReader | undefined
  #closed = false

  constructor(lossless: boolean) {
    this.#lossless = lossless
  }

  async open(feeds: Feeds, topic: string): Promise<void> {
    try {
      this.#reader = await feeds.open(topic, undefined, () => this.#handOn())
    } catch {
      this.#fail("UNAVAILABLE")
    }
    if (this.#closed) this.#reader?.close()
    else this.#handOn()
  }

  close(): void {
    this.#closed = true
    this.#reader?.close()
  }

  #handOn(): void {
    for (;;) {
      const step = this.#reader?.read(batch)
      if (!step) return
      if (step.type === "gap" && this.#lossless) this.#fail("GAP")
      if (step.type !== "entries") continue
      for (const entry of step.entries) {
        for (const sink of [...this.sinks]) sink.push(entry.encode(sink.codec), entry.key)
      }
    }
  }

  #fail(code: string): void {
    for (const sink of [...this.sinks]) sink.fail({ code, executed: "unknown" })
  }
}
