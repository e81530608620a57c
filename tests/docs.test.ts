import { existsSync } from "node:fs"
import { rm, writeFile } from "node:fs/promises"
import { join, posix } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { node } from "./support/command.js"
import { anchorsOf, linksOf } from "./support/markdown.js"
import { writeCode } from "./support/pages.js"
import { read, root, type Text, trackedPaths } from "./support/repository.js"

const pages = trackedPaths()
  .filter((path) => path.endsWith(".md") && !path.startsWith(".changeset/"))
  .map(read)

it("finds the pages", () => {
  expect(pages.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["docs/architecture.md", "packages/client/README.md"]),
  )
})

describe("links", () => {
  it("lead to something that is there", () => {
    expect(pages.flatMap(brokenLinks)).toEqual([])
  })

  it.each([
    ["a file", "see [it](docs/no-such-page.md)"],
    ["an image", "![it](docs/no-such-image.png)"],
    ["an image of HTML", '<img src="docs/no-such-image.png" alt="it">'],
    ["a heading", "see [it](docs/architecture.md#no-such-heading)"],
    ["a heading of its own", "see [it](#no-such-heading)"],
    ["the machine's root", "see [it](/docs/architecture.md)"],
  ])("are found out when they miss %s", (_, text) => {
    expect(brokenLinks({ path: "README.md", text })).toHaveLength(1)
  })

  it("may lead to headings, folders and other places", () => {
    const text = `# A B-c, \`d\`!\n[a](#a-b-c-d) [b](docs/architecture.md#the-rooms) [c](docs) [d](https://x.org)`
    expect(brokenLinks({ path: "README.md", text })).toEqual([])
  })
})

describe("code in the pages", () => {
  const folder = join(root, "node_modules/.cache/pages")
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it("compiles", async () => {
    const shown = pages.filter(({ path }) =>
      /^(README|packages\/.*|docs\/guides\/.*)\.md$/.test(path),
    )
    await compile(shown, join(folder, "real"))
  }, 60_000)

  it("is found out when it does not", async () => {
    const page = { path: "README.md", text: "```ts\nconst x: number = ''\n```\n" }
    await expect(compile([page], join(folder, "planted"))).rejects.toThrow("TS2322")
  }, 60_000)
})

function brokenLinks(page: Text): readonly string[] {
  return linksOf(page)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !leadsSomewhere(page, link))
    .map((link) => `${page.path} → ${link}`)
}

function leadsSomewhere(page: Text, link: string): boolean {
  const [file = "", anchor] = link.split("#")
  const path = file === "" ? page.path : posix.join(posix.dirname(page.path), file)
  if (link.startsWith("/") || (file !== "" && !existsSync(join(root, path)))) return false
  return anchor === undefined || anchorsOf(file === "" ? page : read(path)).has(anchor)
}

/** Writes the TypeScript of the pages to files and compiles them. The packages' pages share a folder. */
async function compile(pages: readonly Text[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  for (const page of pages) {
    const place = page.path.startsWith("packages/") ? "packages" : page.path.replace(/\.md$/, "")
    await writeCode(page, join(folder, place))
  }
  const compilerOptions = {
    ...{ strict: true, module: "nodenext", target: "es2022", noEmit: true, jsx: "react-jsx" },
    ...{ skipLibCheck: true, lib: ["es2022", "dom", "dom.iterable"], types: ["node"] },
    customConditions: ["@trunkline/source"],
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }))
  await node([join(root, "node_modules/typescript/bin/tsc"), "-p", folder])
}
