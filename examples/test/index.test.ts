import { afterAll, beforeAll, expect, it } from "vitest"
import { read, trackedPaths } from "../../tests/support/repository.js"
import { Example } from "./example.js"

const pages = trackedPaths().flatMap((path) => path.match(/^examples\/(\w+)\/page\.ts$/)?.[1] ?? [])
let all: Example

beforeAll(async () => {
  all = await Example.start()
})
afterAll(() => all.stop())

it.each(pages)("%s is in both lists, and shown with the others", async (name) => {
  expect(read("examples/README.md").text).toContain(`| [${name}](${name}) |`)
  const index = await (await fetch(all.url)).text()
  expect(index).toContain(`href="/${name}/"`)
  for (const path of ["", "page.js"]) {
    expect((await fetch(`${all.url}${name}/${path}`)).status).toBe(200)
  }
})

it("answers 404 for what there is not, and for a line that cannot be so", async () => {
  const status = async (path: string, method: string) =>
    (await fetch(all.url + path, { method })).status
  expect(await status("nothing/", "GET")).toBe(404)
  expect(await status("/", "GET")).toBe(404)
  expect(await status("chat/", "POST")).toBe(404)
  expect(await status("lines/some/broken", "PUT")).toBe(404)
  expect(await status("lines/some/slow", "PUT")).toBe(204)
})
