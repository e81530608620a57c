import { expect, test } from "vitest"
import { Feed } from "./feed.js"

function counted(): Feed<number, readonly number[]> {
  return new Feed<number, readonly number[]>([], (all, item) => [...all, item])
}

test("its state is that at its cursor, also while something is being published", async () => {
  const feed = counted()
  const underway: (() => void)[] = []
  const land = async () => {
    await expect.poll(() => underway.length).toBe(1)
    underway.shift()?.()
  }
  const published: number[] = []
  feed.begin(
    async (item) => {
      await new Promise<void>((resolve) => underway.push(resolve))
      published.push(item)
      return `c.${item}`
    },
    { items: [7], cursor: "c.7" },
  )
  expect(feed.snapshot()).toEqual({ state: [7], cursor: "c.7" })
  const both = [feed.add(8), feed.add(9)]
  await Promise.resolve()
  expect(feed.snapshot()).toEqual({ state: [7], cursor: "c.7" })
  await land()
  await both[0]
  expect(feed.snapshot()).toEqual({ state: [7, 8], cursor: "c.8" })
  await land()
  await both[1]
  expect(feed.snapshot()).toEqual({ state: [7, 8, 9], cursor: "c.9" })
  expect(published).toEqual([8, 9])
})

test("what could not be published is told, and what comes after it is not held up", async () => {
  const feed = counted()
  const publish = (item: number) =>
    item === 1 ? Promise.reject(new Error("out of reach")) : Promise.resolve(`c.${item}`)
  feed.begin(publish, { items: [], cursor: "c.0" })
  await expect(feed.add(1)).rejects.toThrow("out of reach")
  await feed.add(2)
  expect(feed.snapshot()).toEqual({ state: [2], cursor: "c.2" })
})
