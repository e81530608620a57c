import { existsSync, statSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/*
 * The pages of the site are those of the repository, at shorter addresses. What is not listed here is
 * no page: a link to it is shown as its text.
 */
const moves: readonly (readonly [RegExp, string])[] = [
  [/^README\.md$/, "index.md"],
  [/^CONTRIBUTING\.md$/, "contributing.md"],
  [/^docs\/README\.md$/, "contents.md"],
  [/^docs\/((?:[\w-]+\/)*)README\.md$/, "$1index.md"],
  [/^docs\/((?:[\w-]+\/)*[\w-]+\.md)$/, "$1"],
  [/^packages\/([\w-]+)\/README\.md$/, "packages/$1.md"],
  [/^(examples\/)README\.md$/, "$1index.md"],
]

/** Where a file of the repository stands in the site, if it does. */
export function pageOf(path: string): string | undefined {
  const move = moves.find(([pattern]) => pattern.test(path))
  return move && path.replace(move[0], move[1])
}

/** Where a link of a file leads in the site; undefined for what is in the repository alone. */
export function linkOf(from: string, href: string): string | undefined {
  const [file = "", anchor] = href.split("#")
  const path = posix.join(posix.dirname(from), decodeURI(file))
  const page = pageOf(isFolder(path) ? posix.join(path, "README.md") : path)
  if (page === undefined && existsSync(root + path)) return undefined
  // What is not there at all is left for the build to complain of.
  return `/${page ?? path}${anchor === undefined ? "" : `#${anchor}`}`
}

/** From the root of the repository, with forward slashes. */
export function pathInRepository(file: string): string {
  return posix.relative(root.replaceAll("\\", "/"), file.replaceAll("\\", "/"))
}

function isFolder(path: string): boolean {
  return existsSync(root + path) && statSync(root + path).isDirectory()
}
