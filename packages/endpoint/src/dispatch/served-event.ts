import { type Issue, isAnyRpcError, RpcError, validate } from "@trunkline/contract"
import type { SessionInfo } from "../handlers/handler.js"
import { invoke } from "../handlers/middleware.js"
import { type AnyHandler, Request, type RequestOrigin } from "../handlers/request.js"
import type { Entry } from "../handlers/router.js"
import type { Watch } from "../handlers/watch.js"
import { isPromise } from "../is-promise.js"
import type { Desk } from "./desk.js"
import { isSchema } from "./served.js"

/**
 * An event being served. Whatever goes wrong stays here: whoever sent it hears of nothing.
 *
 * Must hold (G5): so many of a session run at a time, and no more. They take no call's place, since calls
 * can be told to come again.
 */
export class ServedEvent implements RequestOrigin {
  /** Nobody comes back for an event. */
  readonly idempotencyKey = undefined
  readonly items = undefined
  readonly #desk: Desk
  readonly #entry: Entry
  /** Told once, when it takes no place any more. */
  readonly #finished: (event: ServedEvent) => void
  #controller: AbortController | undefined
  readonly #watch: Watch | undefined
  #gone: RpcError | undefined
  #entered = false

  constructor(desk: Desk, entry: Entry, finished: (event: ServedEvent) => void) {
    this.#desk = desk
    this.#entry = entry
    this.#finished = finished
    this.#watch = desk.watch(entry)
  }

  get path(): string {
    return this.#entry.path
  }

  get session(): SessionInfo {
    return this.#desk.callee.info
  }

  /** No channel leads here, so that it has the session's name alone. */
  get correlationId(): string {
    return this.session.id
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#gone) this.#controller.abort(this.#gone)
    return this.#controller.signal
  }

  /** Behind middleware that took its time the session may be over. */
  call(handler: AnyHandler, request: Request): unknown {
    if (this.#gone) throw this.#gone
    this.#entered = true
    return handler(request)
  }

  exit(): void {}

  start(input: unknown): void {
    void this.#run(input)
  }

  /** The session is over. */
  abandon(): void {
    this.#gone = new RpcError("CLOSED")
    this.#controller?.abort(this.#gone)
  }

  /**
   * Nothing waits where nothing has to: events are entered in the order in which they came, and of those
   * that come together each has left its place before the next.
   */
  async #run(input: unknown): Promise<void> {
    try {
      const schema = this.#entry.procedure.input
      const given = validate(isSchema(schema) ? schema : undefined, input)
      const validated = isPromise(given) ? await given : given
      if (!validated.ok) return this.#drop("VALIDATION", validated.issues)
      if (this.#gone) return
      const request = new Request(this, validated.value, this.#desk.callee.context)
      const running = this.#invoke(request)
      if (isPromise(running)) await running
      this.#watch?.ended(undefined)
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#finished(this)
    }
  }

  #invoke(request: Request): unknown {
    const { handler } = this.#entry
    return this.#watch ? this.#watch.run(() => invoke(handler, request)) : invoke(handler, request)
  }

  #drop(code: string, issues?: readonly Issue[]): void {
    this.#watch?.ended({ code, executed: "no" })
    this.#desk.drop(this.path, code, issues)
  }

  /** What middleware refuses is no fault of the handler. */
  #failed(error: unknown): void {
    if (error === this.#gone) return this.#watch?.ended({ code: "CLOSED", executed: "no" })
    if (!this.#entered && isAnyRpcError(error)) return this.#drop(error.code)
    this.#watch?.ended({ code: "INTERNAL", executed: this.#entered ? "yes" : "no" })
    const { path, correlationId } = this
    const { log } = this.#desk.options
    log({ level: "error", message: "a handler failed", error, path, correlationId })
  }
}
