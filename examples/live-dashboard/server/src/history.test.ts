import type { Place } from "@trunkline-example/dashboard-contract"
import { describe, expect, it } from "vitest"
import { History } from "./history.js"

const behind = () => new Error("fell behind")

function filled(count: number, capacity: number): History<Place> {
  const history = new History<Place>("run", capacity)
  fill(history, count)
  return history
}

function fill(history: History<Place>, count: number): void {
  for (let item = 0; item < count; item++) history.add((place) => place)
}

async function take(stream: AsyncGenerator<Place, void>, count: number): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < count) {
    const { value } = await stream.next()
    if (!value) break
    numbers.push(value.number)
  }
  return numbers
}

describe("a history that is followed", () => {
  it("goes from what it remembers to what is new without a hole or a repeat", async () => {
    const history = filled(3, 10)
    const stream = history.follow(new AbortController().signal, behind)
    expect(await take(stream, 2)).toEqual([1, 2])
    fill(history, 1)
    expect(await take(stream, 2)).toEqual([3, 4])
    const waiting = take(stream, 3)
    fill(history, 3)
    expect(await waiting).toEqual([5, 6, 7])
  })

  it("begins with the oldest that it still has", async () => {
    const stream = filled(25, 10).follow(new AbortController().signal, behind)
    expect(await take(stream, 10)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25])
  })

  it("begins to be followed before there is anything", async () => {
    const history = filled(0, 10)
    const first = take(history.follow(new AbortController().signal, behind), 1)
    fill(history, 1)
    expect(await first).toEqual([1])
  })

  it("serves each reader at its own pace", async () => {
    const history = filled(2, 10)
    const { signal } = new AbortController()
    const quick = history.follow(signal, behind)
    const slow = history.follow(signal, behind)
    expect(await take(quick, 2)).toEqual([1, 2])
    expect(await take(slow, 1)).toEqual([1])
    fill(history, 2)
    expect(await take(quick, 2)).toEqual([3, 4])
    expect(await take(slow, 3)).toEqual([2, 3, 4])
  })

  it("tells a reader whose next item is forgotten, instead of skipping", async () => {
    const history = filled(5, 10)
    const stream = history.follow(new AbortController().signal, behind)
    expect(await take(stream, 2)).toEqual([1, 2])
    fill(history, 8)
    await expect(stream.next()).rejects.toThrow("fell behind")
  })

  it("still serves a reader whose next item is the oldest", async () => {
    const history = filled(5, 10)
    const stream = history.follow(new AbortController().signal, behind)
    expect(await take(stream, 2)).toEqual([1, 2])
    fill(history, 7)
    expect(await take(stream, 2)).toEqual([3, 4])
  })

  it("lets a reader go that waits", async () => {
    const going = new AbortController()
    const stream = filled(0, 10).follow(going.signal, behind)
    const next = stream.next()
    going.abort()
    await expect(next).rejects.toThrow("abort")
  })
})
