import type { Sample } from "@trunkline-example/dashboard-contract"
import type { History } from "./history.js"
import { sampleBetween } from "./rates.js"
import type { Reading, System } from "./system.js"

/** Measures the machine: each look makes a sample of what happened since the look before. */
export class Sampler {
  readonly #system: System
  readonly #samples: History<Sample>
  readonly #added: (sample: Sample) => void
  #before: { readonly reading: Reading; readonly at: number } | undefined

  /** @param added hears of each sample */
  constructor(system: System, samples: History<Sample>, added: (sample: Sample) => void) {
    this.#system = system
    this.#samples = samples
    this.#added = added
  }

  /** The first look has nothing to compare with, and makes no sample. */
  async look(): Promise<void> {
    const before = this.#before
    const reading = await this.#system.read()
    const at = performance.now()
    this.#before = { reading, at }
    if (!before) return
    const measured = sampleBetween(before.reading, reading, at - before.at)
    this.#samples.add((place) => {
      const sample = { ...place, at: Date.now(), ...measured }
      this.#added(sample)
      return sample
    })
  }
}
