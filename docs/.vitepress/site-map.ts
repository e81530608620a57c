/*
 * The pages of the site are those of the repository, at shorter addresses. What is not listed here is
 * no page: a link to it is shown as its text.
 */
const moves: readonly (readonly [RegExp, string])[] = [
  [/^README\.md$/, "index.md"],
  [/^(?:CONTRIBUTING)\.md$/, "contributing.md"],
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
