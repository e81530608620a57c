import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

export interface File {
  readonly type: string
  readonly body: string
}

/** The folder of all examples, seen from where this file is built to. */
const root = new URL("../../", import.meta.url)

/** What a browser gets of one example: its page, with everything that it imports as one script. */
export async function pageOf(name: string): Promise<ReadonlyMap<string, File>> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`${name}/page.ts`, root))],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  })
  return new Map([
    ["", { type: "text/html; charset=utf-8", body: await read(`${name}/index.html`) }],
    ["page.js", { type: "text/javascript; charset=utf-8", body: outputFiles[0]?.text ?? "" }],
  ])
}

/** What the pages of all examples share. */
export async function sharedFiles(): Promise<ReadonlyMap<string, File>> {
  return new Map([
    ["style.css", { type: "text/css; charset=utf-8", body: await read("stage/style.css") }],
    ["icon.svg", { type: "image/svg+xml", body: await read("stage/icon.svg") }],
  ])
}

/** The page that leads to them all. */
export async function indexPage(): Promise<File> {
  return { type: "text/html; charset=utf-8", body: await read("index.html") }
}

function read(path: string): Promise<string> {
  return readFile(new URL(path, root), "utf8")
}
