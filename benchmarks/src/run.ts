import type { ContenderName } from "./contenders/index.js"
import { Pair } from "./pair.js"
import type { Launch } from "./remote.js"
import type { Outcome } from "./results.js"
import type { Figures, Scale, Scenario } from "./scenario.js"

/** Where the contenders are started, and how much they do. */
export interface Setting {
  readonly launch: Launch
  readonly scale: Scale
  say(text: string): void
}

/**
 * One scenario with all contenders. The rounds take turns, so that what disturbs the machine disturbs
 * everybody; who fails is out of the scenario, and the others go on.
 */
export async function run(
  scenario: Scenario,
  names: readonly ContenderName[],
  setting: Setting,
): Promise<Partial<Record<ContenderName, Outcome>>> {
  const entrants = names.map((name) => new Entrant(name, scenario, setting))
  if (!scenario.fresh) for (const entrant of entrants) await entrant.prepare()
  for (let round = 0; round < setting.scale.rounds; round++) {
    for (const entrant of turned(entrants, round)) await entrant.round()
  }
  for (const entrant of entrants) await entrant.end()
  return Object.fromEntries(entrants.map(({ name, outcome }) => [name, outcome]))
}

/** One contender in one scenario. */
class Entrant {
  readonly name: ContenderName
  readonly #scenario: Scenario
  readonly #setting: Setting
  readonly #rounds: Figures[] = []
  #pair: Pair | undefined
  #error: string | undefined

  constructor(name: ContenderName, scenario: Scenario, setting: Setting) {
    this.name = name
    this.#scenario = scenario
    this.#setting = setting
  }

  get outcome(): Outcome {
    return { rounds: this.#rounds, ...(this.#error !== undefined && { error: this.#error }) }
  }

  prepare(): Promise<void> {
    return this.#attempt(async () => {
      const { launch, scale, say } = this.#setting
      say(`${this.#scenario.title}: ${this.name} warms up`)
      this.#pair = new Pair(this.name, launch)
      await this.#pair.listen()
      await this.#scenario.prepare(this.#pair, scale)
    })
  }

  async round(): Promise<void> {
    if (this.#scenario.fresh) await this.prepare()
    await this.#attempt(async () => {
      this.#setting.say(`${this.#scenario.title}: ${this.name}, round ${this.#rounds.length + 1}`)
      if (!this.#pair) return
      this.#rounds.push(await this.#scenario.measure(this.#pair, this.#setting.scale))
    })
    if (this.#scenario.fresh) await this.end()
  }

  async end(): Promise<void> {
    const pair = this.#pair
    this.#pair = undefined
    await pair?.end()
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#error !== undefined) return
    try {
      await work()
    } catch (error) {
      this.#error = error instanceof Error ? error.message : String(error)
      await this.end()
    }
  }
}

/** Nobody is always first. */
function turned<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
