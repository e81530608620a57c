import * as Kind from "@trunkline/protocol/frame-kinds"
import type { Counters } from "../counters.js"
import { must } from "../violation.js"
import type { Filter } from "./log-node.js"
import type { SimulatedLog } from "./simulated-log.js"

/** What the wire has shown of one attempt to read a topic. */
export class TopicAttempt {
  readonly operation: number
  readonly lossy: boolean
  readonly log: SimulatedLog
  readonly filter: Filter
  /** After this cursor it was to begin. */
  readonly from: string | undefined
  readonly #counters: Counters
  /** Where the callee stands by its own word. */
  #position: string | undefined
  /** Number of its first `at`. */
  #begun = Number.POSITIVE_INFINITY
  /** Numbers of the frames that told a cursor. */
  readonly #told: { readonly number: number; readonly cursor: string }[] = []
  /** Numbers of the frames that brought an item, one for each. */
  readonly #items: number[] = []
  readonly #arrivedBefore: number
  /** What had been acknowledged when its caller left: what arrives later reaches nobody. */
  #heardUntil: number | undefined

  constructor(
    counters: Counters,
    operation: number,
    lossy: boolean,
    log: SimulatedLog,
    filter: Filter,
    from: string | undefined,
    arrivedBefore: number,
  ) {
    this.#counters = counters
    this.#arrivedBefore = arrivedBefore
    this.operation = operation
    this.lossy = lossy
    this.log = log
    this.filter = filter
    this.from = from
  }

  /**
   * S2: another attempt begins where this one's consumer stands: at the last cursor that its client has
   * acknowledged, or at one that may have arrived behind it.
   */
  checkNext(from: string | undefined, acknowledged: number): void {
    const heard = this.#heardUntil ?? acknowledged
    const known = this.#told.filter(({ number }) => number <= heard)
    const later = this.#told.filter(({ number }) => number > heard)
    const possible = [known.at(-1)?.cursor ?? this.from, ...later.map(({ cursor }) => cursor)]
    must(possible.includes(from), "S2", () => {
      return `${this.operation} goes on from ${from}, and its client was told of ${possible[0]}`
    })
    if (from !== undefined) this.#counters.add("topic continued in another session")
  }

  /** Items that its client has got for certain, by this attempt and those before. */
  arrived(acknowledged: number): number {
    const heard = this.#heardUntil ?? acknowledged
    const here = this.#items.filter((number) => number <= heard).length
    return this.#arrivedBefore + here
  }

  /**
   * Its caller cancels it. One that moves elsewhere as soon as it has begun drops what came with its
   * beginning: of that stream only what had been acknowledged before this moment was heard.
   */
  leave(acknowledged: number, before: number): void {
    this.#heardUntil ??= this.#begun > before ? before : acknowledged
  }

  /** A frame of the callee. */
  observe(number: number, [kind, , body, data]: readonly unknown[]): void {
    if (kind === Kind.ITEM) this.#item(number, body, data)
    if (kind === Kind.ITEMS && Array.isArray(body) && Array.isArray(data)) {
      for (const [index, value] of body.entries()) this.#item(number, value, data[index])
    }
    if (kind === Kind.NOTE) this.#note(number, String(body), Object(data))
  }

  /** S13: entry follows on entry. */
  #item(number: number, value: unknown, cursor: unknown): void {
    const entry = this.log.find(String(cursor))
    const { serial } = Object(value)
    must(entry?.item.serial === serial, "S13", () => `${serial} is not what stands at ${cursor}`)
    if (this.#position === undefined) {
      must(false, "S2", () => `${this.operation} has items and was not told where it begins`)
    } else this.#follow(this.#position, String(cursor), true)
    this.#items.push(number)
    this.#tell(number, String(cursor))
  }

  /** @param item there is an item at the end, and else nothing for this stream */
  #follow(position: string, cursor: string, item: boolean): void {
    const passed = this.log.between(position, cursor)?.filter((entry) => this.filter(entry.item))
    must(passed !== undefined, "S13", () => `${cursor} does not follow on ${position}`)
    const skipped = (passed?.length ?? 0) - (item ? 1 : 0)
    const whole = skipped === 0 || (this.lossy && skipped > 0)
    must(whole, "S13", () => `${skipped} between ${position} and ${cursor}`)
  }

  #note(
    number: number,
    what: string,
    { cursor, state }: { cursor?: string; state?: unknown },
  ): void {
    if (what === "at") this.#at(number, cursor)
    if (what !== "gap" && what !== "reset") return
    if (what === "reset") this.#checkState(String(cursor), state)
    this.#tell(number, String(cursor))
  }

  #at(number: number, cursor: string | undefined): void {
    const first = this.#begun === Number.POSITIVE_INFINITY
    this.#begun = Math.min(this.#begun, number)
    if (cursor === undefined) return
    if (first && this.from !== undefined) {
      must(cursor === this.from, "S2", () => `${this.from} was asked for, and it is at ${cursor}`)
    }
    if (this.#position !== undefined) {
      this.#counters.add("topic at repeated")
      this.#follow(this.#position, cursor, false)
    }
    this.#tell(number, cursor)
  }

  /** S2: the state is that of its cursor. */
  #checkState(cursor: string, state: unknown): void {
    const { serial } = Object(state)
    const last = this.log.find(cursor)?.item.serial ?? 0
    must(serial === last, "S2", () => `the state of ${serial} came as that of ${cursor}`)
  }

  #tell(number: number, cursor: string): void {
    this.#position = cursor
    this.#told.push({ number, cursor })
  }
}
