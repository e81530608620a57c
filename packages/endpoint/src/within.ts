import type { Host } from "@trunkline/transport"

/** What `within` asks for, and how long it waits. */
export interface Errand<T> {
  readonly host: Host
  readonly milliseconds: number
  /** Whoever gives up waiting earlier. */
  readonly signal?: AbortSignal | undefined
  /** Hears of what came when nobody waited any more. */
  readonly late?: ((value: T) => void) | undefined
}

/**
 * What code of the application gives in time. Rejects with what that throws, with the signal's reason, or
 * with a TypeError when the time is over.
 */
export function within<T>(
  { host, milliseconds, signal, late }: Errand<T>,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    let over = false
    const end = (settle: () => void): void => {
      if (over) return
      over = true
      cancel()
      signal?.removeEventListener("abort", abort)
      settle()
    }
    const giveUp = (reason: unknown): void =>
      end(() => {
        controller.abort(reason)
        reject(reason)
      })
    const abort = (): void => giveUp(signal?.reason)
    const expire = (): void => giveUp(new TypeError(`no answer within ${milliseconds} ms`))
    const cancel = host.wakeAt(host.now() + milliseconds, expire, true)
    if (signal?.aborted) return abort()
    signal?.addEventListener("abort", abort)
    callAsync(run, controller.signal).then(
      (value) => (over ? late?.(value) : end(() => resolve(value))),
      (error) => end(() => reject(error)),
    )
  })
}

/** Also what throws at once rejects. */
async function callAsync<T>(
  run: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return run(signal)
}
