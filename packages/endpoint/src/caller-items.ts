import { type AnySchema, type Issue, RpcError, type Validated, validate } from "@trunkline/contract"
import type { AcceptedChannel } from "@trunkline/protocol"
import { isPromise } from "./is-promise.js"

/** Who serves the channel that the items belong to. */
export interface ItemsOwner {
  readonly channel: AcceptedChannel
  /** Items were taken: their caller may go on. */
  taken(): void
  /** An item does not fit: the channel ends, and with it the items. */
  unfit(issues: readonly Issue[]): void
}

interface Waiter {
  readonly promise: Promise<IteratorResult<unknown, void>>
  resolve(step: IteratorResult<unknown, void>): void
  reject(error: unknown): void
}

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
  /** Reads without an answer, in order. */
  readonly #waiters: Waiter[] = []
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

  next(): Promise<IteratorResult<unknown, void>> {
    let resolve: Waiter["resolve"] = () => {}
    let reject: Waiter["reject"] = () => {}
    const promise = new Promise<IteratorResult<unknown, void>>((resolved, rejected) => {
      resolve = resolved
      reject = rejected
    })
    this.#waiters.push({ promise, resolve, reject })
    this.readable()
    return promise
  }

  /** What is not taken waits where it is, and its caller with it, until the handler has ended. */
  return(): Promise<IteratorResult<unknown, void>> {
    this.#left = true
    this.readable()
    return Promise.resolve(done)
  }

  readable(): void {
    if (this.#reason) this.#discard()
    while (this.#waiters.length > 0 && this.#answer());
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

  /** Nobody will take these; credit is given all the same, or the caller's END would never come. */
  #discard(): void {
    const { inflow } = this.#owner.channel
    if (!inflow) return
    inflow.clear()
    if (inflow.tellDue) this.#owner.taken()
  }

  /** `false`: there is nothing to answer with yet. */
  #answer(): boolean {
    if (this.#left || this.#complete) return this.#resolve(this.#waiters.shift(), done)
    if (this.#reason) return this.#reject(this.#waiters.shift(), this.#reason)
    const { inflow } = this.#owner.channel
    const arrival = inflow?.shift()
    if (!arrival || !("item" in arrival)) return false
    const waiter = this.#waiters.shift()
    if (inflow?.tellDue) this.#owner.taken()
    this.#check(waiter, arrival.item)
    return true
  }

  #check(waiter: Waiter | undefined, item: unknown): void {
    try {
      const given = validate(this.#schema, item)
      if (!isPromise(given)) return this.#checked(waiter, given)
      const failed = (error: unknown) => void this.#reject(waiter, error)
      void given.then((validated) => this.#checked(waiter, validated), failed)
    } catch (error) {
      this.#reject(waiter, error)
    }
  }

  #checked(waiter: Waiter | undefined, validated: Validated): void {
    if (validated.ok) return void this.#resolve(waiter, { value: validated.value, done: false })
    this.#owner.unfit(validated.issues)
    this.#reject(waiter, this.#reason ?? new RpcError("VALIDATION"))
  }

  #resolve(waiter: Waiter | undefined, step: IteratorResult<unknown, void>): boolean {
    waiter?.resolve(step)
    return true
  }

  /** A handler that has stopped listening to its reads is no reason to end the process. */
  #reject(waiter: Waiter | undefined, error: unknown): boolean {
    waiter?.promise.catch(() => {})
    waiter?.reject(error)
    return true
  }
}

const done = { value: undefined, done: true } as const
