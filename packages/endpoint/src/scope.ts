import type { Handlers } from "./handlers/handler.js"
import { type Use, use } from "./handlers/middleware.js"
import type { Router } from "./handlers/router.js"
import { makeRouter } from "./implement.js"

/** A type of context with what is bound to it. */
export interface Scope<Context> extends Use<Context, Context> {
  /** Joins a contract and its handlers, which get this context. */
  implement<C extends object>(contract: C, handlers: Handlers<C, Context>): Router<Context>
}

/**
 * Names the type of `context` once, for the handlers and middleware of a service.
 *
 * @example
 * ```ts
 * const app = scope<{ user: User | undefined }>()
 * const authed = app.use(({ context, next }) => {
 *   if (!context.user) throw new RpcError("UNAUTHORIZED")
 *   return next({ user: context.user })                    // narrowed from here on
 * })
 * const router = app.implement(monitor, { hosts: authed({ list: ({ context }) => … }) })
 * ```
 */
export function scope<Context>(): Scope<Context>
export function scope(): unknown {
  return Object.assign(use([]), { implement: makeRouter })
}
