import { randomUUID } from "node:crypto"
import type { Viewer } from "@trunkline-example/dashboard-contract"
import { Watched } from "./watched.js"

/** Who watches: one for each open stream, gone when it ends, however it ends. */
export class Viewers {
  readonly #list = new Watched<readonly Omit<Viewer, "you">[]>([])

  async *watch(name: string, signal: AbortSignal): AsyncGenerator<Viewer[], void> {
    const self = { id: randomUUID(), name, since: Date.now() }
    this.#list.value = [...this.#list.value, self]
    try {
      for await (const viewers of this.#list.watch(signal)) {
        yield viewers.map((viewer) => ({ ...viewer, you: viewer === self }))
      }
    } finally {
      this.#list.value = this.#list.value.filter((viewer) => viewer !== self)
    }
  }
}
