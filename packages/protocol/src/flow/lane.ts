import type { Codec, Encoded } from "../codec/codec.js"
import * as Kind from "../kind.js"
import { messageUnits, streamUnits, turnUnits } from "../limits.js"
import { Violation } from "../violation.js"
import { type Backlog, EveryBacklog, Fixed, type LossyBacklog } from "./backlog.js"
import { cut } from "./large-frame.js"
import type { Numbered } from "./outbox.js"
import { Queue } from "./queue.js"
import type { Held, SendBudget } from "./send-budget.js"
import type { Sender } from "./sender.js"

/** What decides which of a stream's waiting values are sent (docs/protocol.md, "Delivery policies"). */
export type Policy = "every" | "latest" | "conflate"

/** What a lane needs of its channel. */
export interface LaneOwner {
  readonly id: number
  /** Its OPEN is on the wire, whole: nothing of its lane may leave before. */
  readonly ready: boolean
  /** The first frame that is no item has left: of a callee `at`. */
  laneBegun(): void
  /** The last frame of its direction has left. */
  laneClosed(): void
}

export interface LaneOptions {
  readonly codec: Codec
  /** Where values wait of which not each is sent. Brought along, so that a caller need not have it. */
  readonly lossy: LossyBacklog | undefined
  /** Items that may be on their way or wait at the receiver; 0: its first CREDIT says how many. */
  readonly window: number
  /** Items that the receiver takes at first, if it does not leave that to the window. */
  readonly credit: number | undefined
  readonly budget: SendBudget
  /** Called when a source that had found no room may go on. */
  readonly revived: () => void
}

/**
 * The outgoing side of one channel: everything of it that has an order. Items wait here for credit,
 * END and a handler's ERROR wait behind them, and a large frame leaves in parts.
 *
 * Must hold (S8): items numbered never exceed the credit; (S4) no terminal frame overtakes an item;
 * (S16) nothing else of this lane comes between the parts of one frame.
 */
export class Lane implements Sender, Held {
  scheduled = false
  deficit = 0
  #window: number
  /** Absolute number of items that the receiver allows. */
  #allowed: number
  #sent = 0
  /** Of each item sent that may still wait at the receiver, and together. */
  readonly #untaken = new Queue<number>()
  #untakenUnits = 0
  /** Units of the backlog, as the budget has them. */
  #counted = 0
  /** Its last frame waits, or has left. */
  closing = false
  #tellDropped = false
  /** Its first frame that is no item has left. */
  begun = false
  /** There was no room from the first, or by the last `room`: the source waits to hear of some. */
  #starved: boolean
  /** The source waits until nothing of it does. */
  #tiring = false
  readonly #owner: LaneOwner
  readonly #codec: Codec
  readonly #backlog: Backlog
  readonly #lossy: LossyBacklog | undefined
  /** The rest of a frame that leaves in parts. */
  #parts: Queue<Numbered> | undefined
  readonly #budget: SendBudget
  readonly #revived: () => void

  /** More than the window is never taken: what a client asks for would be kept for it here (G5). */
  constructor(owner: LaneOwner, options: LaneOptions) {
    const { codec, lossy, window, credit = window, budget, revived } = options
    this.#owner = owner
    this.#window = window
    this.#allowed = Math.min(credit, window)
    this.#starved = this.#allowed === 0
    this.#codec = codec
    this.#budget = budget
    this.#revived = revived
    this.#lossy = lossy
    this.#backlog = lossy ?? new EveryBacklog()
  }

  /** Items that a source which can wait may bring now. */
  room(): number {
    const { exceeded } = this.#budget
    if (exceeded) this.#budget.hold(this)
    const room = exceeded ? 0 : (this.#lossy?.room ?? this.#roomOfEvery)
    this.#starved = room <= 0
    return room
  }

  get #roomOfEvery(): number {
    const units = this.#backlog.units + this.#untakenUnits
    return units < streamUnits ? this.#allowed - this.#sent - this.#backlog.items : 0
  }

  /** Whether nothing waits to be sent. */
  get idle(): boolean {
    return this.#backlog.empty
  }

  /** The same; if not, the source hears when it is so. */
  rest(): boolean {
    this.#tiring = !this.idle
    return this.idle
  }

