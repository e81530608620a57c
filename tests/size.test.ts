import { join } from "node:path"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { node } from "./support/command.js"
import { root } from "./support/repository.js"

describe("what a page loads", () => {
  // Minified and compressed, as `.size-limit.json` says; a budget is lowered with what it measures.
  it("stays within its budget", async () => {
    // It fails above a limit.
    const printed = await node(["node_modules/size-limit/bin.js", "--json"])
    const sizes: readonly { size: number }[] = JSON.parse(printed)
    expect(sizes.map(({ size }) => size > 1_000)).toEqual(Array(6).fill(true))
  }, 60_000)

  it("is our own code and what it names, without schemas, servers or Node", async () => {
    const { metafile } = await build({
      stdin: {
        contents: `export { connect, createClient } from "@trunkline/client"`,
        resolveDir: join(root, "tests"),
      },
      ...{ bundle: true, platform: "browser", format: "esm", write: false, metafile: true },
    })
    const packages = Object.keys(metafile.inputs).map(
      (file) => /(?:.*node_modules\/|^packages\/)((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1],
    )
    expect(new Set(packages.filter((name) => name !== undefined))).toEqual(
      new Set([
        ...["client", "contract", "endpoint", "protocol", "transport"],
        ...["eventemitter3", "isomorphic-ws", "nanoid"],
      ]),
    )
  })
})
