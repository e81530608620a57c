import type { Duplex, Subscription, Validated } from "@trunkline/contract"
import {
  type AcceptedChannel,
  type Encoded,
  type Failure,
  type Serving,
  Unencodable,
} from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"
import { PushSource, type Sink } from "../handlers/push-source.js"
import type { Entry } from "../handlers/router.js"
import { watchedIterator } from "../handlers/watch.js"
import { type DeliveryPlan, planOf } from "./delivery.js"
import type { Desk } from "./desk.js"
import { Served } from "./served.js"

/** Pulls in a row from a source that never waits, before the event loop gets its turn. */
const longestBurst = 256

/**
 * A subscription being served, or the way down of a duplex: pulls the handler's iterable as far as its
 * reader has room, so that the reader's pace is the handler's.
 *
 * Must hold (G5): a lossless source is not pulled without credit; of a lossy one at most one value a key
 * waits; one that cannot wait ends when too much does.
 */
export class ServedStream extends Served {
  readonly #itemSchema: unknown
  readonly #plan: DeliveryPlan
  #iterator: AsyncIterator<unknown> | undefined
  #detach: (() => void) | undefined
  #pulling = false
  #burst = 0
  /**
   * What is being put, and whether it found room: fields, since it happens for every item. Whatever was
   * put is let go: a stream at rest is not to hold on to its last item.
   */
  #value: Encoded = ""
  #key: unknown
  #taken = true

  constructor(
    desk: Desk,
    entry: Entry,
    procedure: Subscription | Duplex,
    channel: AcceptedChannel,
  ) {
    super(desk, entry, channel)
    this.#itemSchema = procedure.kind === "duplex" ? procedure.down : procedure.item
    this.#plan = planOf(procedure)
  }

  writable(): void {
    this.#pull()
  }

  protected returned(source: unknown): void {
    if (this.left) return this.#release(source)
    if (source instanceof PushSource && !this.items) this.#attach(source)
    else if (isAsyncIterable(source)) this.#iterate(source)
    else this.failed(new TypeError(`the handler of ${this.path} must return an async iterable`))
  }

  /** A handler may read before it returns what it yields, so that both ways begin when it is entered. */
  protected override receive(serving: Serving): void {
    const { policy, window } = this.#plan
    serving.begin(this.channel, policy, window)
    super.receive(serving)
  }

  #begin(waits?: boolean): void {
    const { policy, window } = this.#plan
    this.desk.serve((serving) => {
      serving.begin(this.channel, policy, window, waits)
      if (this.channel.meta?.u) serving.note(this.channel, "restarted")
    })
  }

  #iterate(source: AsyncIterable<unknown>): void {
    if (!this.items) this.#begin()
    this.settle(
      (source) => source[Symbol.asyncIterator](),
      source,
      (iterator) => {
        if (!isObject(iterator)) return this.returned(undefined)
        this.#iterator = this.watch ? watchedIterator(iterator, this.watch) : iterator
        this.#pull()
      },
    )
  }

  /** No code of the application runs for it between two values. */
  #attach(source: PushSource): void {
    this.release()
    this.#begin(false)
    const { driver, host } = this.desk.callee
    const sink: Sink = {
      codec: driver.session.codec,
      session: driver.session,
      host,
      push: (value, key) => this.#pushed(value, key),
      turn: (work, argument) => driver.turn(work, argument),
      end: () => this.#done(),
      fail: (failure) => this.#failedWith(failure),
    }
    this.settle(
      (sink) => source.attach(sink),
      sink,
      (detach) => {
        this.#detach = detach
      },
    )
  }

  #pull(): void {
    if (this.#pulling || this.left || !this.#iterator || !this.#hasRoom()) return
    this.#pulling = true
    if (this.#plan.policy !== "every" && ++this.#burst > longestBurst) return this.#rest()
    this.settle(next, this.#iterator, this.#pulled)
  }

  /** A lossy stream takes whatever comes, and keeps the newest. */
  #hasRoom(): boolean {
    return this.#plan.policy !== "every" || (this.channel.lane?.room() ?? 0) > 0
  }

  /** A source that yields without ever waiting would keep everybody else from running. */
  #rest(): void {
    const { host } = this.desk.callee
    this.#burst = 0
    host.wakeAt(host.now(), () => {
      this.#pulling = false
      this.#pull()
    })
  }

  readonly #pulled = (step: IteratorResult<unknown>): void => {
    if (isObject(step)) this.settle(this.#validate, step, this.#validated)
    else this.failed(new TypeError(`the source of ${this.path} is broken`))
  }

  /** `undefined` at the source's end. */
  readonly #validate = (
    step: IteratorResult<unknown>,
  ): Validated | PromiseLike<Validated> | undefined => {
    return step.done ? undefined : this.checkItem(this.#itemSchema, step.value)
  }

  readonly #validated = (validated: Validated | undefined): void => {
    if (!validated) return this.#done()
    if (this.left) return
    if (!validated.ok) return this.misfit("an item", validated.issues)
    const encoded = this.desk.encode(validated.value)
    if (encoded instanceof Unencodable) return this.unencodable(encoded)
    this.#value = encoded
    this.settle(this.#plan.keyOf, validated.value, this.#keyed)
  }

  readonly #keyed = (key: unknown): void => {
    this.#put(this.#value, key)
    this.#pulling = false
    this.#pull()
  }

  #pushed(value: Encoded, key: unknown): void {
    if (this.left) return
    const { lane } = this.channel
    if (!this.desk.callee.driver.session.accepts(value)) {
      return this.unencodable(new Unencodable("larger than the client accepts", "TOO_LARGE"))
    }
    const full =
      lane !== undefined &&
      (lane.crowded ||
        lane.waitingItems >= limits.pushItems ||
        lane.waitingUnits >= limits.pushUnits)
    if (full && this.#plan.policy === "every") this.#slowConsumer()
    else this.#put(value, key)
  }

  #put(value: Encoded, key: unknown): void {
    this.#value = value
    this.#key = key
    this.desk.serve(this.#putItem)
    this.#value = ""
    this.#key = undefined
    if (!this.#taken) this.#slowConsumer()
  }

  readonly #putItem = (serving: Serving): void => {
    this.#taken = serving.item(this.channel, this.#value, this.#key)
  }

  #done(): void {
    this.finished()
    this.#detach?.()
    if (this.left) return
    this.watch?.ended(undefined)
    this.desk.serve((serving) => serving.end(this.channel))
  }

  #slowConsumer(): void {
    const { executed } = this
    this.leave("SLOW_CONSUMER")
    this.kill({ code: "SLOW_CONSUMER", executed })
  }

  #failedWith(failure: Failure): void {
    this.finished()
    this.#detach?.()
    if (!this.left) this.fail(failure)
  }

  /** Tells the source that nobody reads any more; what it still does is its own. */
  protected override stop(): void {
    this.#detach?.()
    if (this.#detach) return this.finished()
    const iterator = this.#iterator
    if (iterator) void this.#close(() => iterator)
  }

  async #close(iterator: () => AsyncIterator<unknown>): Promise<void> {
    try {
      await iterator().return?.()
    } catch (error) {
      this.log(error)
    } finally {
      this.finished()
    }
  }

  /** The handler returned its source to nobody. */
  #release(source: unknown): void {
    if (isAsyncIterable(source)) void this.#close(() => source[Symbol.asyncIterator]())
    else this.finished()
  }
}

const next = (iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> => iterator.next()

/** What a source written without types may fail to give. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value
}
