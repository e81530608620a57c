import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
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

/** A program that runs. */
export interface Running {
  readonly child: ChildProcess
  /** The next line that it prints; whole lines only. */
  line(): Promise<string>
  readonly ending: Promise<Ending>
}

/** Runs one of the programs, made of the sources, in a process of its own, until it ends by itself. */
export async function run(name: string, ...parameters: readonly string[]): Promise<Ending> {
  const { child, ending } = await start(name, ...parameters)
  const impatience = setTimeout(() => child.kill("SIGKILL"), 25_000)
  try {
    return await ending
  } finally {
    clearTimeout(impatience)
  }
}

/** Starts one; whoever does ends it. */
export async function start(name: string, ...parameters: readonly string[]): Promise<Running> {
  const file = await make(name)
  const child = spawn(process.execPath, ["--expose-gc", file, ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data
    })
  }
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ending = new Promise<Ending>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, output }))
  })
  void ending.then(() => rm(file))
  return { child, ending, line: async () => (await lines.next()).value ?? "" }
}

async function make(name: string): Promise<string> {
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
  return outfile
}
