import type { Connection, RpcError, StreamEvent, StreamNote } from "@trunkline/client"
import { Fold, type Folding } from "./fold.js"
import { atNextFrame } from "./frames.js"
import { defaultKeep, newest } from "./keep.js"
import type { Source } from "./procedure.js"
import { Reading, type ReadingUser } from "./reading.js"

/**
 * - `idle`: it is not enabled
 * - `connecting`: it waits for the server, or for the line
 * - `live`: the server has taken it on, and items come as they happen
 * - `done`: its source has ended
 * - `error`: it has failed, and `retry` begins it again
 */
export type SubscriptionStatus = "idle" | "connecting" | "live" | "done" | "error"

/** What a stream has brought up to a frame. It never changes; the next frame has another. */
export interface Snapshot {
  readonly latest: unknown
  /** Newest last, as many as anybody wants kept. */
  readonly items: readonly unknown[]
  readonly data: unknown
  /** An item, or the state of a topic, has come. */
  readonly arrived: boolean
  readonly cursor: string | undefined
  readonly status: SubscriptionStatus
  readonly stale: boolean
  readonly error: RpcError | undefined
  readonly note: StreamNote | undefined
  readonly dropped: number
  readonly gaps: number
  readonly missed: number
  readonly retry: () => void
}

/** Who looks at a stream. */
export interface Viewer {
  readonly paused: boolean
  changed(): void
}

/**
 * Milliseconds that a stream outlives the last who looked at it: StrictMode leaves and comes back at
 * once, a page that is changed for another within a moment.
 */
const linger = 1_000

/** Milliseconds that a stream waits for a component that was suspended to come back for it. */
const lease = 30_000

/** One stream of a connection, for all components that follow the same procedure with the same input. */
export class SharedStream implements ReadingUser {
  readonly #source: Source
  readonly #closed: () => void
  readonly #unlisten: () => void
  readonly #viewers = new Set<Viewer>()
  /** With how many viewers each has. */
  readonly #folds = new Map<Fold, number>()
  #snapshots = new Map<Fold | undefined, Snapshot>()
  #reading: Reading
  #ending: ReturnType<typeof setTimeout> | undefined
  #leased: ReturnType<typeof setTimeout> | undefined
  #keep = defaultKeep
  /** Items and gaps, oldest first: at most twice as many as are kept. */
  #tail: StreamEvent<unknown>[] = []
  #items: readonly unknown[] = []
  /** Items that the tail has lost. */
  #forgotten = 0
  /** What the tail follows on, where the topic has told its state. */
  #whole: StreamEvent<unknown> | undefined
  #latest: unknown
  #arrived = false
  #settled = false
  #status: SubscriptionStatus = "connecting"
  #error: RpcError | undefined
  #note: StreamNote | undefined
  #dropped = 0
  #gaps = 0
  /** What is shown is of the stream before it began anew. */
  #anew = false
  #stalled = false
  #over = false
  #arrival: Promise<void> | undefined
  #arrive = (): void => {}

  constructor(source: Source, from: string | undefined, closed: () => void) {
    this.#source = source
    this.#closed = closed
    this.#reading = new Reading(source.open(from), this)
    this.#unlisten = source.connection.on("state", () => atNextFrame(this.#show))
  }

  /** It is to be seen that something has come, or that nothing will. */
  get settled(): boolean {
    return this.#settled
  }

