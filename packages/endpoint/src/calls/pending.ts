import type {
  CallerSide,
  Encoded,
  Kind,
  OpenedChannel,
  OpenRequest,
  Outcome,
} from "@trunkline/protocol"
import { Unencodable } from "@trunkline/protocol"
import { checkedNumber } from "../checked-number.js"
import type { Line } from "../line.js"
import { toError } from "./failure.js"

/** What a call waits for its result unless told otherwise, in milliseconds. */
export const defaultTimeout = 30_000

/** How one call differs from the others. */
export interface CallOptions {
  /** Cancels the call, here and at the server. */
  readonly signal?: AbortSignal | undefined
  /**
   * Milliseconds to wait for the result; `Infinity` for ever. One that is given here is told to the
   * server too, so that the handler stops even if the line is down.
   * @default 30_000, or what `connect` was told
   */
  readonly timeout?: number | undefined
}

/** The result of a call, on its way. It is sent at once, awaited or not. */
export interface Pending<Output, Errors = unknown> extends Promise<Output> {
  /** The errors that the contract declares; for `safe` and `isRpcError`. */
  readonly "~errors"?: Errors
}

/** Makes a call: sends it at once, and settles exactly once. */
export function makeCall(
  line: Line,
  path: string,
  input: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { signal } = options ?? {}
    if (signal?.aborted) return reject(toError(line, path, { code: "CANCELLED", executed: "no" }))
    try {
      const call = new PendingCall(
        line,
        path,
        input,
        options?.timeout,
        line.timeout,
        resolve,
        reject,
      )
      call.open(signal)
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error
      reject(toError(line, path, { code: error.code, executed: "no", why: error.message }))
    }
  })
}

/** Its own request, to spare the hot path an object. */
export class PendingCall implements OpenRequest, CallerSide {
  readonly path: string
  readonly input: Encoded | undefined
  readonly kind: Kind = "call"
  readonly deadline: number
  readonly tellDeadline: boolean
  readonly from = undefined
  protected readonly line: Line
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  protected channel: OpenedChannel | undefined
  #signal: AbortSignal | undefined
  #abort: (() => void) | undefined

  constructor(
    line: Line,
    path: string,
    input: unknown,
    timeout: number | undefined,
    usual: number,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.path = path
    this.input = input === undefined ? undefined : line.encode(input)
    this.deadline = line.now() + checkedNumber("timeout", timeout ?? usual)
    this.tellDeadline = timeout !== undefined
    this.line = line
    this.#resolve = resolve
    this.#reject = reject
  }

  open(signal: AbortSignal | undefined): void {
    if (signal) {
      this.#abort = () => this.#cancel()
      this.#signal = signal
      signal.addEventListener("abort", this.#abort)
    }
    this.channel = this.line.open(this, this)
  }

  settled(outcome: Outcome): void {
    if (this.#abort) this.#signal?.removeEventListener("abort", this.#abort)
    if (outcome.ok) this.#resolve(outcome.value)
    else this.#reject(toError(this.line, this.path, outcome.failure, this.channel))
  }

  #cancel(): void {
    if (this.channel) this.line.cancel(this.channel, "CANCELLED")
  }
}
