import { expect, it } from "vitest"
import { RuleInput } from "./alerts.js"

it.each([
  [{ metric: "cpu", above: 100, seconds: 0 }, []],
  [{ metric: "networkIn", above: 2_500, seconds: 600 }, []],
  [{ metric: "memory", above: 101, seconds: 5 }, ["above: At most 100 %"]],
  [{ metric: "load", above: -1, seconds: 5 }, ["above: Not below zero"]],
  [
    { metric: "cpu", above: Number.NaN, seconds: 1.5 },
    ["above: Enter a number", "seconds: Whole seconds"],
  ],
  [{ metric: "cpu", above: 1, seconds: 601 }, ["seconds: At most 600 seconds"]],
])("says of %o at which field it is wrong", (input, expected) => {
  const { error } = RuleInput.safeParse(input)
  expect(error?.issues.map(({ path, message }) => `${path.join()}: ${message}`) ?? []).toEqual(
    expected,
  )
})
