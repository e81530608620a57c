import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "tally-"))
afterAll(() => rmSync(folder, { recursive: true }))

it.each([
  ["adds up the files", [file("passed", "passed"), file("passed")], 0, "3 passed, 0 failed", 0],
  ["counts failures", [file("passed", "failed"), file("failed")], 1, "1 passed, 2 failed", 1],
  ["counts what was left out", [file("passed", "skipped", "todo")], 0, "1 passed, 2 failed", 1],
  ["counts a file that did not run", [file("passed"), broken()], 1, "1 passed, 1 failed", 1],
  ["believes the exit code", [file("passed")], 1, "1 passed, 1 failed", 1],
  ["needs a test to pass", [], 0, "0 passed, 1 failed", 1],
  ["needs a report", undefined, 1, "0 passed, 1 failed", 1],
])("the tally of CI %s", (name, testResults, code, line, exit) => {
  const report = join(folder, `${name}.json`)
  if (testResults) writeFileSync(report, JSON.stringify({ testResults }))
  const { stdout, status } = spawnSync(process.execPath, ["scripts/tally.mjs", report, `${code}`], {
    cwd: new URL("..", import.meta.url),
    encoding: "utf8",
  })
  expect(stdout).toBe(`${line}\n`)
  expect(status).toBe(exit)
})

function file(...statuses: string[]) {
  const status = statuses.includes("failed") ? "failed" : "passed"
  return { status, assertionResults: statuses.map((status) => ({ status })) }
}

function broken() {
  return { status: "failed", assertionResults: [] }
}
