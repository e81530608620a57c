import { readFileSync } from "node:fs"
import type { LoadHook } from "node:module"
import { fileURLToPath } from "node:url"
import { type Edit, plant } from "./mutant.js"

let edits: readonly Edit[] = []

/** Told by the thread that registers these hooks. */
export function initialize(planted: readonly Edit[]): void {
  edits = planted
}

/** Hands the built modules of this workspace to Node with the mutant's edits in them. */
export const load: LoadHook = (url, context, nextLoad) => {
  const here = edits.filter(({ module }) => url.endsWith(modulePath(module)))
  if (here.length === 0) return nextLoad(url, context)
  const source = plant(readFileSync(fileURLToPath(url), "utf8"), here)
  return { format: "module", shortCircuit: true, source }
}

function modulePath(module: string): string {
  const [room, ...path] = module.split("/")
  return `/${room}/dist/${path.join("/")}.js`
}
