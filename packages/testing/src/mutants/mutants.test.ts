import { readFile } from "node:fs/promises"
import { describe, expect, it } from "vitest"
import { plant } from "./mutant.js"
import { mutants } from "./mutants.js"

describe("mutants", () => {
  it("are many, each with a name of its own", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(25)
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })

  it.each(mutants)("$name: has its place in the built code", async ({ edits }) => {
    for (const edit of edits) {
      const [room, ...path] = edit.module.split("/")
      const built = new URL(`../../../${room}/dist/${path.join("/")}.js`, import.meta.url)
      const source = await readFile(built, "utf8")
      expect(plant(source, [edit])).not.toBe(source)
    }
  })

  it("refuse to be planted where the code has moved on", () => {
    const edit = { module: "a/b", text: "x", planted: "y" }
    expect(plant("a x b", [edit])).toBe("a y b")
    expect(() => plant("a b", [edit])).toThrow("does not hold this once")
    expect(() => plant("x x", [edit])).toThrow("does not hold this once")
  })
})
