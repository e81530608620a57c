import { isAnyRpcError, type Subscription, type Validated } from "@trunkline/contract"
import {
  type AcceptedChannel,
  backoff,
  type Encoded,
  isCursor,
  type Serving,
  Unencodable,
} from "@trunkline/protocol"
import { uniform } from "@trunkline/transport"
import {
  type ReplayEntry,
  type ReplayReader,
  type ReplaySnapshot,
  ReplaySource,
  type ReplayStep,
} from "../handlers/replay-source.js"
import type { Entry } from "../handlers/router.js"
import { type DeliveryPlan, planOf } from "./delivery.js"
import type { Desk } from "./desk.js"
import { isSchema, Served } from "./served.js"

/** Entries in a row, before the event loop gets its turn: a lossy stream reads whatever there is. */
const longestBurst = 256
/** Until the next attempt to open a log that cannot be reached. */
const reopen = { base: 100, cap: 5_000 } as const
/** Loads of a state within so many milliseconds, of which none was followed by an entry. */
const mostLoads = 3
const loadsWithin = 60_000

/**
 * A subscription of a topic being served: reads the topic's log from where its caller stands, as far as
 * the caller has room. The log waits for nobody, and nobody's memory grows with it.
 *
 * Must hold (S2): what is sent is a contiguous run of the log from the cursor that `at` states; a hole is
 * told before anything behind it, and no position beyond one is.
 */
export class ServedReplay extends Served {
  readonly #procedure: Subscription
  readonly #plan: DeliveryPlan
  #source: ReplaySource | undefined
  #reader: ReplayReader | undefined
  /** The log is being opened, or the state loaded: until then nothing is read. */
  #busy = true
  #advancing = false
  /** What was read and is not dealt with; of its entries so many were put. */
  #step: ReplayStep | undefined
  #put = 0
  #unsendable: Unencodable | undefined
  /** The state that the next reader follows on, written for its note, and its cursor. */
  #state: { readonly data: Encoded; readonly cursor: string } | undefined
  #loads = 0
  #loadedAt = 0
  /** Attempts in a row to open the log, and what gives up the next. */
  #failures = 0
  #giveUp: (() => void) | undefined
  /** Where the caller knows to stand when it has all that was put. */
  #told: string | undefined

  constructor(desk: Desk, entry: Entry, procedure: Subscription, channel: AcceptedChannel) {
    super(desk, entry, channel)
    this.#procedure = procedure
    this.#plan = planOf(procedure)
  }

  writable(): void {
    this.#advance()
  }

  /** A stream that continues no other begins with the state, where there is one. */
  protected returned(source: unknown): void {
    if (this.left) return this.finished()
    if (!(source instanceof ReplaySource)) {
      return this.failed(new TypeError(`the handler of ${this.path} must return a topic`))
    }
    this.#source = source
    const from = this.channel.meta?.f ?? undefined
    if (from === undefined && isSchema(this.#procedure.state)) this.#load(source)
    else this.#open(source, from)
  }

  #open(source: ReplaySource, from: string | undefined): void {
    this.#busy = true
    this.settle(
      (from) => opening(source, from, this.#wake),
      from,
      (reader) => (reader ? this.#opened(source, reader, from) : this.#unreached(source, from)),
    )
  }

  /** The log may be out of reach for longer than any caller would try again: the caller is told, and waits. */
  #unreached(source: ReplaySource, from: string | undefined): void {
    if (this.left) return this.finished()
    const { host } = this.desk.callee
    if (this.#failures++ === 0) this.#note("stalled")
    this.release()
    const time = host.now() + backoff(this.#failures, uniform(host), reopen)
    this.#giveUp = host.wakeAt(time, () => {
      this.#giveUp = undefined
      this.#open(source, from)
    })
  }

  /** Whether it begins behind a gap decides what can be told of where it stands. */
  #opened(source: ReplaySource, reader: ReplayReader, from: string | undefined): void {
    if (this.left) {
      reader.close()
      return this.finished()
    }
    this.#reader = reader
    this.#failures = 0
    this.#step = this.#read(longestBurst)
    if (!this.#reader) return
    const continues = this.#step?.type !== "gap"
    if (this.#state) {
      if (!continues) return this.#loadAgain(source)
      this.#reset(this.#state)
    } else if (continues) this.#place(from ?? reader.start)
    this.#busy = false
    this.release()
    this.#advance()
  }

  #place(cursor: string): void {
    if (!this.channel.lane) return this.#begin(cursor)
    this.#told = cursor
    this.desk.serve((serving) => serving.place(this.channel, cursor))
  }

  #begin(cursor?: string): void {
    const { policy, window } = this.#plan
    this.#told = cursor
    this.desk.serve((serving) => serving.begin(this.channel, policy, window, true, cursor))
  }

