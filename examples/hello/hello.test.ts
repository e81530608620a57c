import { expect, it } from "vitest"
import { codeBlocksOf } from "../../tests/support/markdown.js"
import { read } from "../../tests/support/repository.js"

it.each(["monitor.ts", "server.ts", "client.ts"])("%s is what the README shows", (name) => {
  const shown = codeBlocksOf(read("README.md")).map(({ code }) => code)
  expect(shown).toContain(`// ${name}\n${read(`examples/hello/${name}`).text}`)
})
