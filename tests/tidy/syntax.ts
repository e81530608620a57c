import ts from "typescript-api"
import type { Text } from "../support/repository.js"

/** The syntax tree of a file. Trees are kept, as several rules read the same files. */
export function parse(file: Text): ts.SourceFile {
  const known = trees.get(file)
  if (known) return known
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
  trees.set(file, tree)
  return tree
}

const trees = new WeakMap<Text, ts.SourceFile>()

/** Every node, parents before their children; documentation comments are not visited. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  for (const child of children) yield* nodesOf(child)
}

/** `path:line`, as editors and terminals make a link of it. */
export function placeOf(file: Text, position: number): string {
  return `${file.path}:${parse(file).getLineAndCharacterOfPosition(position).line + 1}`
}
