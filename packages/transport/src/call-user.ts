/**
 * Calls a function of the application that has nobody to throw to: what it throws surfaces as an
 * uncaught exception, as from any event listener, and does not stop us halfway.
 */
export function callUser(run: () => void): void {
  try {
    run()
  } catch (error) {
    surface(error)
  }
}

/** The runtime hears of it as of anything that nobody caught. */
export function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
