import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { mutants } from "../src/mutants/mutants.js"
import { drawScenario, type Report, run, shrink, Violated } from "../src/simulator/index.js"

const minutes = 60_000

/** Runs a built program as its user would, and gives what it printed and how it ended. */
function program(name: string, ...options: readonly string[]): Promise<readonly [string, number]> {
  const path = fileURLToPath(new URL(`../dist/bin/${name}.js`, import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...options])
    let output = ""
    child.stdout.on("data", (chunk) => {
      output += chunk
    })
    child.stderr.on("data", (chunk) => {
      output += chunk
    })
    child.once("error", reject)
    child.once("close", (code) => resolve([output, code ?? 1]))
  })
}

describe("the simulator", () => {
  it("runs 6,000 seeds clean and reaches all that it has to", {
    timeout: 10 * minutes,
  }, async () => {
    const [output, code] = await program("sim", "--seeds", "6000")
    expect(output).toContain("6000 seeds, 0 failed")
    expect(output).not.toContain("never reached")
    expect(code).toBe(0)
  })

  it("breaks every script before each message in every way", { timeout: 5 * minutes }, async () => {
    const [output, code] = await program("sim", "--drops", "one")
    expect(output).toMatch(/^\d{5,} runs of \d+ scripts, 0 failed/m)
    expect(code).toBe(0)
  })

  it("breaks every script before two messages, one of twelve pairs", {
    timeout: 5 * minutes,
  }, async () => {
    const [output, code] = await program("sim", "--drops", "two", "--every", "12")
    expect(output).toMatch(/^\d{5,} runs of \d+ scripts, 0 failed/m)
    expect(code).toBe(0)
  })

  it("notices the mutants that fall quickly", { timeout: 10 * minutes }, async () => {
    const quick = mutants.filter(({ within }) => within <= 1_000).length
    const [output, code] = await program("mutants", "--quick", "1000")
    expect(output).toContain(`${quick} mutants, ${quick} caught, 0 survived`)
    expect(code).toBe(0)
  })

  it("does the same again from the same seed (D1)", async () => {
    const seeds = [1, 2, 3, 500, 9_000]
    for (const seed of seeds) {
      const once = await run(drawScenario(seed))
      const again = await run(drawScenario(seed))
      expect([again.hash, again.messages]).toEqual([once.hash, once.messages])
    }
    const hashes = await Promise.all(
      seeds.map(async (seed) => (await run(drawScenario(seed))).hash),
    )
    expect(new Set(hashes).size).toBe(seeds.length)
  })

  it("tells what happened when asked to", async () => {
    const { trace } = await run(drawScenario(3), { trace: true })
    expect(trace[0]).toContain("server 1 is up")
  })

  it("ends a replay of one seed with how it went", async () => {
    const [output, code] = await program("sim", "--seed", "3", "--trace")
    expect(output).toContain("seed 3 passed")
    expect(code).toBe(0)
  })
})

describe("shrink", () => {
  const failing = (report: Report, text: string): Report => ({
    ...report,
    failure: new Violated("S1", text),
  })

  it("keeps only what the failure needs", async () => {
    const seed = 11
    const whole = await run(drawScenario(seed))
    const needed = whole.scenario.operations[0]
    expect(whole.scenario.operations.length).toBeGreaterThan(1)
    const smallest = await shrink(failing(whole, "planted"), async (scenario) => {
      const report = { ...whole, scenario }
      const has = scenario.operations.some(({ id }) => id === needed?.id)
      return has ? failing(report, "planted") : report
    })
    expect(smallest.scenario.operations.map(({ id }) => id)).toEqual([needed?.id])
    expect(smallest.scenario.faults).toEqual([])
  })

  it("does not take another failure for the same", async () => {
    const whole = await run(drawScenario(11))
    const smallest = await shrink(failing(whole, "planted"), async (scenario) => ({
      ...whole,
      scenario,
      failure: new Violated("S2", "something else"),
    }))
    expect(smallest.scenario).toBe(whole.scenario)
  })
})
