import type { Caller } from "../line.js"

/** No procedure can have this name. */
export const handleName = "~procedure"

/** What stands behind a function of a client, for whoever builds on it: hooks, a cache, a panel. */
export interface ProcedureHandle {
  /** The connection, or the session of a request, that it calls through. */
  readonly caller: Caller
  /** The names from the root, joined by dots; `""` for the client itself. */
  readonly path: string
  /**
   * The word of the contract or the outline. Undefined for a group, and for what a client that was made
   * from a type alone takes for a call.
   */
  readonly kind: string | undefined
  /** The procedure or group of the contract; undefined where the client has its type alone. */
  readonly declared: unknown
}

/**
 * What stands behind a procedure, or a group, of a client; undefined for anything else. Two of the same
 * caller and path are the same procedure, also where the functions differ.
 */
export function handleOf(procedure: unknown): ProcedureHandle | undefined {
  const isFunction = typeof procedure === "function"
  return isFunction ? Reflect.get(procedure, handleName) : undefined
}
