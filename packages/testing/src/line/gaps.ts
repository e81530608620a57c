import { type Entry, type ReplayReader, ReplaySource, type ReplayStep } from "@trunkline/endpoint"

type AnyHandler = Entry["handler"]

/** The readers that a topic has now, which can be told that entries may be lost. */
export class Gaps {
  readonly #readers = new Set<GapReader>()

  /** Each of them comes upon a gap next. */
  tear(): void {
    for (const reader of [...this.#readers]) reader.tear()
  }

  /** The same handler, middleware before it included, whose readers are known here. */
  watch(handler: AnyHandler): AnyHandler {
    const watched: AnyHandler = (request) => {
      const given = handler(request)
      return given instanceof Promise ? given.then(this.#known) : this.#known(given)
    }
    return Object.defineProperties(watched, Object.getOwnPropertyDescriptors(handler))
  }

  readonly #known = (given: unknown): unknown => {
    if (!(given instanceof ReplaySource)) return given
    const open: ReplaySource["open"] = async (from, wake) => {
      const reader = new GapReader(await given.open(from, wake), wake, (closed) =>
        this.#readers.delete(closed),
      )
      this.#readers.add(reader)
      return reader
    }
    return new ReplaySource(open, given.snapshot)
  }
}

/** A reader that can be made to doubt what it has read. */
class GapReader implements ReplayReader {
  readonly #reader: ReplayReader
  readonly #wake: () => void
  readonly #closed: (reader: GapReader) => void
  #torn = false

  constructor(reader: ReplayReader, wake: () => void, closed: (reader: GapReader) => void) {
    this.#reader = reader
    this.#wake = wake
    this.#closed = closed
  }

  get start(): string {
    return this.#reader.start
  }

  get position(): string {
    return this.#reader.position
  }

  tear(): void {
    this.#torn = true
    this.#wake()
  }

  read(most: number): ReplayStep | undefined {
    if (!this.#torn) return this.#reader.read(most)
    this.#torn = false
    return { type: "gap", cursor: this.#reader.position }
  }

  close(): void {
    this.#closed(this)
    this.#reader.close()
  }
}
