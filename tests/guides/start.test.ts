import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { build } from "esbuild"
import { afterAll, beforeAll, expect, it } from "vitest"
import { codeBlocksOf } from "../support/markdown.js"
import { runnable } from "../support/pages.js"
import { read } from "../support/repository.js"

/* The five-minute start, as it stands in the guide. */

const page = read("docs/guides/start.md")
const programs: ChildProcess[] = []
let folder: string

beforeAll(async () => {
  folder = await runnable(page, "start")
  await build({
    entryPoints: ["server.ts", "client.ts", "page.ts"].map((file) => join(folder, file)),
    ...{ outdir: folder, outExtension: { ".js": ".mjs" }, bundle: true, format: "esm" },
    ...{ platform: "node", target: "node20", conditions: ["@trunkline/source"] },
    // `ws` is no module, and asks for those of Node by `require`.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire("/")`,
    },
    logLevel: "error",
  })
})

afterAll(() => {
  for (const program of programs) program.kill("SIGKILL")
})

function start(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [join(folder, file)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  })
  programs.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, line: async (): Promise<string> => (await lines.next()).value ?? "" }
}

async function listening(port: string) {
  const server = start("server.mjs", { PORT: port })
  return { ...server, port: (await server.line()).replace("listening on ", "") }
}

it("does what it says", async () => {
  const said = codeBlocksOf(page)
    .find(({ language }) => language === "text")
    ?.code.split("\n")
  const server = await listening("0")
  const url = { URL: `ws://127.0.0.1:${server.port}/rpc` }

  const first = start("client.mjs", url)
  for (const line of said?.slice(0, 3) ?? []) expect(await first.line()).toBe(line)

  server.child.kill("SIGINT")
  await once(server.child, "exit")
  const again = await listening(server.port)
  expect(again.port).toBe(server.port)

  // The first client finds its way back at its own time: whoever speaks meanwhile is not heard.
  let isHeard = false
  const hearing = first.line().then((line) => {
    isHeard = true
    return line
  })
  while (!isHeard) {
    const other = start("client.mjs", url)
    await other.line()
    expect(await other.line()).toMatch(/^heard by \d+$/)
    other.child.kill("SIGKILL")
  }
  expect(await hearing).toBe("ada: hello")
})
