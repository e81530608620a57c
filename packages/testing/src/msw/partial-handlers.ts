import { type Procedure, procedures, RpcError } from "@trunkline/contract"
import { type Entry, type HandlerFor, implement, type Router } from "@trunkline/endpoint"
import { refusing } from "../line/stage.js"

/** Handlers for as much of a contract as a test needs. */
export type PartialHandlers<C, Context = unknown> = {
  readonly [K in keyof C]?:
    | (C[K] extends Procedure ? HandlerFor<C[K], Context> : PartialHandlers<C[K], Context>)
    | undefined
}

type AnyHandler = Entry["handler"]

/** A router in which whatever has no handler says so. */
export function emptyRouter(contract: object): Router<unknown> {
  const tree: object = {}
  for (const [path] of procedures(contract)) plant(tree, path.split("."), missing(path))
  return implement(contract, tree)
}

/**
 * The handlers of a tree by their paths.
 *
 * @throws TypeError for what the contract does not have
 */
export function handlersByPath(contract: object, tree: object): ReadonlyMap<string, AnyHandler> {
  const known = new Set(Array.from(procedures(contract), ([path]) => path))
  const handlers = new Map(handlersIn(tree))
  for (const path of handlers.keys()) {
    if (!known.has(path)) throw new TypeError(`mockServer: the contract has no ${path}`)
  }
  return handlers
}

function* handlersIn(tree: object, prefix = ""): Generator<readonly [string, AnyHandler]> {
  for (const [name, member] of Object.entries(tree)) {
    const path = prefix === "" ? name : `${prefix}.${name}`
    if (isHandler(member)) yield [path, member]
    else if (typeof member === "object" && member !== null) yield* handlersIn(member, path)
    else if (member !== undefined) throw new TypeError(`mockServer: ${path} is no handler`)
  }
}

function isHandler(value: unknown): value is AnyHandler {
  return typeof value === "function"
}

function missing(path: string): AnyHandler {
  return refusing(() => {
    throw new RpcError("NOT_FOUND", { message: `mockServer has no handler for ${path}` })
  })
}

function plant(tree: object, [name = "", ...rest]: readonly string[], handler: AnyHandler): void {
  if (rest.length === 0) return void Reflect.set(tree, name, handler)
  const group: unknown = Reflect.get(tree, name)
  const branch = typeof group === "object" && group !== null ? group : {}
  Reflect.set(tree, name, branch)
  plant(branch, rest, handler)
}
