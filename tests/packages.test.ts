import { existsSync } from "node:fs"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { node } from "./support/command.js"
import { root } from "./support/repository.js"
import { manifestIn, Stranger } from "./support/stranger.js"

const names = await readdir(join(root, "packages"))
let stranger: Stranger

beforeAll(async () => {
  const unbuilt = names.filter((name) => !existsSync(join(root, "packages", name, "dist")))
  if (unbuilt.length > 0) throw new Error(`Build first, with tsc -b: ${unbuilt} never was`)
  stranger = await Stranger.install(names)
}, 120_000)

afterAll(() => stranger?.remove())

describe.each(names)("@trunkline/%s", (name) => {
  it("has what a package needs, and no tests", async () => {
    const files = await stranger.filesOf(name)
    expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE", "dist/index.js"]))
    expect(files.filter((file) => /\.test|^test\/|tsbuildinfo/.test(file))).toEqual([])
  })

  it("has the source of everything that was built", async () => {
    const maps = (await stranger.filesOf(name)).filter((file) => file.endsWith(".map"))
    expect(maps.length).toBeGreaterThan(0)
    const folder = stranger.folderOf(name)
    const lost = await Promise.all(maps.map((map) => sourcesLostBy(join(folder, map))))
    expect(lost.flat(), `of an earlier build, if so: remove packages/${name}/dist`).toEqual([])
  })

  it("offers what was built, by no condition of ours", async () => {
    const { exports } = await manifestIn(stranger.folderOf(name))
    for (const entry of Object.values(exports)) {
      expect(Object.keys(entry)).toEqual(["types", "default"])
    }
  })

  it("is what publint calls good", async () => {
    const file = await readFile(stranger.tarballOf(name))
    const tarball = new Uint8Array(file).buffer
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it("has types that are not wrong", async () => {
    const attw = "node_modules/@arethetypeswrong/cli/dist/index.js"
    await node([attw, stranger.tarballOf(name), "--profile", "esm-only", "--format", "ascii"])
  }, 60_000)
})

describe("a stranger's project", () => {
  const entries = async () => {
    const manifests = await Promise.all(names.map((name) => manifestIn(stranger.folderOf(name))))
    return names.flatMap((name, index) =>
      Object.keys(manifests[index]?.exports ?? {}).map(
        (path) => `@trunkline/${name}${path.slice(1)}`,
      ),
    )
  }

  it("may import and may require every entry", async () => {
    const all = JSON.stringify(await entries())
    await writeFile(
      join(stranger.folder, "both.cjs"),
      `const { deepEqual } = require("node:assert/strict")
       for (const entry of ${all}) import(entry).then((module) => {
         console.log(entry, Object.keys(module).length)
         deepEqual(Object.keys(require(entry)), Object.keys(module))
       })`,
    )
    const printed = await node(["both.cjs"], stranger.folder)
    for (const entry of await entries()) expect(printed).toMatch(new RegExp(`${entry} [1-9]`))
  })

  it("compiles, and checks our types too", async () => {
    const imports = (await entries()).map((entry, at) => `export * as m${at} from "${entry}"`)
    const compilerOptions = {
      ...{ strict: true, module: "nodenext", target: "es2022", noEmit: true },
      ...{ skipLibCheck: false, lib: ["es2022", "dom"], types: ["node"] },
    }
    await writeFile(join(stranger.folder, "all.mts"), imports.join("\n"))
    await writeFile(
      join(stranger.folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["all.mts"] }),
    )
    await node([join(root, "node_modules/typescript/bin/tsc"), "-p", "."], stranger.folder)
  }, 60_000)
})

async function sourcesLostBy(map: string): Promise<readonly string[]> {
  const { sources }: { sources: readonly string[] } = JSON.parse(await readFile(map, "utf8"))
  return sources.map((source) => join(dirname(map), source)).filter((source) => !existsSync(source))
}
