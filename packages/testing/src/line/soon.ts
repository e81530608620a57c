/**
 * Runs in the next turn of the event loop, in order. Taken at import, so that a test's fake timers do
 * not hold up the line.
 */
export const soon: (run: () => void) => void = globalThis.setImmediate ?? byMessages()

/** In a browser timers wait for milliseconds, in a hidden tab for a second; messages do not. */
function byMessages(): (run: () => void) => void {
  const runs: (() => void)[] = []
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => runs.shift()?.()
  return (run) => {
    runs.push(run)
    port2.postMessage(0)
  }
}
