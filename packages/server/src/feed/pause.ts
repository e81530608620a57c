import type { Host } from "@trunkline/transport"

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
