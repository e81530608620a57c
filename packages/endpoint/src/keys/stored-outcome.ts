import type { Executed, Failure } from "@trunkline/protocol"
import { jsonCodec, Unencodable } from "@trunkline/protocol"

/** How a keyed call came out, as a value: whichever session asks for it writes it in its own codec. */
export type StoredOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure }

const resultLost: Failure = { code: "RESULT_LOST", executed: "yes" }

/** The text that a key store keeps. What has none, or too long a one, is kept as lost. */
export function writeOutcome(outcome: StoredOutcome, units: number): string {
  try {
    const text = write(outcome)
    if (text.length <= units) return text
  } catch (error) {
    if (!(error instanceof Unencodable)) throw error
  }
  return write({ ok: false, failure: outcome.ok ? resultLost : bare(outcome.failure) })
}

function write(outcome: StoredOutcome): string {
  const { encode, array } = jsonCodec
  if (outcome.ok) return String(array([1, encode(outcome.value)]))
  const { code, executed, message, data } = outcome.failure
  const words = [code, executed, message ?? null].map(encode)
  return String(array([0, ...words, ...(data === undefined ? [] : [encode(data)])]))
}

/** Without what its handler added to it. */
function bare({ code, executed }: Failure): Failure {
  return { code, executed }
}

/** Throws for a text that is none of ours. */
export function readOutcome(text: string): StoredOutcome {
  if (typeof text !== "string") throw new TypeError("the key store gave no outcome")
  const { value: parts, revive = (payload: unknown) => payload } = jsonCodec.decode(text)
  if (!Array.isArray(parts)) throw new TypeError("the key store gave no outcome")
  if (parts[0] === 1) return { ok: true, value: revive(parts[1]) }
  const [, code, executed, message, data] = parts
  if (typeof code !== "string" || !isExecuted(executed)) {
    throw new TypeError("the key store gave no outcome")
  }
  const words = typeof message === "string" ? message : undefined
  return { ok: false, failure: { code, executed, message: words, data: revive(data) } }
}

function isExecuted(value: unknown): value is Executed {
  return value === "no" || value === "yes" || value === "unknown"
}
