import { execFile } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { Editor } from "./editor.js"
import { type LargeContract, largeContract, writeProject } from "./large-contract.js"

/*
 * What our types cost a large project. Instantiations are what the compiler counts, the same on every
 * machine; the times beside them are told and not judged.
 */

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..")
const compiler = join(root, "node_modules/typescript/bin/tsc")
const run = promisify(execFile)

/** By one thread: several repeat each other's work, as many times as the machine has cores. */
async function costOf(name: string, large: LargeContract): Promise<number> {
  const folder = join(root, "node_modules/.cache/budget", name)
  writeProject(folder, largeContract(large))
  const options = ["-p", folder, "--extendedDiagnostics", "--singleThreaded"]
  const { stdout } = await run(process.execPath, [compiler, ...options])
  const figure = (what: string) => new RegExp(`^${what}:\\s+([\\d.]+)`, "m").exec(stdout)?.[1]
  const instantiations = Number(figure("Instantiations"))
  tell(`${name}: ${instantiations} instantiations, ${figure("Check time")} s`)
  return instantiations
}

function tell(line: string): void {
  process.stderr.write(`budget  ${line}\n`)
}

test("a contract of 1,000 procedures stays within its budget", async () => {
  const contract = { procedures: 1_000, uses: 0, implemented: false }
  const declared = await costOf("declared", contract)
  const used = await costOf("declared and used 50 times", { ...contract, uses: 50 })
  // Reading the types of a schema, once for each, is what a project of this size cannot do without.
  expect(declared).toBeGreaterThan(30_000)
  expect(declared).toBeLessThan(used)
  expect(used).toBeLessThanOrEqual(130_000)
}, 120_000)

test("implementing all of it does too, and costs in proportion", async () => {
  const large = { procedures: 1_000, uses: 50, implemented: true }
  const hundred = await costOf("100 implemented", { ...large, procedures: 100, uses: 5 })
  const thousand = await costOf("1,000 implemented", large)
  expect(thousand).toBeLessThanOrEqual(1_100_000)
  expect(thousand).toBeLessThanOrEqual(10 * hundred)
}, 120_000)

test("the first hover over a client of 1,000 procedures is right", () => {
  const files = largeContract({ procedures: 1_000, uses: 50, implemented: false })
  const page = files["page.ts"]?.replace("client.group7.", "client.group7./*here*/")
  const editor = new Editor({ ...files, "page.ts": page ?? "" }, { source: false })
  editor.definitions("contract.ts")
  // Processor time: what else the machine does should not count.
  const before = process.cpuUsage()
  const { type } = editor.hover("page.ts")
  const { user, system } = process.cpuUsage(before)
  tell(`first hover: ${Math.round((user + system) / 1_000)} ms of the processor`)
  expect(type).toContain("(property) p140: CallProcedure (input: { id140: string; count: number;")
}, 120_000)
