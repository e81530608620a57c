import type { Subscription } from "@trunkline/contract"
import { PushSource, planOf, type Sink } from "@trunkline/endpoint"
import type { Codec, Encoded } from "@trunkline/protocol"
import { demandFit, fitOf, write } from "./topic-item.js"
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
  readonly #sinks = new Map<string, Set<Sink>>()

  add(key: string, sink: Sink): () => void {
    const sinks = this.#sinks.get(key) ?? new Set()
    this.#sinks.set(key, sinks.add(sink))
    this.size++
    return () => {
      if (!sinks.delete(sink)) return
      this.size--
      if (sinks.size === 0 && this.#sinks.get(key) === sinks) this.#sinks.delete(key)
    }
  }

  /** Writes the value once for each codec that somebody reads. */
  push(key: string, value: unknown, conflateKey: unknown): void {
    const written = new Map<Codec, Encoded>()
    for (const sink of [...(this.#sinks.get(key) ?? [])]) {
      let encoded = written.get(sink.codec)
      if (encoded === undefined) {
        encoded = write(sink.codec, value)
        written.set(sink.codec, encoded)
      }
      sink.push(encoded, conflateKey)
    }
  }
}
