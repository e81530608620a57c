import { Counters } from "./counters.js"
import { drawScenario } from "./rolls/roll-plan.js"
import { run } from "./run.js"

/** What came of many runs; plain data, so that it can come from another thread. */
export interface SeriesResult {
  readonly seeds: number
  readonly messages: number
  readonly failures: readonly { readonly seed: number; readonly text: string }[]
  readonly counts: readonly (readonly [name: string, count: number])[]
}

export interface Series {
  readonly from: number
  readonly seeds: number
  /** Ends after so many failures. */
  readonly mostFailures: number
}

/** Runs seed after seed. */
export async function runSeries({ from, seeds, mostFailures }: Series): Promise<SeriesResult> {
  const counters = new Counters()
  const failures: { seed: number; text: string }[] = []
  let messages = 0
  let seed = from
  while (seed < from + seeds && failures.length < mostFailures) {
    const report = await run(drawScenario(seed))
    counters.merge(report.counters)
    messages += report.messages
    if (report.failure) failures.push({ seed, text: String(report.failure.message) })
    seed++
  }
  return { seeds: seed - from, messages, failures, counts: counters.entries() }
}

export function joinSeries(results: readonly SeriesResult[]): SeriesResult {
  const counters = new Counters()
  for (const { counts } of results) for (const [name, count] of counts) counters.add(name, count)
  const sum = (of: (result: SeriesResult) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    seeds: sum(({ seeds }) => seeds),
    messages: sum(({ messages }) => messages),
    failures: results.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed),
    counts: counters.entries(),
  }
}
