import { readFileSync } from "node:fs"
import { connectionMoves } from "../../client/src/connection-state.js"
import * as closeCodes from "../src/close-code.js"
import { recoveryOf } from "../src/close-code.js"
import * as durations from "../src/durations.js"
import { errorCodes, type Moves } from "../src/index.js"
import * as frameKinds from "../src/kind.js"
import * as limits from "../src/limits.js"
import { channelMoves } from "../src/session/channel.js"

/** The parts of docs/protocol.md that say what the source says, as the source would print them. */
export const printers: Readonly<Record<string, () => string>> = {
  kinds: () =>
    table(
      ["kind", "frame", "numbered"],
      Object.entries(frameKinds)
        .filter(([name]) => !name.startsWith("FIRST_"))
        .map(([name, kind]) => [
          String(kind),
          `[${name}](#${name.toLowerCase()})`,
          kind >= frameKinds.FIRST_SEQUENCED ? "yes" : "no",
        ]),
    ),
  limits: () => constants("limits", limits),
  durations: () => constants("durations", durations),
  "close codes": () => {
    const comments = commentsOf("close-code")
    const codes = Object.entries(closeCodes).filter(([, code]) => typeof code === "number")
    return table(
      ["code", "name", "sent when", "afterwards the client will"],
      codes.map(([name, code]) => {
        const recovery = recoveryOf(Number(code))
        return [String(code), `\`${name}\``, comments.get(name) ?? "", `*${recovery}*`]
      }),
    )
  },
  "error codes": () =>
    table(
      ["code", "meaning"],
      Object.entries(errorCodes).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
  "channel states": () => diagram(channelMoves, "queued", "closed"),
  "connection states": () => diagram(connectionMoves, "connecting", "closed"),
}

/** The document with every printed part renewed. */
export function renew(document: string): string {
  return document.replaceAll(
    /(<!-- printed: (.+?) -->\n)[\s\S]*?(<!-- \/printed -->)/g,
    (_, begin: string, name: string, end: string) => {
      const print = printers[name]
      if (!print) throw new Error(`nobody prints "${name}"`)
      return `${begin}\n${print()}\n\n${end}`
    },
  )
}

/** Constants of a module by name, those of an object by their own names, with their doc comments. */
function constants(module: string, values: Readonly<Record<string, unknown>>): string {
  const comments = commentsOf(module)
  const rows = Object.entries(values).flatMap(([name, value]) => {
    const comment = comments.get(name) ?? ""
    if (typeof value === "number") return [[`\`${name}\``, grouped(value), comment]]
    return Object.entries(Object(value)).map(([key, inner]) => {
      const own = name === "defaultLimits" ? (limitComments.get(key) ?? "") : comment
      return [`\`${name}.${key}\``, grouped(Number(inner)), own]
    })
  })
  return table(["name", "value", "what it bounds"], rows)
}

/** What is stated in HELLO and WELCOME is documented where it is declared. */
const limitComments = documented("frame", /\n {2}readonly (\w+): number/)

function commentsOf(module: string): Map<string, string> {
  return documented(module, /\nexport const (\w+)/)
}

/** What stands above each declaration, without its tags. */
function documented(module: string, declaration: RegExp): Map<string, string> {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])+)\*\//
  const both = new RegExp(comment.source + declaration.source, "g")
  return new Map(
    [...source(module).matchAll(both)].map(([, text = "", name = ""]) => [
      name,
      text
        .replaceAll(/\n\s*\*/g, "")
        .replace(/@default.*/, "")
        .trim(),
    ]),
  )
}

function source(module: string): string {
  return readFileSync(new URL(`../src/${module}.ts`, import.meta.url), "utf8")
}

function diagram<State extends string, Event extends string>(
  moves: Moves<State, Event>,
  begin: State,
  end: State,
): string {
  const lines = Object.entries<object>(moves).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => `  ${from} --> ${to}: ${event}`),
  )
  return [
    "```mermaid",
    "stateDiagram-v2",
    `  [*] --> ${begin}`,
    ...lines,
    `  ${end} --> [*]`,
    "```",
  ].join("\n")
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")
}

function grouped(value: number): string {
  return value.toLocaleString("en")
}
