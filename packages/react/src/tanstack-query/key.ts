import { handleOf } from "@trunkline/client"
import { type AnySubscription, keyOf, type SubscriptionInput } from "../procedure.js"
import type { AnyCall, CallInput } from "./call.js"

/** A key of a query: what all of ours begin with, the names of the path, and what tells queries apart. */
export type Key = readonly [root: "trunkline", ...names: readonly string[], last: KeyEnd]

/** A key that others begin with. */
export type KeyStart = readonly [root: "trunkline", ...names: readonly string[]]

/** What tells queries of one procedure apart. */
export interface KeyEnd {
  /** A text that equal inputs have in common. */
  readonly input: string
  readonly type: "query" | "infinite" | "live"
}

/**
 * The key of the queries of a procedure with this input; without one, of all its queries, and those of a
 * group, or of the client itself, of everything in it. For `invalidateQueries` and its like.
 *
 * @throws TypeError for what is neither a client nor of one, and for an input that cannot be sent
 *
 * @example
 * ```ts
 * await queryClient.invalidateQueries({ queryKey: queryKey(client.hosts) })
 * await queryClient.invalidateQueries({ queryKey: queryKey(client.hosts.get, { id: "a" }) })
 * ```
 */
export function queryKey<P extends AnyCall>(
  procedure: P,
  input: CallInput<P>,
): readonly [...KeyStart, Pick<KeyEnd, "input">]
export function queryKey<P extends AnySubscription>(
  procedure: P,
  input: SubscriptionInput<P>,
): readonly [...KeyStart, Pick<KeyEnd, "input">]
export function queryKey(procedureOrGroup: object): KeyStart
export function queryKey(procedure: object, input?: unknown): readonly unknown[] {
  const handle = handleOf(procedure)
  if (!handle) throw new TypeError("what was passed is not of a client")
  const start = startOf(handle.path)
  return input === undefined ? start : [...start, { input: keyOf(handle.path, input) }]
}

/** The whole key of one query. */
export function wholeKey(path: string, input: unknown, type: KeyEnd["type"]): Key {
  return [...startOf(path), { input: keyOf(path, input), type }]
}

function startOf(path: string): KeyStart {
  return path === "" ? ["trunkline"] : ["trunkline", ...path.split(".")]
}
