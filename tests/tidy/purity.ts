import ts from "typescript-api"
import type { Text } from "../support/repository.js"
import { nodesOf, parse, placeOf } from "./syntax.js"

/**
 * All that pure code may take from its surroundings. What is not named here needs a reason to be:
 * clocks, chance, timers, the console, the DOM and Node stay outside, and come in as arguments.
 */
const allowed = new Set(
  `undefined NaN Infinity
   Array ArrayBuffer BigInt Boolean DataView Error JSON Map Math Number Object Proxy RangeError Reflect RegExp Set String
   Symbol SyntaxError TypeError Uint8Array WeakMap WeakSet
   isFinite isNaN parseFloat parseInt
   ArrayLike Awaited Exclude Extract Iterable IterableIterator Iterator Generator NonNullable Omit
   Parameters Partial Pick PropertyKey Readonly ReadonlyArray ReadonlyMap ReadonlySet Record Required
   ReturnType`.split(/\s+/),
)

/** What code that must be pure takes from its surroundings nevertheless. */
export function impurities(files: readonly Text[]): readonly string[] {
  return files.flatMap((file) => {
    const own = ownNamesOf(file)
    return [...nodesOf(parse(file))].flatMap((node) => {
      const place = placeOf(file, node.getStart())
      if (isRandom(node)) return [`${place} uses Math.random`]
      if (isDateAsValue(node)) return []
      if (node.kind === ts.SyntaxKind.AwaitExpression) return [`${place} awaits`]
      if (!ts.isIdentifier(node) || !isReference(node)) return []
      return own.has(node.text) || allowed.has(node.text) ? [] : [`${place} uses ${node.text}`]
    })
  })
}

/** Names that a file declares or imports, wherever in it. */
function ownNamesOf(file: Text): ReadonlySet<string> {
  const names = new Set<string>()
  for (const node of nodesOf(parse(file))) {
    if (!("name" in node) || ts.isPropertyAccessExpression(node)) continue
    const name = node.name
    if (isNode(name) && ts.isIdentifier(name) && !isMember(node)) names.add(name.text)
  }
  return names
}

function isNode(value: unknown): value is ts.Node {
  return typeof value === "object" && value !== null && "kind" in value
}

/** A member has a name in its object, not in its file. */
function isMember(node: ts.Node): boolean {
  return (
    ts.isTypeElement(node) ||
    ts.isClassElement(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isEnumMember(node)
  )
}

/** The name is looked up, and not just written: no member's, no label's, no declaration's. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isBindingElement(parent)) return parent.initializer === node
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  if ("name" in parent && parent.name === node) return false
  if (ts.isTypeReferenceNode(parent) && ts.isConstTypeReference(parent)) return false
  return !(
    ts.isTypePredicateNode(parent) ||
    ts.isLabeledStatement(parent) ||
    ts.isBreakOrContinueStatement(parent)
  )
}

function isRandom(node: ts.Node): boolean {
  const reads = (of: ts.Node, name: string) => ts.isIdentifier(of) && of.text === name
  if (ts.isPropertyAccessExpression(node)) {
    return reads(node.expression, "Math") && node.name.text === "random"
  }
  // Taken apart or handed on whole, nobody sees what becomes of it.
  return ts.isIdentifier(node) && node.text === "Math" && !isNamed(node)
}

function isNamed(node: ts.Identifier): boolean {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node
}

/** A Date is a value that travels, so it is known and made of a number; only *now* is not ours. */
function isDateAsValue(node: ts.Node): boolean {
  if (!ts.isIdentifier(node) || node.text !== "Date") return false
  const { parent } = node
  if (ts.isTypeReferenceNode(parent)) return true
  if (ts.isNewExpression(parent)) return (parent.arguments?.length ?? 0) > 0
  return (
    ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword
  )
}
