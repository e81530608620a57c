import { describe, expect, it } from "vitest"
import { Queue } from "./queue.js"

describe("Queue", () => {
  it("gives back in order what was put in, also after many were taken", () => {
    const queue = new Queue<number>()
    const taken: (number | undefined)[] = []
    for (let n = 0; n < 1_000; n++) {
      queue.push(n)
      if (n % 3 !== 0) taken.push(queue.shift())
    }
    expect(taken).toEqual(Array.from({ length: 666 }, (_, n) => n))
    expect([...queue]).toEqual(Array.from({ length: 334 }, (_, n) => n + 666))
  })

  it("is empty after its last entry was taken", () => {
    const queue = new Queue<string>()
    queue.push("only")
    expect(queue.shift()).toBe("only")
    expect(queue.length).toBe(0)
    expect(queue.shift()).toBeUndefined()
    expect(queue.peek()).toBeUndefined()
  })

  it("drops from the front, and puts ahead of it", () => {
    const queue = new Queue<number>()
    for (const n of [1, 2, 3, 4]) queue.push(n)
    queue.drop(2)
    queue.unshift(0)
    expect([...queue]).toEqual([0, 3, 4])
    expect(queue.at(1)).toBe(3)
  })
})
