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

it("answers what there is not with 404, and a line that cannot be so with 400", async () => {
  expect((await fetch(`${all.url}nothing/`)).status).toBe(404)
  const put = (condition: string) =>
    fetch(`${all.url}lines/some`, { method: "PUT", body: condition })
  expect((await put("broken")).status).toBe(400)
  expect((await put("slow")).status).toBe(204)
})
