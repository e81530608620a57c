import * as Y from "yjs"

/**
 * What has to be told to the other side: all that is in the document, and then what is written into it,
 * other than by that side itself. While it takes its time, what waits is one update, merged.
 */
export async function* updatesOf(
  document: Y.Doc,
  other: unknown,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let waiting: readonly Uint8Array[] = [Y.encodeStateAsUpdate(document)]
  let wake = (): void => {}
  const written = (update: Uint8Array, origin: unknown): void => {
    if (origin === other) return
    waiting = [Y.mergeUpdates([...waiting, update])]
    wake()
  }
  const over = (): void => wake()
  document.on("update", written)
  signal.addEventListener("abort", over)
  try {
    for (;;) {
      signal.throwIfAborted()
      const updates = waiting
      waiting = []
      yield* updates
      if (waiting.length === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    document.off("update", written)
    signal.removeEventListener("abort", over)
  }
}
