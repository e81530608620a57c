import { expect, it } from "vitest"
import { read, trackedPaths } from "../../tests/support/repository.js"

const pages = trackedPaths().flatMap((path) => path.match(/^examples\/(\w+)\/page\.ts$/)?.[1] ?? [])

it.each(pages)("%s is in both lists, and can be started", (name) => {
  expect(read("examples/README.md").text).toContain(`| [${name}](${name}) |`)
  expect(read("examples/index.html").text).toContain(`href="/${name}/"`)
  expect(read("examples/stage/run.ts").text).toContain(`import("../${name}/server.js")`)
})
