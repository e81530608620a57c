import ts from "typescript-api"
import type { Text } from "../support/repository.js"
import { nodesOf, parse, placeOf } from "./syntax.js"

/** Where the compiler is told instead of asked: `any`, `as`, `!` and `@ts-…`. */
export function escapeHatches(files: readonly Text[]): readonly string[] {
  return files.flatMap((file) => [
    ...[...nodesOf(parse(file))].flatMap((node) => {
      const hatch = hatchOf(node)
      return hatch === undefined ? [] : [`${placeOf(file, node.getStart())} has ${hatch}`]
    }),
    ...[...file.text.matchAll(/@ts-\w+/g)].map(
      (match) => `${placeOf(file, match.index)} has ${match[0]}`,
    ),
  ])
}

function hatchOf(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "any"
  if (ts.isNonNullExpression(node)) return "!"
  if (ts.isPropertyDeclaration(node) && node.exclamationToken) return "!"
  if (ts.isVariableDeclaration(node) && node.exclamationToken) return "!"
  if (ts.isTypeAssertionExpression(node)) return "a cast"
  if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) return "as"
  return undefined
}
