import { spawn } from "node:child_process"
import { mkdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const programs = fileURLToPath(new URL("../programs/", import.meta.url))
const built = fileURLToPath(new URL("../../node_modules/.cache/programs/", import.meta.url))

/** How a program ended, and what it had printed. */
export interface Ending {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
}

/** Runs one of the programs, made of the sources, in a process of its own, until it ends by itself. */
export async function run(name: string, ...parameters: readonly string[]): Promise<Ending> {
  const outfile = join(built, `${name}-${process.pid}-${Math.random()}.mjs`)
  await mkdir(dirname(outfile), { recursive: true })
  await build({
    entryPoints: [join(programs, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@trunkline/source"],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url)`,
    },
  })
  try {
    return await ending(outfile, parameters)
  } finally {
    await rm(outfile)
  }
}

function ending(file: string, parameters: readonly string[]): Promise<Ending> {
  const child = spawn(process.execPath, ["--expose-gc", file, ...parameters])
  let output = ""
  child.stdout.on("data", (data) => {
    output += data
  })
  child.stderr.on("data", (data) => {
    output += data
  })
  const impatience = setTimeout(() => child.kill("SIGKILL"), 25_000)
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(impatience)
      resolve({ code, signal, output })
    })
  })
}
