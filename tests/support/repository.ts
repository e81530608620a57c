import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const root: string = fileURLToPath(new URL("../..", import.meta.url))

/** A file of the repository. Rules read its text and nothing else, so that a test can plant one. */
export interface Text {
  /** From the root, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** What is, or is about to be, in git: not what was built or installed. */
export function trackedPaths(): readonly string[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  )
  return listed.split("\0").filter((path) => path !== "" && existsSync(root + path))
}

export function read(path: string): Text {
  return { path, text: readFileSync(root + path, "utf8") }
}

/** What the packages are made of: no tests. */
export function isSource(path: string): boolean {
  return /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !/\.test(-d)?\.ts$/.test(path)
}
