import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
import {
  doubleDrops,
  drawScenario,
  joinSeries,
  reached,
  run,
  runBroken,
  runSeries,
  type SeriesResult,
  type Survey,
  scripts,
  shrink,
  singleDrops,
} from "../simulator/index.js"

const usage = `Runs the real client, the real server and the real session on a virtual clock and network.

  --seeds N [--from S]   N random scenarios, from seed S on; all cores
  --workers W            on so many threads
  --seed S [--trace]     one of them again, with all that happened
  --drops one|two        every script, broken before each message; or before each two
  --every N              with --drops: one of so many of them (1)
  --script NAME          with --drops: this script alone, fault-free, with --trace
  --until N              ends after N failures (20)
  --terse                neither the counters nor a smaller scenario
`

/** A run of so many seeds has to reach all that there is. */
const seedsToReachAll = 6_000

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: String(availableParallelism()) },
    until: { type: "string", default: "20" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    drops: { type: "string" },
    every: { type: "string", default: "1" },
    script: { type: "string" },
    terse: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})
const print = (text: string) => void process.stdout.write(`${text}\n`)

if (values.help) print(usage)
else if (values.seed !== undefined) await one(Number(values.seed))
else if (values.script !== undefined) await oneScript(values.script)
else if (values.drops !== undefined) await everyDrop(values.drops)
else await many(Number(values.from), Number(values.seeds))

async function one(seed: number): Promise<void> {
  const report = await run(drawScenario(seed), { trace: values.trace })
  for (const line of report.trace) print(line)
  print(report.failure ? `seed ${seed} failed: ${report.failure.stack}` : `seed ${seed} passed`)
  process.exitCode = report.failure ? 1 : 0
}

async function many(from: number, seeds: number): Promise<void> {
  const began = performance.now()
  const result = await share(from, seeds)
  const seconds = (performance.now() - began) / 1000
  const counts = values.terse ? [] : result.counts
  for (const [name, times] of counts) print(`${String(times).padStart(10)}  ${name}`)
  for (const { seed, text } of result.failures) print(`seed ${seed}: ${text}`)
  const [first] = result.failures
  if (first && !values.terse) await explain(first.seed)
  const names = new Set(result.counts.map(([name]) => name))
  const missed = result.seeds < seedsToReachAll ? [] : reached.filter((name) => !names.has(name))
  for (const name of missed) print(`never reached: ${name}`)
  const rate = (result.seeds / seconds).toFixed(0)
  print(
    `${result.seeds} seeds, ${result.failures.length} failed, ${result.messages} messages, ${rate} seeds/s`,
  )
  process.exitCode = first || missed.length > 0 ? 1 : 0
}

/** Each thread has a run of seeds of its own. */
async function share(from: number, seeds: number): Promise<SeriesResult> {
  const workers = Math.max(1, Math.min(Number(values.workers), Math.ceil(seeds / 100)))
  const mostFailures = Number(values.until)
  if (workers === 1) return runSeries({ from, seeds, mostFailures })
  const part = Math.ceil(seeds / workers)
  const parts = Array.from({ length: workers }, (_, index) => {
    const begin = index * part
    return { from: from + begin, seeds: Math.min(part, seeds - begin), mostFailures }
  })
  return joinSeries(await Promise.all(parts.map(inThread)))
}

function inThread(workerData: unknown): Promise<SeriesResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./sim-worker.js", import.meta.url), { workerData })
    worker.once("message", resolve).once("error", reject)
  })
}

/** A failure is shown on the smallest scenario that still has it. */
async function explain(seed: number): Promise<void> {
  const smallest = await shrink(await run(drawScenario(seed)), run)
  const traced = await run(smallest.scenario, { trace: true })
  print(`\nseed ${seed}, made smaller: ${JSON.stringify(smallest.scenario)}`)
  for (const line of traced.trace) print(line)
  print(`${traced.failure?.message}\n`)
}

async function everyDrop(which: string): Promise<void> {
  const began = performance.now()
  const every = Number(values.every)
  const drops = which === "two" ? doubleDrops : singleDrops
  const survey = await drops(undefined, every)
  for (const finding of survey.findings.slice(0, Number(values.until))) await show(finding)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const { runs, findings } = survey
  print(
    `${runs} runs of ${Object.keys(scripts).length} scripts, ${findings.length} failed, ${seconds} s`,
  )
  process.exitCode = findings.length > 0 ? 1 : 0
}

async function show({ script, plan, report }: Survey["findings"][number]): Promise<void> {
  if (values.trace) {
    const { trace } = await runBroken(report.scenario, plan, true)
    for (const line of trace) print(line)
  }
  print(`${script}, broken ${JSON.stringify(plan)}: ${report.failure?.message}`)
}

async function oneScript(name: string): Promise<void> {
  const scenario = scripts[name]
  if (!scenario) return print(`there is no script "${name}": ${Object.keys(scripts).join("; ")}`)
  const report = await run(scenario, { trace: values.trace })
  for (const line of report.trace) print(line)
  print(report.failure ? String(report.failure.stack) : `${report.messages} messages`)
}
