import { describe, expect, it } from "vitest"
import { Directory } from "./directory.js"

describe("Directory", () => {
  it("holds what a Map would, whatever comes and goes", () => {
    const directory = new Directory<string>()
    const map = new Map<number, string>()
    let random = 1
    for (let step = 0; step < 20_000; step++) {
      random = (random * 48_271) % 2_147_483_647
      const id = 1 + 2 * (random % 97)
      if (random % 5 < 2) {
        expect(directory.delete(id)).toBe(map.delete(id))
      } else {
        directory.set(id, `${step}`)
        map.set(id, `${step}`)
      }
      expect(directory.get(id)).toBe(map.get(id))
      expect(directory.has(id)).toBe(map.has(id))
      expect(directory.size).toBe(map.size)
    }
    expect([...directory].sort()).toEqual([...map.values()].sort())
  })

  it("finds an old entry among ever newer ones", () => {
    const directory = new Directory<number>()
    directory.set(2, 2)
    for (let id = 4; id < 10_000; id += 2) {
      directory.set(id, id)
      expect(directory.get(2)).toBe(2)
      expect(directory.delete(id)).toBe(true)
    }
    expect([...directory]).toEqual([2])
  })

  it("takes ids above 32 bits", () => {
    const directory = new Directory<string>()
    const id = 2 ** 40 + 1
    directory.set(id, "far")
    directory.set(1, "near")
    expect([directory.get(id), directory.get(1)]).toEqual(["far", "near"])
    directory.delete(1)
    expect(directory.get(id)).toBe("far")
  })
})
