import { RpcError } from "@trunkline/contract"
import { type Outcome, Unencodable } from "@trunkline/protocol"
import type { Line } from "../line.js"
import { type CallerFailure, toError } from "./failure.js"
import { type CallOptions, PendingCall } from "./pending.js"

/** How one upload differs from the others. */
export interface UploadOptions extends Pick<CallOptions, "signal"> {
  /**
   * Milliseconds that the whole upload may take.
   * @default it may take for ever
   */
  readonly timeout?: number | undefined
}

/**
 * Makes an upload: opens it at once, and takes item after item from its source as the other side has room.
 *
 * @throws TypeError for a source that cannot be iterated
 */
export function makeUpload(
  line: Line,
  path: string,
  input: unknown,
  source: unknown,
  options: UploadOptions | undefined,
): Promise<unknown> {
  const iterator = iteratorOf(source)
  if (!iterator) throw new TypeError(`${path}: the items of an upload are an iterable`)
  return new Promise((resolve, reject) => {
    const { signal, timeout } = options ?? {}
    if (signal?.aborted) return reject(toError(line, path, { code: "CANCELLED", executed: "no" }))
    try {
      const upload = new PendingUpload(line, path, input, timeout, forEver, resolve, reject)
      upload.open(signal)
      void upload.send(iterator)
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error
      reject(toError(line, path, { code: error.code, executed: "no", why: error.message }))
    }
  })
}

const forEver = Number.POSITIVE_INFINITY

type Source = AsyncIterator<unknown> | Iterator<unknown>

/** An upload on its way: a call that sends items. */
class PendingUpload extends PendingCall {
  override readonly kind = "upload"
  #over = false
  /** What the application's own source has to do with its failure. */
  #detail: Pick<CallerFailure, "why" | "cause"> | undefined
  #source: Source | undefined
  #wake = (): void => {}

  /** The source is asked only while there is room for what it gives. */
  async send(source: Source): Promise<void> {
    this.#source = source
    try {
      while (await this.#hasRoom()) {
        const { done, value } = await source.next()
        if (done) return this.#finish()
        this.#put(value)
      }
    } catch (error) {
      this.#fail(error)
    }
    await this.#leave()
  }

  writable(): void {
    this.#wake()
  }

  override settled(outcome: Outcome): void {
    this.#over = true
    this.#wake()
    void this.#leave()
    const failed = this.#detail && !outcome.ok
    super.settled(
      failed ? { ok: false, failure: { ...outcome.failure, ...this.#detail } } : outcome,
    )
  }

  /** `false`: it is over, by whatever the other side or the application did. */
  async #hasRoom(): Promise<boolean> {
    while (!this.#over && (this.channel?.lane?.room() ?? 0) <= 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return !this.#over
  }

  #put(item: unknown): void {
    if (this.channel && !this.#over) this.line.item(this.channel, item)
  }

  #finish(): void {
    this.#source = undefined
    if (this.channel && !this.#over) this.line.finish(this.channel)
  }

  #fail(error: unknown): void {
    if (!this.channel || this.#over) return
    const unsendable = error instanceof Unencodable
    this.#detail = unsendable ? { why: error.message } : { why: "its source failed", cause: error }
    this.line.cancel(this.channel, unsendable ? error.code : "INTERNAL")
  }

  /** The source learns that nobody wants more of it. */
  async #leave(): Promise<void> {
    const source = this.#source
    this.#source = undefined
    try {
      await source?.return?.()
    } catch (cause) {
      this.line.report(new RpcError("INTERNAL", { message: "a source did not close", cause }))
    }
  }
}

function iteratorOf(source: unknown): Source | undefined {
  if (isAsyncIterable(source)) return source[Symbol.asyncIterator]()
  return isIterable(source) ? source[Symbol.iterator]() : undefined
}

function isAsyncIterable(source: unknown): source is AsyncIterable<unknown> {
  return isFunction(Object(source)[Symbol.asyncIterator])
}

function isIterable(source: unknown): source is Iterable<unknown> {
  return isFunction(Object(source)[Symbol.iterator])
}

const isFunction = (value: unknown): boolean => typeof value === "function"
