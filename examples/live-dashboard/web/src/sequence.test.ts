import { expect, it } from "vitest"
import { nothingSeen, type Sequence, see } from "./sequence.js"

function seen(numbers: readonly number[], run = "a", before: Sequence = nothingSeen): Sequence {
  return numbers.reduce((sequence, number) => see(sequence, { run, number }), before)
}

it("counts from wherever the history begins", () => {
  expect(seen([105, 106, 107])).toMatchObject({ first: 105, last: 107, missing: 0, twice: 0 })
})

it("sees a hole, and its size", () => {
  expect(seen([1, 2, 6])).toMatchObject({ last: 6, missing: 3, twice: 0 })
})

it("sees a repeat", () => {
  expect(seen([1, 2, 2, 1])).toMatchObject({ last: 2, missing: 0, twice: 2 })
})

it("takes the history of a stream that begins anew for no repeat", () => {
  const anew = { ...seen([1, 2, 3]), anew: true }
  expect(seen([2, 3, 4], "a", anew)).toMatchObject({ last: 4, missing: 0, twice: 0 })
  expect(seen([6], "a", anew)).toMatchObject({ last: 6, missing: 2, twice: 0 })
})

it("begins anew with another run of the server", () => {
  const first = seen([1, 2, 3])
  expect(seen([1, 2], "b", { ...first, anew: true })).toMatchObject({
    run: "b",
    first: 1,
    last: 2,
    missing: 0,
    twice: 0,
    earlierRuns: 1,
  })
})
