import { Unencodable } from "../violation.js"
import type { Codec, Encoded } from "./codec.js"

/**
 * A payload of one codec as another writes it: what waits for a session may find one that speaks otherwise
 * than the last. Levels count as they are written, so that what one can say the other may not.
 */
export function transcode(payload: Encoded, from: Codec, to: Codec): Encoded | Unencodable {
  try {
    const { value, revive } = from.decode(payload)
    return to.encode(revive ? revive(value) : value)
  } catch (error) {
    if (error instanceof Unencodable) return error
    throw error
  }
}
