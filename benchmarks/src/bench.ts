/** `npm run bench -- --help` says what it takes. */

import { spawnSync } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { bundleSize, versionOf } from "./bundle.js"
import { type ContenderName, contenderNames, contenders } from "./contenders/index.js"
import { describeMachine, failuresOf, type Results } from "./results.js"
import { run, type Setting } from "./run.js"
import type { Scale } from "./scenario.js"
import { scenarios } from "./scenarios/index.js"
import { bundleTable, scenarioTable } from "./table.js"
import { writeResults } from "./write.js"

const help = `Measures Trunkline beside others; see docs/benchmarks.md.

  --only a,b      contenders or scenarios; the baseline always runs
                  contenders: ${contenderNames.join(", ")}
                  scenarios: ${Object.keys(scenarios).join(", ")}, bundle
  --rounds n      rounds of every scenario (5)
  --quick         less of everything: for a first impression
  --node path     the node that runs servers and clients
  --no-pin        leaves it to the system where processes run
  --profile path  writes a CPU profile of every process into that folder
  --write         keeps the results and writes docs/benchmarks.md
`

const { values } = parseArgs({
  allowNegative: true,
  options: {
    help: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    node: { type: "string", default: process.execPath },
    pin: { type: "boolean", default: true },
    profile: { type: "string" },
    write: { type: "boolean", default: false },
  },
})

const full: Scale = {
  rounds: 5,
  stretch: 1_500,
  warmUp: 300_000,
  warmUpAtMost: 15_000,
  items: 100_000,
  connections: 1_000,
  flood: 200_000,
  counted: 1_000,
  look: 100,
}

const quick: Scale = {
  ...full,
  rounds: 2,
  stretch: 500,
  warmUp: 100_000,
  warmUpAtMost: 3_000,
  connections: 300,
  flood: 50_000,
}

if (values.help) print(help)
else await main()

async function main(): Promise<void> {
  const chosen = chooseFrom(values.only.split(",").filter((name) => name !== ""))
  const scale = values.quick ? quick : full
  const rounds = Number(values.rounds ?? scale.rounds)
  if (!(rounds >= 1)) throw new TypeError("--rounds takes a number from 1 on")
  const setting: Setting = {
    launch: {
      node: values.node,
      worker: fileURLToPath(new URL("./worker.js", import.meta.url)),
      pin: values.pin && canPin(),
      flags: values.profile ? ["--cpu-prof", "--cpu-prof-dir", values.profile] : [],
    },
    scale: { ...scale, rounds },
    say: (text) => void (process.stderr.isTTY && process.stderr.write(`\x1b[2K${text}\r`)),
  }
  const results = await measure(chosen, setting)
  for (const failure of failuresOf(results)) {
    print(`FAILED ${failure}`)
    process.exitCode = 1
  }
  if (values.write) await writeResults(results)
}

interface Choice {
  readonly names: readonly ContenderName[]
  readonly scenarios: readonly string[]
  readonly bundle: boolean
}

/** Of each sort those that are named; of a sort that nothing is named of, all. */
function chooseFrom(only: readonly string[]): Choice {
  const known = [...contenderNames, ...Object.keys(scenarios), "bundle"]
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`--only: there is no ${unknown}\n\n${help}`)
  const named = contenderNames.filter((name) => only.includes(name))
  const wanted = Object.keys(scenarios).filter((name) => only.includes(name))
  const everything = wanted.length === 0 && !only.includes("bundle")
  return {
    names: named.length === 0 ? contenderNames : contenderNames.filter(isBaseOr(named)),
    scenarios: everything ? Object.keys(scenarios) : wanted,
    bundle: everything || only.includes("bundle"),
  }
}

function isBaseOr(named: readonly ContenderName[]): (name: ContenderName) => boolean {
  return (name) => name === "base" || named.includes(name)
}

async function measure(choice: Choice, setting: Setting): Promise<Results> {
  const results = emptyResults(choice, setting)
  print(`node ${results.node}, ${results.machine}\n`)
  for (const name of choice.scenarios) {
    const scenario = scenarios[name]
    if (!scenario) continue
    const outcomes = await run(scenario, choice.names, setting)
    results.scenarios[name] = outcomes
    print(`${scenario.title}\n${scenarioTable(name, outcomes)}\n`)
  }
  if (!choice.bundle) return results
  for (const name of choice.names) results.bundles[name] = await bundleSize(name)
  print(`client in a page\n${bundleTable(results)}\n`)
  return results
}

function emptyResults(choice: Choice, { launch, scale }: Setting): Results {
  const packages = choice.names.flatMap((name) => contenders[name].packages)
  return {
    date: new Date().toISOString().slice(0, 10),
    node: nodeVersion(launch.node),
    machine: describeMachine(),
    pinned: launch.pin,
    scale,
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    bundles: {},
    scenarios: {},
  }
}

function nodeVersion(node: string): string {
  const { stdout, error } = spawnSync(node, ["--version"], { encoding: "utf8" })
  if (error) throw new Error("--node: cannot be started", { cause: error })
  return stdout.trim()
}

function canPin(): boolean {
  return availableParallelism() > 1 && !spawnSync("taskset", ["-c", "0,1", "true"]).status
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
