import { posix } from "node:path"
import ts from "typescript-api"
import type { Text } from "../support/repository.js"
import { nodesOf, parse, placeOf } from "./syntax.js"

/** A room of the house, and what its files may import. */
export interface Room {
  readonly name: string
  readonly rooms: readonly string[]
  readonly outside: readonly string[]
}

/** Reads the table "Who may import whom": its rows are `| room | rooms | from outside |`. */
export function roomsOf(architecture: string): readonly Room[] {
  const section = architecture.split("## Who may import whom")[1]?.split("\n## ")[0] ?? ""
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const [, name = "", rooms = "", outside = ""] = line.split("|")
      return { name: wordsOf(name)[0] ?? "", rooms: wordsOf(rooms), outside: wordsOf(outside) }
    })
}

function wordsOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word)
}

/** The arrows of the table that point to a room further down: there is none in a house that stands. */
export function climbingArrows(rooms: readonly Room[]): readonly string[] {
  return rooms.flatMap((room, row) =>
    room.rooms
      .filter((name) => rooms.findIndex((other) => other.name === name) >= row)
      .map((name) => `${room.name} may import ${name}, which is not beneath it`),
  )
}

/** Imports that the table does not allow. */
export function forbiddenImports(
  files: readonly Text[],
  rooms: readonly Room[],
): readonly string[] {
  return files.flatMap((file) => {
    const home = roomOf(file.path, rooms)
    if (!home) return [`${file.path} is in no room of the table`]
    return importsOf(file).flatMap(({ specifier, place }) => {
      const target = targetOf(file.path, specifier)
      if (target === undefined) {
        return mayImport(home, specifier) ? [] : [`${place} imports ${specifier}`]
      }
      if (specifier.startsWith(".") && packageOf(target) !== packageOf(file.path)) {
        return [`${place} reaches into ${packageOf(target)} by its path`]
      }
      const room = roomOf(target, rooms)
      if (room && (room === home || home.rooms.includes(room.name))) return []
      return [`${place} imports ${room?.name ?? specifier}`]
    })
  })
}

function mayImport({ outside }: Room, specifier: string): boolean {
  return outside.includes(specifier) || outside.includes(specifier.replace(/:.*/, ":*"))
}

/** Files that import each other in a circle, types included: a group that can only be read at once. */
export function importCycles(files: readonly Text[]): readonly string[] {
  const paths = new Set(files.map((file) => file.path))
  const targets = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .map(({ specifier }) => targetOf(file.path, specifier))
        .filter((target) => target !== undefined && paths.has(target)),
    ]),
  )
  const finished = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    const again = trail.indexOf(path)
    if (again >= 0) cycles.push([...trail.slice(again), path].join(" → "))
    if (again >= 0 || finished.has(path)) return
    for (const target of targets.get(path) ?? []) if (target) visit(target, [...trail, path])
    finished.add(path)
  }
  for (const path of paths) visit(path, [])
  return cycles
}

function importsOf(file: Text): { specifier: string; place: string }[] {
  const imports: { specifier: string; place: string }[] = []
  for (const node of nodesOf(parse(file))) {
    const specifier = specifierOf(node)
    if (!specifier) continue
    imports.push({ specifier: specifier.text, place: placeOf(file, node.getStart()) })
  }
  return imports
}

/** `import … from`, `export … from`, `import()` and `import("…")` as a type. */
function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const literal = (part: ts.Node | undefined) =>
    part && ts.isStringLiteralLike(part) ? part : undefined
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return literal(node.moduleSpecifier)
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return literal(node.arguments[0])
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return literal(node.argument.literal)
  }
  return undefined
}

/** The file of ours that a specifier means; `undefined` for what comes from outside. */
function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts")
  }
  const [, name, subpath] = /^@trunkline\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? []
  if (name === undefined) return undefined
  if (subpath === undefined) return `packages/${name}/src/index.ts`
  return `packages/${name}/src/${name === "server" ? "adapters/" : ""}${subpath}.ts`
}

function packageOf(path: string): string {
  return path.split("/").slice(0, 2).join("/")
}

/** The smallest room that a file is in: an adapter is a room within the server. */
function roomOf(path: string, rooms: readonly Room[]): Room | undefined {
  const [, place = ""] = /^packages\/(.*)\.ts$/.exec(path.replace("/src/", "/")) ?? []
  return rooms
    .filter(({ name }) => place === name || place.startsWith(`${name}/`))
    .sort((a, b) => b.name.length - a.name.length)[0]
}
