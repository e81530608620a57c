import { type AnySchema, type Issue, RpcError, type Validated, validate } from "@trunkline/contract"
import type { AcceptedChannel } from "@trunkline/protocol"
import { isPromise } from "../is-promise.js"

/** Who serves the channel that the items belong to. */
export interface ItemsOwner {
  readonly channel: AcceptedChannel
  /** Items were taken: their caller may go on. */
  taken(): void
  /** An item does not fit: the channel ends, and with it the items. */
  unfit(issues: readonly Issue[]): void
}

type Step = IteratorResult<unknown, void>

/**
 * What the caller of an upload or a duplex sends, as its handler reads it. Items wait in the channel's
 * inflow, never here, so that the handler's pace is the caller's. Each is checked when it is taken.
 *
 * Must hold: it is done only behind the caller's END, with every item taken; whatever else ends it throws,
 * or a part of a file would be taken for the whole.
 */
export class CallerItems implements AsyncIterableIterator<unknown, void, undefined> {
  readonly #owner: ItemsOwner
  readonly #schema: AnySchema | undefined
  /** Answer the reads that wait, in order. */
  readonly #waiting: ((step: Promise<Step>) => void)[] = []
  /** The handler has left its loop. */
  #left = false
  /** Why no more items come, though their caller has not ended them. */
  #reason: RpcError | undefined

  constructor(owner: ItemsOwner, schema: AnySchema | undefined) {
    this.#owner = owner
    this.#schema = schema
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step> {
    const step = this.#waiting.length === 0 ? this.#step() : undefined
    if (step) this.#tell()
    return step ?? quiet(new Promise((resolve) => this.#waiting.push(resolve)))
  }

  /** What is not taken waits where it is, and its caller with it, until the handler has ended. */
  return(): Promise<Step> {
    this.#left = true
    this.readable()
    return Promise.resolve(done)
  }

  readable(): void {
    // Nobody will take these; credit is given all the same, or the caller's END would never come.
    if (this.#reason) this.#owner.channel.inflow?.clear()
    while (this.#waiting.length > 0) {
      const step = this.#step()
      if (!step) break
      this.#waiting.shift()?.(step)
    }
    this.#tell()
  }

  /** The handler is over, or its caller is gone: whoever still reads is told so. */
  end(reason: RpcError): void {
    if (this.#reason || this.#complete) return
    this.#reason = reason
    this.readable()
  }

  get #complete(): boolean {
    return this.#owner.channel.inflow?.complete ?? false
  }

  /** What the next read is answered with; undefined while there is nothing. */
  #step(): Promise<Step> | undefined {
    if (this.#left || this.#complete) return Promise.resolve(done)
    if (this.#reason) return quiet(Promise.reject(this.#reason))
    const arrival = this.#owner.channel.inflow?.shift()
    return arrival && "item" in arrival ? this.#check(arrival.item) : undefined
  }

  #check(item: unknown): Promise<Step> {
    try {
      const given = validate(this.#schema, item)
      if (isPromise(given)) return quiet(given.then(this.#checked))
      return Promise.resolve(this.#checked(given))
    } catch (error) {
      return quiet(Promise.reject(error))
    }
  }

  readonly #checked = (validated: Validated): Step => {
    if (validated.ok) return { value: validated.value, done: false }
    this.#owner.unfit(validated.issues)
    throw this.#reason ?? new RpcError("VALIDATION")
  }

  #tell(): void {
    if (this.#owner.channel.inflow?.tellDue) this.#owner.taken()
  }
}

/** A handler that has stopped listening to its reads is no reason to end the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

const done = { value: undefined, done: true } as const