  /** The receiver allows items up to this number; a lower one than before says nothing new. */
  credit(upTo: number): void {
    this.#window ||= upTo
    if (upTo > this.#sent + this.#window) throw new Violation("credit beyond the window")
    if (upTo <= this.#allowed) return
    this.#allowed = upTo
    this.#taken(upTo - this.#window)
    this.revive()
  }

  /** The receiver has said how many items it takes. */
  get credited(): boolean {
    return this.#window > 0
  }

  get waitingItems(): number {
    return this.#backlog.items
  }

  get waitingUnits(): number {
    return this.#backlog.units
  }

  /** The session's streams hold too much, and this one is a part of that. */
  get crowded(): boolean {
    return this.#budget.exceeded && this.#backlog.units > turnUnits
  }

  /** Values that the policy dropped and nobody was told of. */
  get dropped(): number {
    return this.#lossy?.dropped ?? 0
  }

  /** `false`: the policy has no room for it. */
  item(value: Encoded, key?: unknown, cursor?: string): boolean {
    if (this.#lossy && this.crowded) return false
    const taken = this.#backlog.push(value, key, cursor)
    this.#count()
    return taken
  }

  /** A NOTE at its place in the order. */
  note(frame: Encoded): void {
    this.#backlog.fix(frame)
    this.#count()
  }

  /** The `dropped` note is due. */
  tellDropped(): void {
    this.#tellDropped = true
  }

  /** END, or a handler's ERROR: behind everything that waits. */
  close(frame?: Encoded): void {
    this.#tellDropped = true
    this.closing = true
    this.#backlog.close(frame)
    this.#budget.forget(this)
    this.#count()
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
    this.#budget.forget(this)
    this.#count()
    this.#budget.relieve()
  }

  take(units: number): Numbered | undefined {
    const part = this.#parts?.shift()
    if (part !== undefined) return part
    if (!this.#owner.ready) return undefined
    const frame = this.#takeDropped() ?? this.#takeWaiting(units)
    this.#count()
    this.revive()
    this.#budget.relieve()
    if (frame === undefined || frame.length <= messageUnits) return frame
    this.#parts = cut(this.#codec, this.#owner.id, frame)
    return this.#parts.shift()
  }

  revive(): void {
    if ((this.#tiring && this.rest()) || (this.#starved && this.room() > 0)) this.#revived()
  }

  #count(): void {
    const { units } = this.#backlog
    this.#budget.used += units - this.#counted
    this.#counted = units
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

  /** CREDIT says how many items its reader has taken. */
  #taken(items: number): void {
    while (this.#sent - this.#untaken.length < items) {
      this.#untakenUnits -= this.#untaken.shift() ?? 0
    }
  }

  /** An item goes while there is any room at its reader, so that none is too large for ever. */
  #takeWaiting(units: number): Encoded | undefined {
    const room = streamUnits - this.#untakenUnits
    const most = room > 0 ? this.#allowed - this.#sent : 0
    const next = this.#backlog.next(most, Math.min(units, room))
    if (next === undefined) return undefined
    if (next instanceof Fixed) return this.#takeFixed(next)
    this.#sent += next.length
    for (const { length } of next) {
      this.#untaken.push(length)
      this.#untakenUnits += length
    }
    return this.#itemFrame(next, this.#backlog.cursors)
  }

  #itemFrame(values: readonly Encoded[], cursors: readonly string[] | undefined): Encoded {
    const codec = this.#codec
    const { id } = this.#owner
    const [value] = values
    const places = cursors?.map((cursor) => codec.encode(cursor))
    if (values.length === 1 && value !== undefined) {
      return codec.array([Kind.ITEM, id, value, ...(places ?? [])])
    }
    const run = codec.array(values)
    return codec.array(places ? [Kind.ITEMS, id, run, codec.array(places)] : [Kind.ITEMS, id, run])
  }

  #takeFixed({ frame = this.#codec.array([Kind.END, this.#owner.id]) }: Fixed): Encoded {
    if (!this.begun) {
      this.begun = true
      this.#owner.laneBegun()
    }
    if (this.closing && this.#backlog.empty) this.#owner.laneClosed()
    return frame
  }
}
