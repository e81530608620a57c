import { engineCases } from "@trunkline/testing/conformance"
import { describe, expect, test } from "vitest"
import { memoryEngine } from "./memory-engine.js"

describe("memoryBroker", () => {
  /** What cannot happen to the memory of one process. */
  const impossible = ["needs `rollBack`", "needs `lag`", "needs `disconnect`"]

  test.each(engineCases)("$name", async ({ run }) => {
    const { outcome, error } = await run(memoryEngine)
    if (outcome === "left out") expect(impossible).toContain(error?.message)
    else expect(error).toBeUndefined()
  })
})
