/** What is to be done when the process is told to end. */
const departures = new Set<() => void>()

/** Heard once: a second SIGTERM finds nobody, and ends the process at once. */
const depart = (): void => {
  for (const departure of [...departures]) departure()
}

/**
 * Does something at SIGTERM. All who do share one listener, so that a process with many servers is not
 * taken for one that leaks them.
 *
 * @returns takes it back; without anybody the signal does what it does in any process
 */
export function onTermination(departure: () => void): () => void {
  if (departures.size === 0) process.once("SIGTERM", depart)
  departures.add(departure)
  return () => {
    departures.delete(departure)
    if (departures.size === 0) process.off("SIGTERM", depart)
  }
}
