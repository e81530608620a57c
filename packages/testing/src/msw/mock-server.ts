import type { ServeOptions } from "@trunkline/server"
import { systemHost } from "@trunkline/transport"
import type { WebSocketHandler } from "msw"
import { LocalLine } from "../line/local-line.js"
import { soon } from "../line/soon.js"
import type { TestLine } from "../line/test-line.js"
import { interceptor } from "./interceptor.js"
import { emptyRouter, handlersByPath, type PartialHandlers } from "./partial-handlers.js"

/** Handlers that need a context need an `authenticate` that makes it. */
export type MockServerArguments<Context> = unknown extends Context
  ? [options?: MockServerOptions<Context>]
  : [options: MockServerOptions<Context> & Required<Pick<ServeOptions<Context>, "authenticate">>]

/** As for `serve`: who a client is, limits, times. */
export interface MockServerOptions<Context>
  extends Omit<ServeOptions<Context>, "host" | "origins"> {}

/** A real server of handlers that a test has written, at the end of msw's WebSockets. */
export interface MockServer<C, Context> extends TestLine {
  /** For `setupServer` and `setupWorker` of msw. */
  readonly handlers: readonly WebSocketHandler[]
  /**
   * Puts these handlers in place of those that were there, until `reset`. What is open goes on as it
   * began.
   *
   * @throws TypeError for what the contract does not have
   */
  use(handlers: PartialHandlers<C, Context>): void
  /** A whole line again, with the handlers that it began with. Sessions stay. */
  reset(): void
  /** Ends the server's sessions and answers nobody any more. */
  close(): Promise<void>
}

/**
 * A server for tests of a page or a program that calls `connect`: msw hands it the WebSockets that are
 * opened to this address, and they speak the real protocol with a real server. What has no handler fails
 * with `NOT_FOUND`, and its message names the procedure.
 *
 * @param url as `connect` is given it, or a pattern as `ws.link` of msw takes it
 *
 * @example
 * ```ts
 * const line = mockServer(monitor, "ws://localhost/rpc", { hosts: { list: () => [] } })
 * const server = setupServer(...line.handlers)
 * beforeAll(() => server.listen())
 * afterEach(() => line.reset())
 *
 * line.use({ hosts: { list: () => { throw new RpcError("FORBIDDEN") } } })
 * line.drop()                                        // and the page heals
 * line.delay(200)
 * line.refuse("auth")
 * ```
 */
export function mockServer<C extends object, Context = unknown>(
  contract: C,
  url: string | URL,
  handlers: PartialHandlers<NoInfer<C>, NoInfer<Context>>,
  ...options: MockServerArguments<Context>
): MockServer<C, Context>
export function mockServer(
  contract: object,
  url: string | URL,
  handlers: object,
  options: MockServerOptions<unknown> = {},
): MockServer<object, unknown> {
  return new MswLine(contract, url, handlers, options)
}

class MswLine extends LocalLine implements MockServer<object, unknown> {
  readonly handlers: readonly WebSocketHandler[]
  readonly #contract: object
  readonly #initial: object

  constructor(
    contract: object,
    url: string | URL,
    handlers: object,
    options: MockServerOptions<unknown>,
  ) {
    super(emptyRouter(contract), options, { host: systemHost, deliver: soon })
    this.#contract = contract
    this.#initial = handlers
    this.use(handlers)
    this.handlers = [interceptor(String(url), this)]
  }

  use(handlers: object): void {
    this.stage.use(handlersByPath(this.#contract, handlers))
  }

  override reset(): void {
    super.reset()
    this.use(this.#initial)
  }

  override async close(): Promise<void> {
    this.unplug()
    await super.close()
  }
}
