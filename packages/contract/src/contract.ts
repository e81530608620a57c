import { errorCodes } from "@trunkline/protocol"
import type { Call, Delivery, Procedure, Subscription } from "./procedure.js"

const kinds: readonly unknown[] = ["call", "subscription", "upload", "duplex", "event"]

const payloads = ["input", "output", "item", "up", "down", "state"]
const idempotencies: readonly unknown[] = [undefined, "safe", "idempotent", "key"]
const crashes: readonly unknown[] = [undefined, "unknown", "rerun"]
const restarts: readonly unknown[] = ["fail", "fresh"]
const replays: readonly unknown[] = [undefined, "topic"]
const onGaps: readonly unknown[] = ["error", "snapshot", "continue"]
const deliveries: readonly unknown[] = ["every", "latest"]

/** The longest path that an OPEN carries. */
const longestPath = 256
/** The longest code that an ERROR carries whole. */
const longestCode = 64

/**
 * A tree of procedures that both sides share. The tree is handed back as it is; at load it is checked
 * once for what could never work.
 *
 * Up to a screen a contract is one object. Beyond that write a file per group and import it as a
 * namespace, which keeps editors quick:
 *
 * @example
 * ```ts
 * import * as hosts from "./hosts.js"
 * export const monitor = contract({ hosts })
 * ```
 *
 * @throws TypeError for a member that is no procedure or group, a name that a client could not have
 * (see {@link isPossibleName}), an error with a reserved code, or an option that does not exist or does
 * not go with another
 */
export function contract<C extends object>(tree: C): C {
  if (!isGroup(tree)) throw new TypeError("contract: no group")
  for (const [path, procedure] of procedures(tree)) {
    paths.set(procedure, paths.get(procedure) === undefined ? path : several)
  }
  return tree
}

/** What procedures are called by the contracts that they stand in. */
const paths = new WeakMap<Procedure, string>()
const several = ""

/** The path of a procedure, if it stands in one contract and once. */
export function pathOf(procedure: Procedure): string | undefined {
  return paths.get(procedure) || undefined
}

/** Every procedure of a contract with its path: the names from the root, joined by dots. */
export function* procedures(
  tree: object,
  prefix = "",
): Generator<readonly [path: string, procedure: Procedure]> {
  for (const [name, member] of Object.entries(tree)) {
    const path = prefix === "" ? name : `${prefix}.${name}`
    checkName(name, path)
    if (isProcedure(member)) {
      checkProcedure(member, path)
      yield [path, member]
    } else if (isGroup(member)) yield* procedures(member, path)
    else throw new TypeError(`contract: ${path} is neither a procedure nor a group of them`)
  }
}

/**
 * Whether a client can have a member of this name. Some the language itself asks any value for: `then`,
 * `toJSON`, and what every object has. Names with `~` are ours, and a dot parts the names of a path.
 */
export function isPossibleName(name: string | symbol): name is string {
  if (typeof name !== "string" || name === "" || name === "then" || name === "toJSON") return false
  return !(name in Object.prototype || name.startsWith("~") || name.includes("."))
}

export function isProcedure(member: unknown): member is Procedure {
  return typeof member === "object" && member !== null && "kind" in member && isKind(member.kind)
}

function isKind(kind: unknown): boolean {
  return kinds.includes(kind)
}

function isGroup(member: unknown): member is object {
  return typeof member === "object" && member !== null && !Array.isArray(member)
}

function checkName(name: string, path: string): void {
  if (!isPossibleName(name)) {
    throw new TypeError(`contract: ${path}: no procedure can have this name`)
  }
  if (path.length > longestPath) throw new TypeError(`contract: ${path}: the path is too long`)
}

function checkProcedure(procedure: Procedure, path: string): void {
  for (const part of payloads) {
    const schema: unknown = Reflect.get(procedure, part)
    if (schema !== undefined) checkSchema(schema, `${path}: ${part}`)
  }
  if ("errors" in procedure) checkErrors(procedure.errors, path)
  if (procedure.kind === "call") checkCall(procedure, path)
  if (procedure.kind === "subscription") {
    checkDelivery(procedure.delivery, path)
    checkReplay(procedure, path)
  }
}

function checkCall({ idempotency, onCrash }: Call, path: string): void {
  checkWord(idempotency, idempotencies, path)
  checkWord(onCrash, crashes, path)
  if (onCrash === undefined || idempotency === "key") return
  throw new TypeError(`contract: ${path}: onCrash is for calls with idempotency "key"`)
}

function checkErrors(errors: unknown, path: string): void {
  for (const [code, data] of Object.entries(Object(errors))) {
    if (Object.hasOwn(errorCodes, code)) {
      throw new TypeError(`contract: ${path}: ${code} is reserved, declare another code`)
    }
    if (code === "" || code.length > longestCode) {
      throw new TypeError(`contract: ${path}: an error's code is empty or too long`)
    }
    if (data !== null) checkSchema(data, `${path}: ${code}`)
  }
}

function checkSchema(schema: unknown, place: string): void {
  const standard: unknown = Reflect.get(Object(schema), "~standard")
  const validate: unknown = Reflect.get(Object(standard), "validate")
  if (typeof validate !== "function")
    throw new TypeError(`contract: ${place} is no Standard Schema`)
}

function checkDelivery(delivery: Delivery, path: string): void {
  const by: unknown = Reflect.get(Object(delivery), "conflate")
  if (typeof by === "string" || typeof by === "function") return
  checkWord(delivery, deliveries, path)
}

/** A topic's stream goes on where it was; of one without a topic nothing can be told of what it missed. */
function checkReplay({ replay, restart, onGap, state }: Subscription, path: string): void {
  checkWord(replay, replays, path)
  if (replay === undefined) {
    checkWord(restart, restarts, path)
    refuse(onGap !== undefined || state !== undefined, path, "onGap and state are for a topic")
    return
  }
  checkWord(onGap, onGaps, path)
  refuse(restart !== undefined, path, "a topic continues, and never restarts")
  refuse(onGap === "snapshot" && !state, path, 'onGap: "snapshot" needs a state')
}

function refuse(wrong: boolean, path: string, why: string): void {
  if (wrong) throw new TypeError(`contract: ${path}: ${why}`)
}

function checkWord(word: unknown, words: readonly unknown[], path: string): void {
  if (words.includes(word)) return
  throw new TypeError(`contract: ${path}: ${JSON.stringify(word)} is none of its options`)
}
