/**
 * Runs in the next turn of the event loop, in order. Taken at import, so that a test's fake timers do
 * not hold up the line.
 */
export const soon: (run: () => void) => void =
  globalThis.setImmediate ?? ((run) => setTimeout(run, 0))
