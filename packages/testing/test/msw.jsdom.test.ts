// @vitest-environment jsdom
import { expect, test } from "vitest"
// All of it once more, where a page's own tests run.
import "./msw.test.js"

test("there is a document", () => {
  expect(document.body).toBeInstanceOf(HTMLElement)
})
