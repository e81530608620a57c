import { RpcError, type Subscription, type Validated, validate } from "@trunkline/contract"
import { isSchema, issueText } from "@trunkline/endpoint"
import { type Codec, type Encoded, Unencodable } from "@trunkline/protocol"

/** What the contract makes of an item; at once, unless its schema is asynchronous. */
export function fitOf(
  { item: schema }: Subscription,
  item: unknown,
): Validated | Promise<Validated> {
  return isSchema(schema) ? validate(schema, item) : { ok: true, value: item }
}

/** Throws `VALIDATION` for what does not fit. */
export function demandFit(fit: Validated): unknown {
  if (fit.ok) return fit.value
  const { issues } = fit
  const message = ["VALIDATION", issueText({ issues })].filter(Boolean).join(": ")
  throw new RpcError("VALIDATION", { message, data: { issues }, executed: "no" })
}

/** Throws `UNENCODABLE` for what has no form on the wire. */
export function write(codec: Codec, value: unknown): Encoded {
  try {
    return codec.encode(value)
  } catch (error) {
    if (!(error instanceof Unencodable)) throw error
    throw new RpcError(error.code, { message: error.message, executed: "no" })
  }
}
