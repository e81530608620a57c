import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node"

/**
 * Ends the run with the names of all tests that were left out, so that nobody takes a run without a
 * browser for a whole one. Under CI a test that was left out has failed.
 */
export class LeftOut implements Reporter {
  #selected = false

  onInit(vitest: Vitest): void {
    this.#selected = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#selected) return
    const names = modules.flatMap((module) =>
      leftOut(module).map((name) => `${module.relativeModuleId}: ${name}`),
    )
    if (names.length === 0) return
    process.stdout.write(`\n${names.map((name) => `left out: ${name}\n`).join("")}`)
    if (process.env["CI"]) process.exitCode = 1
  }
}

/** A suite that was left out whole is named once. */
function leftOut(parent: TestModule | TestSuite): readonly string[] {
  return [...parent.children].flatMap((child: TestSuite | TestCase) => {
    if (child.type === "test") return child.result().state === "skipped" ? [child.fullName] : []
    return child.state() === "skipped" ? [child.fullName] : leftOut(child)
  })
}
