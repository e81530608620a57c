import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { pageOf } from "./page.js"
import type { Results } from "./results.js"

const kept = new URL("../results/", import.meta.url)
const page = new URL("../../docs/benchmarks.md", import.meta.url)

/** One file of results for each major version of Node; the page is made of all of them. */
export async function writeResults(results: Results): Promise<void> {
  await mkdir(kept, { recursive: true })
  const [major] = results.node.replace("v", "").split(".")
  const text = JSON.stringify(results, undefined, 1)
  await writeFile(new URL(`node-${major}.json`, kept), `${text}\n`)
  const names = (await readdir(kept)).filter((name) => name.endsWith(".json"))
  const all = await Promise.all(names.sort().reverse().map(read))
  await writeFile(page, pageOf(all))
}

async function read(name: string): Promise<Results> {
  return JSON.parse(await readFile(new URL(name, kept), "utf8"))
}