  /** Keeps the stream for a component that was suspended, until something has come. */
  arrival(): Promise<void> {
    this.#lease()
    this.#arrival ??= new Promise((resolve) => {
      this.#arrive = resolve
    })
    return this.#arrival
  }

  add(viewer: Viewer): void {
    clearTimeout(this.#ending)
    this.#viewers.add(viewer)
    this.#unlease()
    this.pace()
  }

  remove(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    this.pace()
    if (this.#viewers.size > 0 || this.#leased) return
    if (this.#status === "error") this.close()
    else this.#closeSoon()
  }

  /** Takes nothing while all who look are paused. */
  pace(): void {
    const viewers = [...this.#viewers]
    this.#reading.hold(viewers.length > 0 && viewers.every(({ paused }) => paused))
  }

  keep(items: number): void {
    this.#keep = Math.max(this.#keep, items)
  }

  /** The fold by these functions: one for all who pass the same. Nobody has it yet. */
  foldBy(folding: Folding): Fold {
    const found = this.#find(folding)
    if (found) return found
    const fold = new Fold(folding, this.#forgotten)
    if (this.#whole) fold.add(this.#whole)
    for (const event of this.#tail) fold.add(event)
    if (this.#anew) fold.restart()
    this.#put(fold, 0)
    return fold
  }

  take(fold: Fold): void {
    this.#folds.set(fold, (this.#folds.get(fold) ?? 0) + 1)
  }

  release(fold: Fold): void {
    this.#put(fold, Math.max(0, (this.#folds.get(fold) ?? 0) - 1))
  }

  /** For a viewer whose functions are others now. What they make of items is theirs from here on. */
  refold(fold: Fold, folding: Folding): Fold {
    if (sameFolding(fold.folding, folding)) return fold
    const alone = this.#folds.get(fold) === 1
    const found = this.#find(folding)
    if (alone && !found) fold.change(folding)
    if (alone && !found) return fold
    const next = found ?? fold.fork(folding)
    this.take(next)
    this.release(fold)
    return next
  }

  snapshot(fold: Fold | undefined): Snapshot {
    const known = this.#snapshots.get(fold)
    if (known) return known
    const snapshot = this.#look(fold)
    this.#snapshots.set(fold, snapshot)
    return snapshot
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#ending)
    this.#unlease()
    this.#unlisten()
    this.#reading.stop()
    this.#closed()
    this.#arrive()
  }

  hear(event: StreamEvent<unknown>): void {
    this.#status = "live"
    if ("item" in event) this.#hearItem(event)
    else this.#hearNote(event)
    for (const fold of this.#folds.keys()) fold.add(event)
  }

  live(): void {
    this.#status = "live"
  }

  ended(error: RpcError | undefined): void {
    this.#status = error ? "error" : "done"
    this.#error = error
    // A suspended component has a moment to be told of it; one that comes later begins the stream again.
    if (error && this.#viewers.size === 0) this.#closeSoon()
  }

  show(): void {
    this.#show()
  }

  readonly #show = (): void => {
    const { length } = this.#tail
    if (length > this.#keep) this.#trim(length - this.#keep)
    this.#snapshots = new Map()
    this.#settled = this.#arrived || this.#status === "done" || this.#status === "error"
    if (this.#settled) this.#arrive()
    for (const viewer of this.#viewers) viewer.changed()
  }

  #closeSoon(): void {
    clearTimeout(this.#ending)
    this.#ending = setTimeout(() => this.close(), linger)
  }

  /**
   * Begins again: where it was, if that can be, or else anew. Not for whoever has kept this and is gone:
   * nobody would close what it opens.
   */
  readonly #retry = (): void => {
    if (this.#over) return
    const failed = [...this.#folds.keys()].some(({ error }) => error)
    if (this.#status !== "error" && this.#status !== "done" && !failed) return
    const cursor = failed || this.#error?.code === "GAP" ? undefined : this.#reading.cursor
    this.#reading.stop()
    if (cursor === undefined) this.#restart()
    this.#settled = this.#arrived
    this.#arrival = undefined
    this.#status = "connecting"
    this.#error = undefined
    this.#reading = new Reading(this.#source.open(cursor), this)
    this.pace()
    atNextFrame(this.#show)
  }

  #restart(): void {
    this.#anew = true
    for (const fold of this.#folds.keys()) fold.restart()
  }

  #hearItem(event: StreamEvent<unknown> & { readonly item: unknown }): void {
    if (this.#anew) this.#clear()
    this.#stalled = false
    this.#latest = event.item
    this.#push(event)
    this.#arrived = true
  }

  #hearNote(event: StreamEvent<unknown> & { readonly note: StreamNote }): void {
    const { note } = event
    this.#note = note
    if (note.type === "restarted") this.#anew = true
    if (note.type === "stalled") this.#stalled = true
    if (note.type === "dropped") this.#dropped += note.count
    if (note.type === "gap") this.#gaps++
    if (note.type === "gap") this.#push(event)
    if (note.type !== "reset") return
    this.#clear()
    this.#whole = event
    this.#arrived = true
  }

  #push(event: StreamEvent<unknown>): void {
    const { length } = this.#tail
    this.#tail.push(event)
    if (length >= 2 * this.#keep) this.#trim(length + 1 - this.#keep)
    this.#items = none
  }

  #trim(count: number): void {
    for (const event of this.#tail.splice(0, count)) if ("item" in event) this.#forgotten++
    this.#items = none
  }

  #clear(): void {
    this.#anew = false
    this.#stalled = false
    this.#whole = undefined
    this.#latest = undefined
    this.#tail = []
    this.#items = none
    this.#forgotten = 0
  }

  #look(fold: Fold | undefined): Snapshot {
    const { state } = this.#source.connection
    const error = this.#error ?? fold?.error
    const away = state !== "open" && state !== "draining" && this.#status !== "done"
    const old = away || this.#anew || this.#stalled || error !== undefined
    if (this.#items === none) this.#items = newest(this.#tail.flatMap(itemOf), this.#keep)
    return {
      latest: this.#latest,
      items: this.#items,
      data: fold?.state,
      arrived: this.#arrived,
      cursor: this.#reading.cursor,
      status: error ? "error" : this.#status,
      stale: this.#arrived && old,
      error,
      note: this.#note,
      dropped: this.#dropped,
      gaps: this.#gaps,
      missed: fold?.missed ?? 0,
      retry: this.#retry,
    }
  }

  #find(folding: Folding): Fold | undefined {
    for (const fold of this.#folds.keys()) if (sameFolding(fold.folding, folding)) return fold
    return undefined
  }

  /** A fold that nobody has is kept for a moment: its component may be about to come back. */
  #put(fold: Fold, viewers: number): void {
    this.#folds.set(fold, viewers)
    if (viewers > 0) return
    setTimeout(() => {
      if (this.#folds.get(fold) === 0) this.#folds.delete(fold)
    }, linger)
  }

  #lease(): void {
    clearTimeout(this.#leased)
    this.#leased = setTimeout(() => {
      this.#leased = undefined
      if (this.#viewers.size === 0) this.close()
    }, lease)
  }

  #unlease(): void {
    clearTimeout(this.#leased)
    this.#leased = undefined
  }
}

/** The streams of each connection, by their key. */
const streams = new WeakMap<Connection, Map<string, SharedStream>>()

/** The stream of this source, if it is open. */
export function openStream({ connection, key }: Source): SharedStream | undefined {
  return streams.get(connection)?.get(key)
}

/** The stream of this source, which is opened if it is not. */
export function sharedStream(source: Source, from: string | undefined): SharedStream {
  const open = openStream(source)
  if (open) return open
  const { connection, key } = source
  const keyed = streams.get(connection) ?? new Map<string, SharedStream>()
  streams.set(connection, keyed)
  const shared = new SharedStream(source, from, () => {
    if (keyed.get(key) === shared) keyed.delete(key)
  })
  keyed.set(key, shared)
  return shared
}

/** Not counted out yet. */
const none: readonly unknown[] = []

function itemOf(event: StreamEvent<unknown>): readonly unknown[] {
  return "item" in event ? [event.item] : none
}

function sameFolding(one: Folding, other: Folding): boolean {
  return one.reduce === other.reduce && one.reset === other.reset && one.note === other.note
}
