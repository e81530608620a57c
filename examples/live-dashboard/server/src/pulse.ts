import { type Topic, topic } from "@trunkline/server"
import { dashboard } from "@trunkline-example/dashboard-contract"
import { coresBetween } from "./rates.js"
import type { CoreTime, System } from "./system.js"

/**
 * How busy each core is at this moment. A topic: written once for all who read it, and not at all while
 * nobody does.
 */
export class Pulse {
  readonly topic: Topic<undefined, (typeof dashboard.pulse)["item"], object> = topic(
    dashboard.pulse,
  )
  readonly #system: System
  #before: readonly CoreTime[] = []
  #number = 0

  constructor(system: System) {
    this.#system = system
  }

  async beat(): Promise<void> {
    if (this.topic.readers === 0) return
    const cores = await this.#system.cores()
    const busy = coresBetween(this.#before, cores)
    this.#before = cores
    await this.topic.publish({ number: ++this.#number, cores: busy })
  }
}
