import { type AnySchema, type Issue, RpcError, type Validated, validate } from "@trunkline/contract"
import type {
  AcceptedChannel,
  CalleeSide,
  Executed,
  Failure,
  Leaving,
  Serving,
  Unencodable,
} from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"
import type { SessionInfo } from "../handlers/handler.js"
import { invoke, isGuarded } from "../handlers/middleware.js"
import { type AnyHandler, Request, type RequestOrigin } from "../handlers/request.js"
import type { Entry } from "../handlers/router.js"
import type { Watch } from "../handlers/watch.js"
import { isPromise } from "../is-promise.js"
import { issueText } from "../issue-text.js"
import { type Asked, askAgain } from "./authorisation.js"
import { CallerItems } from "./caller-items.js"
import type { Desk } from "./desk.js"
import { internal, toThrown } from "./serving-failure.js"

/**
 * One channel being served, from its input to its handler's end. What comes back, one value or many, is
 * the kind's business.
 *
 * Must hold (S12): once the caller is gone, the terminal frame was sent in the same step, the signal has
 * fired, and whatever the handler still does is dropped.
 */
export abstract class Served implements CalleeSide, RequestOrigin, Asked {
  readonly entry: Entry
  protected readonly desk: Desk
  readonly channel: AcceptedChannel
  /** Who observes it; undefined where nobody does. */
  protected readonly watch: Watch | undefined
  /** What the caller of an upload or a duplex sends. */
  readonly items: CallerItems | undefined
  /** Nobody waits any more. */
  protected left = false
  #entered = false
  #exited = false
  #ended = false
  /** Handler or middleware threw, and what the caller is told of it stands. */
  #failed = false
  #running = false
  #controller: AbortController | undefined
  #reason: RpcError | undefined
  #input: unknown

  constructor(desk: Desk, entry: Entry, channel: AcceptedChannel) {
    this.desk = desk
    this.entry = entry
    this.channel = channel
    this.watch = desk.watch(entry, channel)
    channel.user = this
    const { procedure } = entry
    if (procedure.kind === "upload") this.items = new CallerItems(this, schemaOf(procedure.item))
    if (procedure.kind === "duplex") this.items = new CallerItems(this, schemaOf(procedure.up))
  }

  get path(): string {
    return this.entry.path
  }

  get session(): SessionInfo {
    return this.desk.callee.info
  }

  get correlationId(): string {
    return this.desk.correlationId(this.channel)
  }

  /** Of a keyed call alone; without a store for keys it is good for this one attempt. */
  get idempotencyKey(): string | undefined {
    const { procedure } = this.entry
    const keyed = procedure.kind === "call" && procedure.idempotency === "key"
    return keyed ? this.correlationId : undefined
  }

