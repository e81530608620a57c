import ts from "typescript-api"
import type { Text } from "../support/repository.js"
import { nodesOf, parse, placeOf } from "./syntax.js"

/** So many members a reader of a hover takes in; what needs more is grouped by a noun. */
const most = 8

/** Interfaces of options, by their name. */
export function optionsOf(file: Text): readonly ts.InterfaceDeclaration[] {
  return [...nodesOf(parse(file))]
    .filter(ts.isInterfaceDeclaration)
    .filter((declaration) => /(Options|Limits|Timing)$/.test(declaration.name.text))
}

/** Interfaces of options that have grown too wide. */
export function wideOptions(files: readonly Text[]): readonly string[] {
  return files.flatMap((file) =>
    optionsOf(file)
      .filter((declaration) => declaration.members.length > most)
      .map(
        (declaration) =>
          `${placeOf(file, declaration.getStart())} ${declaration.name.text} has ${declaration.members.length} members`,
      ),
  )
}
