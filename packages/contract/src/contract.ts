import { errorCodes } from "@trunkline/protocol"
import type { Procedure } from "./procedure.js"

const kinds: readonly unknown[] = ["call", "subscription", "upload", "duplex", "event"]

/** The longest path that an OPEN carries. */
const longestPath = 256

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
 * (`then`, or one that begins with `~` or contains a dot), or an error with a reserved code
 */
export function contract<C extends object>(tree: C): C {
  for (const _ of procedures(tree));
  return tree
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
      checkErrors(member, path)
      yield [path, member]
    } else if (isGroup(member)) yield* procedures(member, path)
    else throw new TypeError(`contract: ${path} is neither a procedure nor a group of them`)
  }
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
  const impossible = name === "" || name === "then" || name.startsWith("~") || name.includes(".")
  if (impossible) throw new TypeError(`contract: ${path}: no procedure can have this name`)
  if (path.length > longestPath) throw new TypeError(`contract: ${path}: the path is too long`)
}

function checkErrors(procedure: Procedure, path: string): void {
  if (!("errors" in procedure)) return
  for (const code of Object.keys(Object(procedure.errors))) {
    if (Object.hasOwn(errorCodes, code)) {
      throw new TypeError(`contract: ${path}: ${code} is reserved, declare another code`)
    }
  }
}
