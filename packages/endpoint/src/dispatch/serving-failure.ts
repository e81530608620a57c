import { isAnyRpcError, type RpcError, validate } from "@trunkline/contract"
import { type Executed, errorCodes, type Failure } from "@trunkline/protocol"
import type { Entry } from "../handlers/router.js"
import { issueText } from "../issue-text.js"
import { SettledFailure } from "./settled-failure.js"

/** What a handler threw, as it is sent; `bug`: it is none of the caller's business, and is logged. */
export interface Thrown {
  readonly failure: Failure
  readonly bug: boolean
  /** Why an error with a code is a bug all the same, for the log. */
  readonly reason?: string | undefined
}

/** Codes that promise the caller something only the runtime can know. */
const runtimeOnly: readonly string[] = ["REFUSED", "BUSY", "INTERNAL"]

/**
 * Turns whatever a handler or a middleware threw into what its caller may see (docs/protocol.md,
 * "Reserved error codes"): declared errors with their data, reserved codes by name, and everything else
 * as INTERNAL without a word of it.
 */
export async function toThrown(entry: Entry, thrown: unknown, executed: Executed): Promise<Thrown> {
  try {
    return await readThrown(entry, thrown, executed)
  } catch {
    // What was thrown throws itself when it is looked at, or its schema does.
    return internal(executed)
  }
}

async function readThrown(entry: Entry, thrown: unknown, executed: Executed): Promise<Thrown> {
  if (thrown instanceof SettledFailure) return { failure: thrown.failure, bug: false }
  if (!isAnyRpcError(thrown)) return internal(executed)
  const { code, message } = thrown
  const declared = declaredErrors(entry)
  if (Object.hasOwn(declared, code)) return declaredFailure(thrown, declared, executed)
  if (!Object.hasOwn(errorCodes, code)) return internal(executed, `${code} is not declared`)
  if (runtimeOnly.includes(code)) return internal(executed, `${code} is the runtime's alone`)
  return { failure: { code, executed, message }, bug: false }
}

export function internal(executed: Executed, reason?: string): Thrown {
  return { failure: { code: "INTERNAL", executed }, bug: true, reason }
}

function declaredErrors({ procedure }: Entry): object {
  return "errors" in procedure ? Object(procedure.errors) : {}
}

async function declaredFailure(
  { code, message, data }: RpcError,
  declared: object,
  executed: Executed,
): Promise<Thrown> {
  const checked = await validate(Reflect.get(declared, code), data)
  if (!checked.ok) {
    const told = [`the data of ${code} does not fit the contract`, issueText(checked)]
    return internal(executed, told.filter(Boolean).join(": "))
  }
  return { failure: { code, executed, message, data: checked.value }, bug: false }
}
