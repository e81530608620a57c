import * as limits from "@trunkline/protocol/limits"

/** What no server may be sent is refused here, where it can be said why. */
export function asToken(given: unknown): string | undefined {
  if (given === undefined || (typeof given === "string" && given.length <= limits.tokenUnits)) {
    return given
  }
  throw new TypeError(`token() must give a text of at most ${limits.tokenUnits} units`)
}
