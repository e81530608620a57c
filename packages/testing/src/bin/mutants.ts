import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Mutant } from "../mutants/mutant.js"
import { mutants } from "../mutants/mutants.js"

/*
 * Plants each mutant in a process of its own, and runs the simulator until it notices.
 * `--quick N`: only those that have to fall within N seeds. `--only TEXT`: those with it in their name.
 */

const { values } = parseArgs({
  options: { quick: { type: "string" }, only: { type: "string" }, workers: { type: "string" } },
})
const simulator = fileURLToPath(new URL("./sim.js", import.meta.url))
const register = new URL("../mutants/register.js", import.meta.url).href
const print = (text: string) => void process.stdout.write(`${text}\n`)

interface Outcome {
  readonly mutant: Mutant
  /** The first seed that failed. */
  readonly seed: number | undefined
  readonly text: string
}

const chosen = mutants.filter(
  ({ within, name }) =>
    within <= Number(values.quick ?? Number.POSITIVE_INFINITY) && name.includes(values.only ?? ""),
)
const waiting = [...chosen]
const outcomes: Outcome[] = []
await Promise.all(Array.from({ length: Number(values.workers ?? availableParallelism()) }, hunt))
const survivors = outcomes.filter((outcome) => !isCaught(outcome))
print(
  `${outcomes.length} mutants, ${outcomes.length - survivors.length} caught, ${survivors.length} survived`,
)
process.exitCode = survivors.length > 0 || outcomes.length === 0 ? 1 : 0

async function hunt(): Promise<void> {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    const outcome = await simulate(mutant)
    outcomes.push(outcome)
    const verdict = isCaught(outcome) ? "caught" : "SURVIVED"
    print(
      `${verdict.padEnd(8)} ${String(outcome.seed ?? "-").padStart(6)}  ${mutant.name}: ${outcome.text}`,
    )
  }
}

/** Noticed by an invariant that it breaks, not by chance. */
function isCaught({ seed, text, mutant }: Outcome): boolean {
  return (
    seed !== undefined && mutant.noticedBy.some((invariant) => text.startsWith(`${invariant}:`))
  )
}

function simulate(mutant: Mutant): Promise<Outcome> {
  const { name, within } = mutant
  const options = ["--seeds", String(within), "--workers", "1", "--until", "1", "--terse"]
  const env = { ...process.env, TRUNKLINE_MUTANT: name }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", register, simulator, ...options], { env })
    let output = ""
    const collect = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    child.once("error", reject)
    child.once("close", () => {
      const [, seed, text] = /^seed (\d+): (.*)$/m.exec(output) ?? []
      const last = output.trim().split("\n").at(-1) ?? ""
      resolve({ mutant, seed: seed ? Number(seed) : undefined, text: text ?? last })
    })
  })
}
