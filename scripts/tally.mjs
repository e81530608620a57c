// Prints what came of a run of the tests as `N passed, N failed`, from vitest's report and the exit
// code of the whole run: node scripts/tally.mjs <report> <exit code>. Fails if anything did.
import { existsSync, readFileSync } from "node:fs"

const [, , path = "", code = "1"] = process.argv
const { passed, failed } = tally(existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {})
// Something else than a test may fail: the build, the linter, an error outside of any test.
const failures = failed === 0 && (passed === 0 || code !== "0") ? 1 : failed
process.stdout.write(`${passed} passed, ${failures} failed\n`)
process.exitCode = failures === 0 ? 0 : 1

/** A test that was left out has failed, and so has a file that could not be run. */
function tally({ testResults = [] }) {
  let passed = 0
  let failed = 0
  for (const { status, assertionResults } of testResults) {
    const good = assertionResults.filter((test) => test.status === "passed").length
    const bad = assertionResults.length - good
    passed += good
    failed += bad === 0 && status === "failed" ? 1 : bad
  }
  return { passed, failed }
}
