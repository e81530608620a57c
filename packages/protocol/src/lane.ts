import { type Backlog, EveryBacklog, Fixed, LossyBacklog } from "./backlog.js"
import type { Codec, Encoded } from "./codec.js"
import * as Kind from "./kind.js"
import { cut } from "./large-frame.js"
import { backlogUnits, messageUnits } from "./limits.js"
import type { Numbered } from "./outbox.js"
import type { Queue } from "./queue.js"
import type { Sender } from "./sender.js"

/** What decides which of a stream's waiting values are sent (docs/protocol.md, "Delivery policies"). */
export type Policy = "every" | "latest" | "conflate"

/** What a lane needs of its channel. */
export interface LaneOwner {
  readonly id: number
  /** The last frame of its direction has left. */
  laneClosed(): void
}

/**
 * The outgoing side of one channel: everything of it that has an order. Items wait here for credit,
 * END and a handler's ERROR wait behind them, and a large frame leaves in parts.
 *
 * Must hold (S8): items numbered never exceed the credit; (S4) no terminal frame overtakes an item;
 * (S16) nothing else of this lane comes between the parts of one frame.
 */
export class Lane implements Sender {
  scheduled = false
  deficit = 0
  /** Absolute number of items that the receiver allows. */
  #allowed: number
  #sent = 0
  /** Its last frame waits. */
  closing = false
  #tellDropped = false
  /** The last `room` was nothing, and the source waits to hear of more. */
  #starved = false
  readonly #owner: LaneOwner
  readonly #codec: Codec
  readonly #backlog: Backlog
  readonly #lossy: LossyBacklog | undefined
  /** The rest of a frame that leaves in parts. */
  #parts: Queue<Numbered> | undefined
  readonly #revived: () => void

  /**
   * @param allowed items that the receiver allows from the start
   * @param revived called when a source that had found no room may go on
   */
  constructor(
    owner: LaneOwner,
    codec: Codec,
    policy: Policy,
    allowed: number,
    revived: () => void,
  ) {
    this.#owner = owner
    this.#allowed = allowed
    this.#codec = codec
    this.#revived = revived
    this.#lossy = policy === "every" ? undefined : new LossyBacklog()
    this.#backlog = this.#lossy ?? new EveryBacklog()
  }

  /** Items that a source which can wait may bring now. */
  room(): number {
    const credit = this.#allowed - this.#sent - this.#backlog.items
    const room = this.#backlog.units < backlogUnits ? credit : 0
    this.#starved = room <= 0
    return room
  }

  /** The receiver allows items up to this number; a lower one than before says nothing new. */
  credit(upTo: number): void {
    if (upTo <= this.#allowed) return
    this.#allowed = upTo
    this.#revive()
  }

  get waitingItems(): number {
    return this.#backlog.items
  }

  get waitingUnits(): number {
    return this.#backlog.units
  }

  /** Values that the policy dropped and nobody was told of. */
  get dropped(): number {
    return this.#lossy?.dropped ?? 0
  }

  /** `false`: the policy has no room for it. */
  item(value: Encoded, key?: unknown): boolean {
    return this.#backlog.push(value, key)
  }

  /** A NOTE at its place in the order. */
  note(frame: Encoded): void {
    this.#backlog.fix(frame)
  }

  /** The `dropped` note is due. */
  tellDropped(): void {
    this.#tellDropped = true
  }

  /** END or a handler's ERROR: behind everything that waits. */
  close(frame: Encoded): void {
    this.#tellDropped = true
    this.closing = true
    this.#backlog.close(frame)
  }

  /** A frame has left in part. */
  get inParts(): boolean {
    return this.#parts !== undefined && this.#parts.length > 0
  }

  /** Drops all that waits: what is said next about the channel goes ahead of it. */
  kill(): void {
    this.closing = false
    this.#tellDropped = false
    this.#backlog.clear()
    this.#parts = undefined
  }

  take(units: number): Numbered | undefined {
    const part = this.#parts?.shift()
    if (part !== undefined) return part
    if (this.#owner.id === 0) return undefined
    const frame = this.#takeDropped() ?? this.#takeWaiting(units)
    this.#revive()
    if (frame === undefined || frame.length <= messageUnits) return frame
    this.#parts = cut(this.#codec, this.#owner.id, frame)
    return this.#parts.shift()
  }

  #revive(): void {
    if (this.#starved && this.room() > 0) this.#revived()
  }

  /** Behind the notes that stand already, `at` first of all, and ahead of the values and the end. */
  #takeDropped(): Encoded | undefined {
    const lossy = this.#lossy
    if (!this.#tellDropped || !lossy?.dropped || lossy.notes > 0) return undefined
    const data = this.#codec.encode({ n: lossy.dropped })
    this.#tellDropped = false
    lossy.dropped = 0
    const what = this.#codec.encode("dropped")
    return this.#codec.array([Kind.NOTE, this.#owner.id, what, data])
  }

  #takeWaiting(units: number): Encoded | undefined {
    const next = this.#backlog.next(this.#allowed - this.#sent, units)
    if (next === undefined) return undefined
    if (next instanceof Fixed) return this.#takeFixed(next.frame)
    this.#sent += next.length
    const [value] = next
    if (next.length === 1 && value !== undefined) {
      return this.#codec.array([Kind.ITEM, this.#owner.id, value])
    }
    return this.#codec.array([Kind.ITEMS, this.#owner.id, this.#codec.array(next)])
  }

  #takeFixed(frame: Encoded): Encoded {
    if (this.closing && this.#backlog.empty) this.#owner.laneClosed()
    return frame
  }
}
