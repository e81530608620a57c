import { receiveUnits, streamUnits } from "../limits.js"
import { Violation } from "../violation.js"
import { Queue } from "./queue.js"

/** What a consumer takes: an item with its place in the topic, or word of something in between. */
export type Arrival = ArrivedItem | ArrivedNote

export interface ArrivedItem {
  readonly item: unknown
  /** Where the stream can be continued after this item; only where the contract replays. */
  readonly cursor: string | undefined
}

export interface ArrivedNote {
  readonly note: string
  readonly data: unknown
}

/** Units that a session holds in memory for its consumers (docs/protocol.md, "Flow control"). */
export class ReceiveBudget {
  used = 0
  /** Some stream was denied credit because of the others. */
  withheld = false

  get exceeded(): boolean {
    return this.used > receiveUnits
  }

  /** Above half of the budget nobody gets new credit. */
  get scarce(): boolean {
    return this.used > receiveUnits / 2
  }

  /** What was denied can be granted now. */
  get relieved(): boolean {
    return this.withheld && !this.scarce
  }
}

/** Consecutive values of one frame; each costs the same part of the message that brought them. */
interface Batch {
  /** Units of the session's messages when it had arrived; 0 for what another session brought. */
  mark: number
  readonly values: readonly unknown[]
  readonly cursors: readonly string[] | undefined
  readonly charge: number
  taken: number
}

interface QueuedNote {
  readonly arrival: ArrivedNote
  /** Where the stream stands with it; only of a note that says so. */
  readonly cursor: string | undefined
  readonly charge: number
}

/**
 * The incoming side of one channel: what was received and not yet taken, and the credit that keeps it
 * bounded (docs/protocol.md, "Flow control").
 *
 * Must hold (S8): items received never exceed what was granted; grants only rise.
 */
export class Inflow {
  /** Items that the consumer lets wait; 0 until the callee's `at` has said how many. */
  window = 0
  /** The last position told or queued: where another session continues. */
  cursor: string | undefined
  /** The same for what the consumer has taken: where another stream continues. */
  taken: string | undefined
  /** Units held, of the session's budget. */
  units = 0
  /** Items queued. */
  queued = 0
  /** A grant waits to be sent. */
  granting = false
  /** The sender's END has arrived: nothing comes after what is queued. */
  ended = false
  #dropped = false
  #begun = false
  /** The callee has said where it stands in its log: each of its items has a cursor. */
  #replays = false
  #received = 0
  #granted = 0
  #budget: ReceiveBudget
  /** The session's units when the last item taken had arrived, and what that was at the last grant. */
  #takenMark = 0
  #grantedMark = 0
  readonly #queue = new Queue<Batch | QueuedNote>()

  constructor(budget: ReceiveBudget) {
    this.#budget = budget
  }

  get length(): number {
    return this.#queue.length
  }

  /** Its sender has ended, and all that was sent has been taken. */
  get complete(): boolean {
    return this.ended && !this.#dropped && this.length === 0
  }

  /** The callee's `at` has arrived. */
  get begun(): boolean {
    return this.#begun
  }

  /** The window, and with it the first allowance, is known. */
  begin(window: number, allowance: number): void {
    this.#begun = true
    this.window = window
    this.#granted = allowance
  }

  /** Nothing stands between the last arrival and this cursor. */
  place(cursor: string): void {
    this.#replays = true
    this.cursor = cursor
    if (this.#queue.length === 0) this.taken = cursor
  }

  /** The stream goes on in another session: what is queued stays, the counting begins anew. */
  move(budget: ReceiveBudget): void {
    this.#budget.used -= this.units
    budget.used += this.units
    this.#budget = budget
    this.#begun = false
    this.#replays = false
    this.#received = 0
    this.#granted = 0
    this.#takenMark = 0
    this.#grantedMark = 0
    for (const entry of this.#queue) if ("mark" in entry) entry.mark = 0
    this.granting = false
  }

  push(
    values: readonly unknown[],
    cursors: readonly string[] | undefined,
    charge: number,
    mark: number,
  ): void {
    if (cursors && cursors.length !== values.length) throw new Violation("cursors for some items")
    if (this.ended) throw new Violation("an item after END")
    this.#received += values.length
    if (this.#received > this.#granted) throw new Violation("an item beyond its credit")
    if ((cursors !== undefined) !== this.#replays) throw new Violation("cursors for some items")
    this.queued += values.length
    this.#hold(charge * values.length)
    this.cursor = cursors?.[values.length - 1] ?? this.cursor
    this.#queue.push({ values, cursors, charge, mark, taken: 0 })
  }

  note(note: string, data: unknown, charge: number, cursor?: string): void {
    this.#hold(charge)
    this.#queue.push({ arrival: { note, data }, cursor, charge })
    if (cursor === undefined) return
    this.#replays = true
    this.cursor = cursor
  }

  /** Hands the next arrival to the consumer. */
  shift(): Arrival | undefined {
    const head = this.#queue.peek()
    if (head === undefined) return undefined
    this.#hold(-head.charge)
    if ("arrival" in head) {
      this.#queue.shift()
      this.#take(head.cursor)
      return head.arrival
    }
    this.queued--
    this.#takenMark = Math.max(this.#takenMark, head.mark)
    const item = head.values[head.taken]
    const cursor = head.cursors?.[head.taken]
    if (++head.taken === head.values.length) this.#queue.shift()
    this.#take(cursor)
    return { item, cursor }
  }

  clear(): void {
    this.#dropped ||= this.length > 0
    this.#hold(-this.units)
    this.queued = 0
    this.#queue.clear()
  }

  /** Whether what was taken is worth a step: for this stream, or for others that wait for room. */
  get tellDue(): boolean {
    return this.grantDue || this.#budget.relieved
  }

  /**
   * Whether so much was taken that the sender should hear of it: of the window, or of the units that it
   * may have at its reader. What the items themselves were of those is not known here, where a message
   * is read as a whole; the session's are never less.
   */
  get grantDue(): boolean {
    if (!this.#begun || this.granting || this.ended) return false
    const taken = this.#allowance - this.#granted
    if (taken >= Math.max(1, this.window >> 1)) return true
    return taken > 0 && this.#takenMark - this.#grantedMark >= streamUnits / 2
  }

  /** The absolute number for a CREDIT; `undefined` when the sender knows as much already. */
  grant(): number | undefined {
    this.granting = false
    if (!this.#begun || this.ended || this.#allowance <= this.#granted) return undefined
    this.#granted = this.#allowance
    this.#grantedMark = this.#takenMark
    return this.#granted
  }

  get #allowance(): number {
    return this.#received + this.window - this.queued
  }

  /** With the last arrival goes whatever position was told behind it. */
  #take(cursor: string | undefined): void {
    this.taken = this.#queue.length === 0 ? this.cursor : (cursor ?? this.taken)
  }

  #hold(units: number): void {
    this.units += units
    this.#budget.used += units
  }
}

/** Of several readers the one for which most waits; undefined: nothing does. */
export function heaviestOf<T extends { readonly inflow: Inflow | undefined }>(
  readers: Iterable<T>,
): T | undefined {
  let heaviest: T | undefined
  for (const reader of readers) {
    if ((reader.inflow?.units ?? 0) > (heaviest?.inflow?.units ?? 0)) heaviest = reader
  }
  return heaviest
}
