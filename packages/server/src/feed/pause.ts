import { RpcError } from "@trunkline/contract"
import type { Host } from "@trunkline/transport"

/**
 * What was begun, if it comes in time. What comes later is given to `late`, and whether it did anything
 * is left open.
 */
export function within<T>(
  host: Host,
  milliseconds: number,
  begun: Promise<T>,
  late: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false
    const takeBack = host.wakeAt(host.now() + milliseconds, () => {
      over = true
      reject(new RpcError("UNAVAILABLE", { message: "the broker does not answer" }))
    })
    begun.then(
      (value) => {
        takeBack()
        if (over) late(value)
        else resolve(value)
      },
      (error: unknown) => {
        takeBack()
        reject(error)
      },
    )
  })
}

/** A wait that can be given up; it is not woken then. */
export class Pause {
  #takeBack: (() => void) | undefined

  begin(host: Host, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#takeBack = host.wakeAt(host.now() + milliseconds, resolve)
    })
  }

  giveUp(): void {
    this.#takeBack?.()
  }
}
