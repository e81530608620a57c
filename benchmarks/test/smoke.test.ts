import { execFile } from "node:child_process"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { contenderNames, contenders } from "../src/contenders/index.js"
import { run } from "../src/run.js"
import type { Scale } from "../src/scenario.js"
import { scenarios } from "../src/scenarios/index.js"

/** So little that only what goes wrong shows; what is transported the client's process checks. */
const scale: Scale = {
  rounds: 1,
  stretch: 10,
  warmUp: 20,
  warmUpAtMost: 5_000,
  items: 50,
  connections: 3,
  flood: 2_000,
  counted: 20,
  look: 10,
}

/** The scenarios start ninety processes between them. */
const atMost = 120_000

let folder: string
let worker: string

/** The workers run from the sources, whatever was built before. */
beforeAll(async () => {
  const cache = new URL("../node_modules/.cache/", import.meta.url)
  await mkdir(cache, { recursive: true })
  folder = await mkdtemp(fileURLToPath(new URL("smoke-", cache)))
  worker = `${folder}/worker.js`
  await build({
    entryPoints: ["worker", "bulk"].map((name) =>
      fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url)),
    ),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    conditions: ["@trunkline/source"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url)',
    },
    logLevel: "silent",
  })
})

afterAll(() => rm(folder, { recursive: true }))

describe.each(Object.entries(scenarios))("%s", (_, scenario) => {
  test.concurrent("moves what it says, with every contender", { timeout: atMost }, async ({
    expect,
  }) => {
    const launch = { node: process.execPath, worker, pin: false, flags: [] }
    const outcomes = await run(scenario, contenderNames, { launch, scale, say: () => {} })
    for (const name of contenderNames) {
      expect(outcomes[name]?.error, contenders[name].title).toBeUndefined()
      const [figures] = outcomes[name]?.rounds ?? []
      expect(Object.keys(figures ?? {})).toEqual(Object.keys(scenario.figures))
      for (const value of Object.values(figures ?? {})) expect(value).toSatisfy(Number.isFinite)
    }
  })
})

test("a small call beside a large stream is measured on both codecs", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [`${folder}/bulk.js`, "--brief"])
  expect(stdout).toMatch(/^\| json( \| [^|]+){5} \|$/m)
  expect(stdout).toMatch(/^\| msgpack( \| [^|]+){5} \|$/m)
})
