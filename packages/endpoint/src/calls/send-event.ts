import type { ReservedCode } from "@trunkline/protocol"
import { Unencodable } from "@trunkline/protocol"
import type { Line } from "../line.js"
import { toError } from "./failure.js"

/** Sends a one-way event, or throws why it never will be sent. */
export function sendEvent(line: Line, path: string, input: unknown): void {
  const fail = (code: ReservedCode, why?: string): never => {
    throw toError(line, path, { code, executed: "no", why })
  }
  try {
    const refusal = line.send(path, input === undefined ? undefined : line.encode(input))
    if (refusal) fail(refusal)
  } catch (error) {
    if (!(error instanceof Unencodable)) throw error
    fail(error.code, error.message)
  }
}
