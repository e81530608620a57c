import type { Subscription } from "@trunkline/contract"
import { PushSource, planOf, type Sink } from "@trunkline/endpoint"
import { Audience } from "./audience.js"
import { demandFit, fitOf } from "./topic-item.js"
import type { LooseOptions } from "./topic-options.js"

/** A topic within this process: what is published goes to those who read now. */
export function pushTopic(procedure: Subscription, { key }: LooseOptions): unknown {
  const readers = new Readers()
  const keyOf = (input: unknown) => key?.(input) ?? ""
  const plan = planOf(procedure)
  const read = ({ input }: { readonly input: unknown }) =>
    new PushSource((sink) => readers.add(keyOf(input), sink))
  const publish = async (...arguments_: readonly unknown[]): Promise<void> => {
    const [input, item] = key ? arguments_ : [undefined, arguments_[0]]
    const fit = fitOf(procedure, item)
    const value = demandFit(fit instanceof Promise ? await fit : fit)
    readers.push(keyOf(input), value, plan.keyOf(value))
  }
  return Object.defineProperty(Object.assign(read, { publish }), "readers", {
    get: () => readers.size,
  })
}

/** Who reads a topic, by key. */
class Readers {
  size = 0
  readonly #audiences = new Map<string, Audience>()

  add(key: string, sink: Sink): () => void {
    const audience = this.#audiences.get(key) ?? new Audience()
    this.#audiences.set(key, audience)
    audience.add(sink)
    this.size++
    return () => {
      if (!audience.delete(sink)) return
      this.size--
      if (audience.size === 0 && this.#audiences.get(key) === audience) this.#audiences.delete(key)
    }
  }

  push(key: string, value: unknown, conflateKey: unknown): void {
    this.#audiences.get(key)?.push(value, conflateKey)
  }
}
