/**
 * What a session's surroundings give it: time, randomness, a way to wake up. Everything in Trunkline
 * that waits or draws lots does so through a Host, so that a test can replace all of it.
 */
export interface Host {
  /** Milliseconds on a clock that never goes back. */
  now(): number
  /** Milliseconds since 1970. */
  wall(): number
  /** Fresh bytes that nobody can guess. */
  random(length: number): Uint8Array
  /**
   * Runs once at or after a time of `now`; the result takes that back.
   *
   * @param background it is no reason to keep the program alive
   */
  wakeAt(time: number, run: () => void, background?: boolean): () => void
  /** Runs once when this turn of the event loop has produced all that it will. */
  endOfTurn(run: () => void): void
  /** SHA-256 of a text, as 43 characters of base64url. */
  hash(text: string): Promise<string>
}

/** A number in [0, 1) from the host's random bytes. */
export function uniform(host: Host): number {
  return host.random(4).reduce((sum, byte) => (sum + byte) / 256, 0)
}
