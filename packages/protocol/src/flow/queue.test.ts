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

  it("gives several at once, as far as they go", () => {
    const queue = new Queue<number>()
    for (const n of [1, 2, 3]) queue.push(n)
    expect([queue.take(2), queue.take(2), queue.take(2)]).toEqual([[1, 2], [3], []])
  })

  it("is empty after its last entry was taken", () => {
    const queue = new Queue<string>()
    queue.push("only")
    expect(queue.shift()).toBe("only")
    expect(queue.length).toBe(0)
    expect(queue.shift()).toBeUndefined()
    expect(queue.peek()).toBeUndefined()
  })

  it("holds what an array would, whatever comes and goes at either end", () => {
    const queue = new Queue<number>()
    let model: number[] = []
    for (let n = 0; n < 20_000; n++) {
      const entries = 1 + ((n * 7) % 5)
      if ((n >> 9) % 2 === 0) for (let more = 0; more < entries; more++) model.push(n + more)
      if ((n >> 9) % 2 === 0) for (let more = 0; more < entries; more++) queue.push(n + more)
      if (n % 11 === 0) {
        queue.unshift(-n)
        model = [-n, ...model]
      }
      queue.drop(n % 4)
      model = model.slice(n % 4)
      expect(queue.shift()).toBe(model.shift())
      expect([queue.length, queue.peek(), queue.at(2), queue.at(model.length)]).toEqual([
        model.length,
        model[0],
        model[2],
        undefined,
      ])
    }
    expect([...queue]).toEqual(model)
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
