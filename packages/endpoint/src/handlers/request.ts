import { RpcError } from "@trunkline/contract"
import type { SessionInfo } from "./handler.js"

/** What a middleware gets. */
export interface MiddlewareRequest<Context> {
  readonly context: Context
  /** The validated input. */
  readonly input: unknown
  readonly signal: AbortSignal
  readonly session: SessionInfo
  readonly path: string
  readonly correlationId: string
  /**
   * Goes on to the next middleware and at last to the handler, with these added to the context. Resolves
   * when a call has its result, or a stream has begun. A second time it throws: a handler is entered at
   * most once.
   */
  readonly next: Next
}

export interface Next {
  // biome-ignore lint/complexity/noBannedTypes: nothing is added
  (): Promise<Passed<{}>>
  <Added extends object>(added: Added): Promise<Passed<Added>>
}

/** What `next` gave. A middleware returns it, so it cannot forget to call on. */
export interface Passed<Added> {
  readonly "~added"?: Added
}

/** Handlers of all types meet here; the contract's types were checked where each was written. */
export type AnyHandler = (request: Request) => unknown

/** What a request knows of the work it belongs to. */
export interface RequestOrigin {
  readonly path: string
  readonly session: SessionInfo
  readonly correlationId: string
  /** Made when somebody asks for it: most handlers never do, and it is not cheap. */
  readonly signal: AbortSignal
  readonly idempotencyKey: string | undefined
  /** Of an upload or a duplex. */
  readonly items: AsyncIterable<unknown> | undefined
  /** Calls the handler itself. */
  call(handler: AnyHandler, request: Request): unknown
  /** The handler that a middleware called has returned or thrown. */
  exit(): void
}

const errors = new Proxy(
  {},
  {
    get: (_, code) => (data?: unknown) => new RpcError(String(code), { data, executed: "yes" }),
  },
)

/** What handlers and middleware get. Its parts are read when they are taken out. */
export class Request {
  readonly input: unknown
  readonly context: unknown
  readonly #origin: RequestOrigin

  constructor(origin: RequestOrigin, input: unknown, context: unknown) {
    this.#origin = origin
    this.input = input
    this.context = context
  }

  get signal(): AbortSignal {
    return this.#origin.signal
  }

  get session(): SessionInfo {
    return this.#origin.session
  }

  get path(): string {
    return this.#origin.path
  }

  get correlationId(): string {
    return this.#origin.correlationId
  }

  get items(): AsyncIterable<unknown> | undefined {
    return this.#origin.items
  }

  /** Whether a code is declared is checked when the error is sent. */
  get errors(): object {
    return errors
  }

  get idempotencyKey(): string | undefined {
    return this.#origin.idempotencyKey
  }

  call(handler: AnyHandler): unknown {
    return this.#origin.call(handler, this)
  }

  exit(): void {
    this.#origin.exit()
  }

  /** The same request with more in its context. */
  with(added: object): Request {
    return new Request(this.#origin, this.input, { ...Object(this.context), ...added })
  }

  toMiddleware(next: Next): MiddlewareRequest<unknown> {
    const request = this
    return {
      next,
      context: request.context,
      input: request.input,
      path: request.path,
      session: request.session,
      correlationId: request.correlationId,
      get signal() {
        return request.signal
      },
    }
  }
}
