import type { Host } from "@trunkline/transport"

/** What `within` asks for, and how long it waits. */
export interface Errand<T> {
  readonly host: Host
  readonly milliseconds: number
  /** What it rejects with when the time is over. */
  readonly expired: () => Error
  /** Whoever gives up waiting earlier. */
  readonly signal?: AbortSignal | undefined
  /** Hears of what came when nobody waited any more; must not throw. */
  readonly late?: ((value: T) => void) | undefined
}

/**
 * What code of the application gives in time. Rejects with what that throws, with the signal's reason, or
 * with `expired`; the code's own signal fires when nobody waits any more. That somebody waits is no reason
 * to keep the program alive.
 */
export async function within<T>(
  { host, milliseconds, expired, signal, late }: Errand<T>,
  run: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  const expire = (): void => controller.abort(expired())
  const takeBack = host.wakeAt(host.now() + milliseconds, expire, true)
  signal?.addEventListener("abort", abort)
  try {
    return await unlessAborted(controller.signal, run, late)
  } finally {
    takeBack()
    signal?.removeEventListener("abort", abort)
  }
}

function unlessAborted<T>(
  signal: AbortSignal,
  run: (signal: AbortSignal) => T | PromiseLike<T>,
  late?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason))
    Promise.resolve(run(signal)).then(
      (value) => (signal.aborted ? late?.(value) : resolve(value)),
      reject,
    )
  })
}
