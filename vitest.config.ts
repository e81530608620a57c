import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { LeftOut } from "./tests/support/left-out.js"

// Packages are tested from their sources, without a build between.
const conditions = ["@trunkline/source"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["{packages,examples,benchmarks}/**/*.test.{ts,tsx}", "tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // On two cores, too: most tests wait for sockets and processes more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // As long as a test may take: on a busy machine whatever is waited for comes late, and comes.
    expect: { poll: { interval: 5, timeout: 25_000 } },
    reporters: ["default", new LeftOut(), ...(process.env["CI"] ? ["json"] : [])],
    outputFile: { json: "node_modules/.cache/vitest-report.json" },
  },
})
