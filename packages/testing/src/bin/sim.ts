import { parseArgs } from "node:util"
import { Counters, drawScenario, run } from "../simulator/index.js"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
})
const print = (text: string) => void process.stdout.write(`${text}\n`)

if (values.seed !== undefined) await one(Number(values.seed))
else await many(Number(values.from), Number(values.seeds))

async function one(seed: number): Promise<void> {
  const report = await run(drawScenario(seed), { trace: values.trace })
  for (const line of report.trace) print(line)
  print(report.failure ? `seed ${seed} failed: ${report.failure.stack}` : `seed ${seed} passed`)
}

async function many(from: number, count: number): Promise<void> {
  const counters = new Counters()
  const began = performance.now()
  let messages = 0
  let failures = 0
  for (let seed = from; seed < from + count; seed++) {
    const report = await run(drawScenario(seed))
    counters.merge(report.counters)
    messages += report.messages
    if (!report.failure) continue
    print(`seed ${seed}: ${report.failure.message}`)
    if (++failures >= 20) break
  }
  const seconds = (performance.now() - began) / 1000
  for (const [name, times] of counters.entries()) print(`${String(times).padStart(10)}  ${name}`)
  print(
    `${count} seeds, ${failures} failed, ${messages} messages, ${(count / seconds).toFixed(0)} seeds/s`,
  )
  process.exitCode = failures > 0 ? 1 : 0
}
