/** How long to wait between attempts to reach the server, in milliseconds. */
export interface BackoffOptions {
  /** Upper end of the second wait. */
  readonly base: number
  /** The longest wait. */
  readonly cap: number
}

export const defaultBackoff: BackoffOptions = { base: 500, cap: 30_000 }

/** The first retry comes within this, whatever the base. */
const firstRetry = 1_000

/**
 * Full jitter: uniform between nothing and an exponentially growing end, so that the clients of a
 * restarted server come back spread out (docs/protocol.md, "Backoff").
 *
 * @param failures attempts in a row that failed, this one included
 * @param random uniform in [0, 1)
 */
export function backoff(failures: number, random: number, options: BackoffOptions): number {
  if (failures <= 1) return random * Math.min(firstRetry, options.cap)
  return random * Math.min(options.cap, options.base * 2 ** Math.min(failures - 1, 30))
}

/** A wait that the other side asked for: uniform in its range. */
export function withinRange(
  [min, max]: readonly [min: number, max: number],
  random: number,
): number {
  return min + random * (max - min)
}