  #note(what: string, data?: Encoded): void {
    if (!this.channel.lane) this.#begin()
    this.desk.serve((serving) => serving.note(this.channel, what, data))
  }

  /** The state and its cursor, read together: a reader opened behind it has neither hole nor repeat. */
  #load(source: ReplaySource): void {
    const now = this.desk.callee.host.now()
    if (now - this.#loadedAt > loadsWithin) this.#loads = 0
    this.#loadedAt = now
    if (++this.#loads > mostLoads) return this.#lost()
    this.#busy = true
    this.#closeReader()
    this.settle(load, source, (snapshot) => this.#loaded(source, snapshot))
  }

  #loaded(source: ReplaySource, snapshot: ReplaySnapshot): void {
    if (this.left) return this.finished()
    this.settle(
      ({ state }) => this.checkItem(this.#procedure.state, state),
      snapshot,
      (validated) => this.#validated(source, validated, snapshot.cursor),
    )
  }

  #validated(source: ReplaySource, validated: Validated, cursor: string): void {
    if (this.left) return this.finished()
    if (!validated.ok) return this.misfit("the state", validated.issues)
    if (!isCursor(cursor)) {
      return this.failed(new TypeError(`the snapshot of ${this.path} has no cursor of its topic`))
    }
    const data = this.desk.encode({ state: validated.value, cursor })
    if (data instanceof Unencodable) return this.unencodable(data)
    this.#state = { data, cursor }
    this.#open(source, cursor)
  }

  /** The log had dropped what follows the state before it could be read. */
  #loadAgain(source: ReplaySource): void {
    this.#state = undefined
    this.#step = undefined
    this.#load(source)
  }

  #reset({ data, cursor }: { readonly data: Encoded; readonly cursor: string }): void {
    this.#note("reset", data)
    this.#told = cursor
    this.#state = undefined
  }

  readonly #wake = (): void => {
    if (!this.#advance()) this.#tellPosition()
  }

  /** Deals with what there is, as far as there is room. `false`: nothing was read. */
  #advance(): boolean {
    if (this.#advancing) return true
    this.#advancing = true
    let burst = 0
    while (this.#next()) {
      burst += this.#step?.type === "entries" ? this.#step.entries.length : 1
      if (!this.#deal()) break
      if (burst >= longestBurst && this.#plan.policy !== "every") {
        this.#rest()
        break
      }
    }
    this.#advancing = false
    return burst > 0
  }

  /** Whether something was read that is to be dealt with. */
  #next(): boolean {
    const { lane } = this.channel
    if (this.left || this.#busy) return false
    if (this.#step) return true
    const room = lane?.room() ?? 0
    if (room > 0) this.#step = this.#read(Math.min(room, longestBurst))
    return this.#step !== undefined
  }

  /** A log that is broken ends this stream, and is nothing to those who are woken with it. */
  #read(most: number): ReplayStep | undefined {
    try {
      return this.#reader?.read(most)
    } catch (error) {
      this.failed(error)
      return undefined
    }
  }

  /** `false`: it has to wait for room, or for what stands before it to leave. */
  #deal(): boolean {
    const step = this.#step
    if (step?.type === "entries") return this.#putAll(step.entries)
    // A lossy stream's notes overtake its values, and no stream is to hold many notes.
    if (this.channel.lane && !this.channel.lane.rest()) return false
    this.#step = undefined
    if (step?.type === "gap") this.#gap(step.cursor)
    else this.#note("stalled")
    return true
  }

  #putAll(entries: readonly ReplayEntry[]): boolean {
    while (this.#put < entries.length) {
      if ((this.channel.lane?.room() ?? 0) <= 0) return false
      this.desk.serve(this.#putEntries)
      if (this.#unsendable) {
        this.unencodable(this.#unsendable)
        return false
      }
    }
    this.#step = undefined
    this.#put = 0
    this.#loads = 0
    return true
  }

  /** In one step as many as there is room for. */
  readonly #putEntries = (serving: Serving): void => {
    const { channel } = this
    const entries = this.#step?.type === "entries" ? this.#step.entries : []
    for (let entry = entries[this.#put]; entry; entry = entries[++this.#put]) {
      if ((channel.lane?.room() ?? 0) <= 0) return
      const value = this.desk.written(entry)
      if (value instanceof Unencodable) {
        this.#unsendable = value
        return
      }
      serving.item(channel, value, entry.key, entry.cursor)
      this.#told = entry.cursor
    }
  }

  /** Others get their turn. */
  #rest(): void {
    const { host } = this.desk.callee
    this.#advancing = true
    host.wakeAt(host.now(), () => {
      this.#advancing = false
      this.#advance()
    })
  }

  #gap(cursor: string): void {
    if (this.#procedure.onGap === "snapshot" && this.#source) return this.#load(this.#source)
    if (this.#procedure.onGap !== "continue") return this.#lost()
    this.#note("gap", this.desk.callee.driver.session.codec.encode({ cursor }))
    this.#told = cursor
  }

  /** Items were lost beyond repair. */
  #lost(): void {
    const { executed } = this
    this.#busy = false
    this.fail({ code: "GAP", executed })
    this.stop()
  }

  /** A quiet stream's cursor would fall behind what the log keeps. */
  #tellPosition(): void {
    const position = this.#reader?.position
    if (this.left || this.#busy || !this.channel.lane?.idle) return
    if (position !== undefined && position !== this.#told) this.#place(position)
  }

  #closeReader(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  /** What is still being opened or loaded is let go when it comes. */
  protected override stop(): void {
    this.#closeReader()
    this.#step = undefined
    this.#giveUp?.()
    if (!this.#busy || this.#giveUp) this.finished()
  }
}

/** `undefined` where the log cannot be reached now. */
async function opening(
  source: ReplaySource,
  from: string | undefined,
  wake: () => void,
): Promise<ReplayReader | undefined> {
  try {
    return await source.open(from, wake)
  } catch (error) {
    if (isAnyRpcError(error) && error.code === "UNAVAILABLE") return undefined
    throw error
  }
}

function load(source: ReplaySource): Promise<ReplaySnapshot> {
  if (source.snapshot) return source.snapshot()
  throw new TypeError("a topic whose contract has a state needs a snapshot")
}
