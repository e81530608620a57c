/** Stops the page from taking what arrives. What was not taken is felt by the sender. */
export class Hold {
  readonly #listeners = new Set<() => void>()
  #release: (() => void) | undefined
  /** While it holds: resolves when it is released. */
  until: Promise<void> | undefined

  get held(): boolean {
    return this.until !== undefined
  }

  readonly toggle = (): void => {
    if (this.#release) {
      this.#release()
      this.#release = undefined
      this.until = undefined
    } else {
      this.until = new Promise((resolve) => {
        this.#release = resolve
      })
    }
    for (const listener of this.#listeners) listener()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** Of all streams of this page. */
export const hold = new Hold()
