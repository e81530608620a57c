import { expect, test } from "vitest"
import { issueText } from "./issue-text.js"

test("the first issue is told, with its place", () => {
  const issues = [
    { message: "Too small", path: ["hosts", 0, "name"] },
    { message: "Too large", path: [] },
  ]
  expect(issueText({ issues })).toBe("hosts.0.name: Too small")
  expect(issueText({ issues: issues.slice(1) })).toBe("Too large")
})

test.each([
  undefined,
  null,
  "text",
  {},
  { issues: 1 },
  { issues: [] },
  { issues: [null] },
  { issues: [{ message: { toString: 1 } }] },
])("data that holds no issue has no words: %j", (data) => {
  expect(issueText(data)).toBeUndefined()
})

test("steps of a path that are none are left out", () => {
  const path = [{ toString: 1 }, "a", null, 2]
  expect(issueText({ issues: [{ message: "Wrong", path }] })).toBe("a.2: Wrong")
})
