import { expect, test } from "vitest"
import { FeedEntry } from "./feed-entry.js"
import { FeedGap, Ring, RingSpace } from "./ring.js"

function ringOf(start: string, ...cursors: string[]): Ring {
  const ring = new Ring(start, new RingSpace(1_000_000))
  for (const cursor of cursors) push(ring, cursor)
  return ring
}

function push(ring: Ring, cursor: string): void {
  const entry = FeedEntry.of({ cursor, prev: ring.tip, payload: "1" }, undefined)
  if (entry) ring.push(entry)
}

const stepBehind = (ring: Ring, cursor: string) => {
  const place = ring.after(cursor)
  const step = place === undefined ? undefined : ring.read(place, 9)
  return step?.type === "entries" ? step.entries.map((entry) => entry.cursor) : step
}

test("goes on behind a cursor that it knows, the first one too, and behind no other", () => {
  const ring = ringOf("c0", "c1", "c2")
  expect([stepBehind(ring, "c0"), stepBehind(ring, "c1")]).toEqual([["c1", "c2"], ["c2"]])
  expect([ring.after("c2"), ring.read(ring.after("c2") ?? 0, 9)]).toEqual([2, undefined])
  expect(ring.after("elsewhere")).toBeUndefined()
})

test("does not bring again what a log took back, wherever it was rolled back to", () => {
  for (const cursor of ["c0", "c1"]) {
    const ring = ringOf("c0", "c1", "c2")
    ring.push(new FeedGap(cursor))
    expect(stepBehind(ring, cursor)).toBeUndefined()
    push(ring, "d")
    expect(stepBehind(ring, cursor)).toEqual(["d"])
  }
})

test("knows the tip by a second name, and by the first", () => {
  const ring = ringOf("c0", "c1")
  ring.rename("other")
  push(ring, "c2")
  expect([stepBehind(ring, "other"), stepBehind(ring, "c1")]).toEqual([["c2"], ["c2"]])
})
