import { procedures } from "@trunkline/contract"
import { ClientService } from "./client-service.js"
import type { Handlers } from "./handlers/handler.js"
import { isHandler } from "./handlers/middleware.js"
import type { Entry, Router } from "./handlers/router.js"

/**
 * Joins a contract and its handlers, for a router whose handlers need no context; with one, use
 * `scope<Context>().implement`.
 *
 * A missing handler, one too many, or one of the wrong type does not compile; it is a TypeError at run
 * time too.
 *
 * @example
 * ```ts
 * const router = implement(monitor, { hosts: { list: () => db.hosts() } })
 * ```
 */
export function implement<C extends object>(
  contract: C,
  handlers: Handlers<C, unknown>,
): Router<unknown> {
  return makeRouter(contract, handlers)
}

export function makeRouter(contract: object, handlers: unknown): Router<unknown> {
  const entries = new Map<string, Entry>()
  for (const [path, procedure] of procedures(contract)) {
    const handler = at(handlers, path)
    if (!isHandler(handler)) throw new TypeError(`implement: ${path} has no handler`)
    entries.set(path, { path, procedure, handler })
  }
  for (const path of paths(handlers)) {
    if (!entries.has(path)) throw new TypeError(`implement: the contract has no ${path}`)
  }
  return {
    "~entries": entries,
    "~service": (context, options) => new ClientService(entries, context, options),
  }
}

function at(tree: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((node, name) => (node ? Reflect.get(Object(node), name) : undefined), tree)
}

function* paths(tree: unknown, prefix = ""): Generator<string> {
  for (const [name, member] of Object.entries(Object(tree))) {
    const path = prefix === "" ? name : `${prefix}.${name}`
    if (isHandler(member)) yield path
    else yield* paths(member, path)
  }
}
