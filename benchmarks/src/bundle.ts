import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import type { ContenderName } from "./contenders/index.js"

/** What a page loads of a contender's client, in bytes, with the few lines that this benchmark adds. */
export interface BundleSize {
  readonly minified: number
  readonly gzipped: number
}

export async function bundleSize(name: ContenderName): Promise<BundleSize> {
  const directory = name.replace(".", "-")
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./contenders/${directory}/client.js`, import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    write: false,
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length }
}

/** As installed, whatever the package exports. */
export function versionOf(packageName: string): string {
  const require = createRequire(import.meta.url)
  for (const folder of require.resolve.paths(packageName) ?? []) {
    const manifest = readManifest(join(folder, packageName, "package.json"))
    if (manifest) return manifest
  }
  throw new Error(`${packageName} is not installed beside ${dirname(import.meta.url)}`)
}

function readManifest(file: string): string | undefined {
  try {
    const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"))
    return version
  } catch {
    return undefined
  }
}
