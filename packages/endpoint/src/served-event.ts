import { isAnyRpcError, RpcError, validate } from "@trunkline/contract"
import type { Desk } from "./desk.js"
import type { SessionInfo } from "./handler.js"
import { invoke } from "./middleware.js"
import { type AnyHandler, Request, type RequestOrigin } from "./request.js"
import type { Entry } from "./router.js"
import { isPromise, isSchema } from "./served.js"

/**
 * An event being served. Whatever goes wrong stays here: whoever sent it hears of nothing.
 *
 * Must hold (G5): it takes a handler's place until its handler has come to its end.
 */
export class ServedEvent implements RequestOrigin {
  /** Nobody comes back for an event. */
  readonly idempotencyKey = undefined
  readonly #desk: Desk
  readonly #entry: Entry
  /** Told once, when it takes no place any more. */
  readonly #finished: (event: ServedEvent) => void
  #controller: AbortController | undefined
  #gone: RpcError | undefined
  #entered = false

  constructor(desk: Desk, entry: Entry, finished: (event: ServedEvent) => void) {
    this.#desk = desk
    this.#entry = entry
    this.#finished = finished
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
    this.#desk.running++
    void this.#run(input)
  }

  /** The session is over. */
  abandon(): void {
    this.#gone = new RpcError("CLOSED")
    this.#controller?.abort(this.#gone)
  }

  /** Nothing waits where nothing has to: events are entered in the order in which they came. */
  async #run(input: unknown): Promise<void> {
    try {
      const schema = this.#entry.procedure.input
      const given = validate(isSchema(schema) ? schema : undefined, input)
      const validated = isPromise(given) ? await given : given
      if (!validated.ok) return this.#desk.drop(this.path, "VALIDATION", validated.issues)
      if (this.#gone) return
      const request = new Request(this, validated.value, this.#desk.callee.context)
      await invoke(this.#entry.handler, request)
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#desk.running--
      this.#finished(this)
    }
  }

  /** What middleware refuses is no fault of the handler. */
  #failed(error: unknown): void {
    if (error === this.#gone) return
    if (!this.#entered && isAnyRpcError(error)) return this.#desk.drop(this.path, error.code)
    const { path, correlationId } = this
    const { log } = this.#desk.options
    log({ level: "error", message: "a handler failed", error, path, correlationId })
  }
}
