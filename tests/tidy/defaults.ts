import ts from "typescript-api"
import type { Text } from "../support/repository.js"
import { optionsOf } from "./options.js"
import { placeOf } from "./syntax.js"

/** What a hover says of an option that is left out: `interface.member`, and the tag's text. */
export function defaultTags(files: readonly Text[]): ReadonlyMap<string, string> {
  const tags = new Map<string, string>()
  for (const file of files) {
    for (const declaration of optionsOf(file)) {
      for (const member of declaration.members) {
        const tag = tagOf(member)
        if (tag !== undefined) tags.set(`${declaration.name.text}.${member.name?.getText()}`, tag)
      }
    }
  }
  return tags
}

/** Numbers, texts and switches that may be left out, and do not say what holds then. */
export function silentOptions(files: readonly Text[]): readonly string[] {
  return files.flatMap((file) =>
    optionsOf(file).flatMap((declaration) =>
      declaration.members
        .filter((member) => isPlainOption(member) && tagOf(member) === undefined)
        .map((member) => `${placeOf(file, member.getStart())} says no @default`),
    ),
  )
}

/**
 * The value that a tag begins with, if it is one: `30_000`, `true`, `"every"`. Others tell in words
 * what happens.
 */
export function literalOf(tag: string): number | boolean | string | undefined {
  const [, number, truth, text] = /^(?:([\d_]+(?!\w))|(true|false)\b|"([^"]*)")/.exec(tag) ?? []
  if (number !== undefined) return Number(number.replaceAll("_", ""))
  if (truth !== undefined) return truth === "true"
  return text
}

function tagOf(member: ts.TypeElement): string | undefined {
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === "default")
  return tag && ts.getTextOfJSDocComment(tag.comment)
}

function isPlainOption(member: ts.TypeElement): boolean {
  if (!ts.isPropertySignature(member) || !member.questionToken || !member.type) return false
  const types = ts.isUnionTypeNode(member.type) ? member.type.types : [member.type]
  return types.some(
    ({ kind }) =>
      kind === ts.SyntaxKind.NumberKeyword ||
      kind === ts.SyntaxKind.StringKeyword ||
      kind === ts.SyntaxKind.BooleanKeyword,
  )
}
