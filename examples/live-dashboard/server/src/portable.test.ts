import { cpus, totalmem } from "node:os"
import { expect, it } from "vitest"
import { portable } from "./portable.js"
import { missingOf } from "./system.js"

it("tells of any machine what Node tells", async () => {
  const { cores, memory } = await portable().read()
  expect(cores).toHaveLength(cpus().length)
  for (const { busy, total } of cores) expect(total).toBeGreaterThanOrEqual(busy)
  expect(memory.total).toBe(totalmem())
  expect(memory.used).toBeGreaterThan(0)
})

it("says what is missing", async () => {
  expect(await missingOf(portable())).toEqual(
    expect.arrayContaining(["network", "disk", "processes"]),
  )
})
