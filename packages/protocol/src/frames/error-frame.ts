import type { Codec, Encoded } from "../codec/codec.js"
import type { Failure } from "../error-code.js"
import type { ErrorFrame } from "../frame.js"
import * as Kind from "../kind.js"
import { errorCodeUnits, errorMessageUnits } from "../limits.js"

/** ERROR. Throws Unencodable when the failure's data has no form on the wire. */
export function errorFrame(codec: Codec, id: number, failure: Failure): Encoded {
  const fields: (number | Encoded)[] = [
    Kind.ERROR,
    id,
    codec.encode(failure.code.slice(0, errorCodeUnits)),
    codec.encode(failure.executed),
  ]
  const message = failure.message?.slice(0, errorMessageUnits)
  if (message !== undefined || failure.data !== undefined)
    fields.push(codec.encode(message ?? null))
  if (failure.data !== undefined) fields.push(codec.encode(failure.data))
  return codec.array(fields)
}

/** What an ERROR tells. */
export function failureOf([, , code, executed, message, data]: ErrorFrame): Failure {
  return { code, executed, message: message ?? undefined, data }
}