  /** Kept only where middleware may have to see it again. */
  get input(): unknown {
    return this.#input
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.left) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  /** What can be said of the handler now (docs/protocol.md, "Who sets `executed`"). */
  get executed(): Executed {
    if (!this.#entered) return "no"
    return this.#ended ? "yes" : "unknown"
  }

  /** Calls the handler itself. */
  call(handler: AnyHandler, request: Request): unknown {
    this.enter()
    return handler(request)
  }

  /** Not behind the answer: that may have said, for good, that the handler was not entered. */
  protected enter(): void {
    if (this.left || this.#failed) {
      throw this.#reason ?? new TypeError("next() came after the answer")
    }
    this.#entered = true
    if (this.items) this.desk.serve((serving) => this.receive(serving))
  }

  readable(): void {
    this.items?.readable()
  }

  taken(): void {
    this.desk.serve(this.#grant)
  }

  unfit(issues: readonly Issue[]): void {
    const { executed } = this
    this.leave("VALIDATION")
    this.kill({ code: "VALIDATION", executed, data: { issues: shortened(issues) } })
  }

  exit(): void {
    this.#exited = true
  }

  /** Validates the input and goes on to the handler. */
  start(): void {
    this.#running = true
    this.desk.running++
    this.settle(
      (input) => validate(schemaOf(this.entry.procedure.input), input),
      this.channel.input,
      (validated) => this.#run(validated),
    )
  }

  cancelled(code: Leaving): void {
    if (this.left) return
    const { executed } = this
    this.leave(code)
    if (code !== "CLOSED") this.kill({ code, executed })
  }

  /** What the handler gives is for nobody any more. */
  protected get unwanted(): boolean {
    return this.left
  }

  /**
   * Its caller is known anew. What lasts is asked about again: it ends with what its middleware throw
   * (docs/protocol.md, "AUTH").
   */
  async reauthorise(): Promise<void> {
    const { host, context } = this.desk.callee
    if (this.left || !isGuarded(this.entry.handler)) return
    try {
      await askAgain(this, context, host)
    } catch (thrown) {
      // Meanwhile known anew: who asked last decides.
      if (context === this.desk.callee.context) await this.#refused(thrown)
    }
  }

  /** What the handler returned. */
  protected abstract returned(value: unknown): void

  /** The handler is entered: its caller may send items. */
  protected receive(serving: Serving): void {
    serving.receive(this.channel, limits.creditWindow.every)
  }

  readonly #grant = (serving: Serving): void => serving.grant(this.channel)

  /** The caller is gone. */
  protected leave(code: string): void {
    this.left = true
    const { executed } = this
    this.#reason = new RpcError(code, { executed })
    this.watch?.ended({ code, executed })
    this.#controller?.abort(this.#reason)
    this.items?.end(this.#reason)
    this.stop()
  }

  /** Nothing more is sent of what the handler returned, which is let go. */
  protected stop(): void {}

  /**
   * Runs code of the application, a schema included, that may throw or be asynchronous, and goes on with
   * what it gives. `argument` is handed through, so that what runs for every item needs no closure.
   */
  protected settle<A, T>(
    run: (argument: A) => T | PromiseLike<T>,
    argument: A,
    then: (value: T) => void,
  ): void {
    let value: T
    try {
      const given = run(argument)
      if (isPromise(given)) return void given.then(then, this.#threw)
      value = given
    } catch (error) {
      return this.failed(error)
    }
    then(value)
  }

  /** What a stream brings is checked only where the options say so. */
  protected checkItem(schema: unknown, value: unknown): Validated | PromiseLike<Validated> {
    const check = this.desk.options.validateItems && isSchema(schema)
    return check ? validate(schema, value) : { ok: true, value }
  }

  readonly #threw = (error: unknown): void => this.failed(error)

  /** It has come to its end, one way or the other; behind middleware the handler may still run. */
  protected finished(): void {
    this.#ended = this.#exited || !isGuarded(this.entry.handler)
    this.release()
    this.items?.end(this.#reason ?? new RpcError("CLOSED", { message: "the handler has ended" }))
  }

  /** It takes no handler's place any more. */
  protected release(): void {
    if (!this.#running) return
    this.#running = false
    this.desk.running--
  }

  /** Handler or middleware threw. */
  protected failed(thrown: unknown): void {
    this.finished()
    if (!this.unwanted) {
      this.#failed = true
      void toThrown(this.entry, thrown, this.executed).then(({ failure, bug, reason }) => {
        if (bug) this.log(thrown, reason)
        if (!this.unwanted) this.fail(failure)
      })
    }
    this.stop()
  }

  /** What the handler gave does not fit its own contract. */
  protected misfit(what: string, issues: readonly Issue[]): void {
    this.finished()
    const told = [`${what} of ${this.path} does not fit the contract`, issueText({ issues })]
    this.log(new TypeError(told.filter(Boolean).join(": "), { cause: issues }))
    if (!this.unwanted) this.fail(internal(this.executed).failure)
    this.stop()
  }

  /** What the handler gave cannot be written on the wire. */
  protected unencodable(error: Unencodable): void {
    const { code } = error
    this.finished()
    this.log(error)
    if (!this.unwanted) this.fail({ code, executed: this.executed })
    this.stop()
  }

  /** The handler's own failure: of a stream, behind its items. */
  protected fail(failure: Failure): void {
    this.left = true
    this.watch?.ended(failure)
    this.desk.serve((serving) => serving.fail(this.channel, failure))
  }

  /** A failure of the runtime: ahead of whatever waits. */
  protected kill(failure: Failure): void {
    this.left = true
    this.watch?.ended(failure)
    this.desk.serve((serving) => serving.kill(this.channel, failure))
  }

  protected log(error: unknown, reason?: string): void {
    const { path, correlationId } = this
    const { log } = this.desk.options
    const why = reason === undefined ? undefined : { reason }
    log({ level: "error", message: "a handler failed", error, path, correlationId, ...why })
  }

  async #refused(thrown: unknown): Promise<void> {
    const { failure, bug, reason } = await toThrown(this.entry, thrown, this.executed)
    if (bug) this.log(thrown, reason)
    if (this.left) return
    const { executed } = this
    this.leave(failure.code)
    this.kill({ ...failure, executed })
  }

  #run(validated: Validated): void {
    if (this.left) return this.finished()
    if (!validated.ok) {
      this.finished()
      const data = { issues: shortened(validated.issues) }
      return this.kill({ code: "VALIDATION", executed: "no", data })
    }
    const { watch } = this
    const { handler } = this.entry
    const { context } = this.desk.callee
    if (this.channel.kind !== "call" && isGuarded(this.entry.handler)) this.#input = validated.value
    this.settle(
      (request) => (watch ? watch.run(() => invoke(handler, request)) : invoke(handler, request)),
      new Request(this, validated.value, context),
      (value) => this.returned(value),
    )
  }
}

/** Issues that a VALIDATION tells, units of each and steps of its path: enough for any form, bounded for
 * any input. */
const mostIssues = 32
const issueUnits = 500

export function shortened(issues: readonly Issue[]): readonly Issue[] {
  return issues.slice(0, mostIssues).map(({ message, path }) => ({
    message: message.slice(0, issueUnits),
    path: path.slice(0, limits.depth),
  }))
}

function schemaOf(payload: unknown): AnySchema | undefined {
  return isSchema(payload) ? payload : undefined
}

/** Whether a payload was declared; some libraries' schemas are functions. */
export function isSchema(value: unknown): value is AnySchema {
  return (typeof value === "object" && value !== null) || typeof value === "function"
}
