import { RpcError } from "@trunkline/contract"
import type { Handler, Handlers } from "./handler.js"
import type { AnyHandler, MiddlewareRequest, Passed, Request } from "./request.js"

export type Middleware<Context, Added> = (
  request: MiddlewareRequest<Context>,
) => Promise<Passed<Added>>

/** What is known after a middleware: it may narrow, and it may add. */
export type Merge<Context, Added> = {
  readonly [K in keyof Context | keyof Added]: K extends keyof Added
    ? Added[K]
    : K extends keyof Context
      ? Context[K]
      : never
}

/** Puts middleware before handlers: one, a group of them, or a whole contract's. */
export interface Use<In, Out> {
  <Input, Returned, Errors, Items>(
    handler: NoInfer<Handler<Input, Returned, Out, Errors, Items>>,
  ): Handler<Input, Returned, In, Errors, Items>
  <C>(handlers: NoInfer<Handlers<C, Out>>): Handlers<C, In>
  /** Adds another middleware behind this one. */
  use<Added>(middleware: Middleware<Out, Added>): Use<In, Merge<Out, Added>>
}

type AnyMiddleware = (request: MiddlewareRequest<unknown>) => unknown

export function isHandler(value: unknown): value is AnyHandler {
  return typeof value === "function"
}

function isMiddleware(value: unknown): value is AnyMiddleware {
  return typeof value === "function"
}

/** Marks a function that calls a handler, as against the handler itself. */
const guard = Symbol("trunkline.guard")

/** Whether middleware stands before the handler itself. */
export function isGuarded(handler: AnyHandler): boolean {
  return guard in handler
}

/** Calls a handler as its origin says, or the middleware before it. */
export function invoke(handler: AnyHandler, request: Request): unknown {
  return isGuarded(handler) ? handler(request) : request.call(handler)
}

/** A `Use` whose middleware run in this order. */
export function use(chain: readonly AnyMiddleware[]): (handlers: unknown) => unknown {
  const wrap = (handlers: unknown): unknown => wrapAll(chain, handlers)
  return Object.assign(wrap, { use: (middleware: unknown) => use([...chain, checked(middleware)]) })
}

function checked(middleware: unknown): AnyMiddleware {
  if (isMiddleware(middleware)) return middleware
  throw new TypeError("use: a middleware is a function")
}

function wrapAll(chain: readonly AnyMiddleware[], handlers: unknown): unknown {
  if (isHandler(handlers)) {
    return chain.reduceRight((inner, middleware) => guarded(middleware, inner), handlers)
  }
  const entries = Object.entries(Object(handlers))
  return Object.fromEntries(entries.map(([name, handler]) => [name, wrapAll(chain, handler)]))
}

function guarded(middleware: AnyMiddleware, inner: AnyHandler): AnyHandler {
  const run = async (request: Request): Promise<unknown> => {
    let called = false
    const go = async (added?: object): Promise<Held> => {
      if (called) throw new TypeError("a middleware calls next() once")
      called = true
      return new Held(await pass(inner, added ? request.with(added) : request))
    }
    // A middleware that does not wait for it fails by that; its process is not to end as well.
    const next = (added?: object): Promise<Held> => {
      const going = go(added)
      going.catch(() => {})
      return going
    }
    const passed = await middleware(request.toMiddleware(next))
    if (passed instanceof Held) return passed.value
    throw new RpcError("INTERNAL", { message: "a middleware must return what next() gave" })
  }
  return Object.assign(run, { [guard]: true })
}

/** Calls what stands behind a middleware, which may not wait for it. */
async function pass(inner: AnyHandler, request: Request): Promise<unknown> {
  try {
    return await invoke(inner, request)
  } finally {
    if (!isGuarded(inner)) request.exit()
  }
}

/** The result on its way back through the middleware. */
class Held implements Passed<never> {
  readonly "~added"?: never
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}
