import { describe, expect, it } from "vitest"
import { isSource, read, type Text, trackedPaths } from "./support/repository.js"
import { escapeHatches } from "./tidy/escape-hatches.js"
import { climbingArrows, forbiddenImports, importCycles, roomsOf } from "./tidy/imports.js"
import { machineTraces } from "./tidy/machine.js"
import { wideOptions } from "./tidy/options.js"
import { impurities } from "./tidy/purity.js"

const paths = trackedPaths()
const sources = paths.filter(isSource).map(read)
const rooms = roomsOf(read("docs/architecture.md").text)

it("finds the sources", () => {
  expect(sources.length).toBeGreaterThan(100)
})

describe("imports", () => {
  it("names every package in the table of the architecture", () => {
    const packages = new Set(sources.map(({ path }) => path.split("/")[1]))
    const named = new Set(rooms.map(({ name }) => name.split("/")[0]))
    expect(named).toEqual(packages)
  })

  it("point down only", () => {
    expect(climbingArrows(rooms)).toEqual([])
  })

  it("follow the arrows of the table", () => {
    expect(forbiddenImports(sources, rooms)).toEqual([])
  })

  it("make no circle", () => {
    expect(importCycles(sources)).toEqual([])
  })

  it.each([
    ["an arrow up", "contract/src/a.ts", 'import { connect } from "@trunkline/client"', "client"],
    ["an arrow up, of a type", "protocol/src/a.ts", 'import type { X } from "@trunkline/contract"'],
    ["an arrow across", "client/src/a.ts", 'import { serve } from "@trunkline/server"', "server"],
    ["an arrow that hands on", "transport/src/a.ts", 'export * from "@trunkline/endpoint"'],
    ["an import at run time", "endpoint/src/a.ts", 'await import("@trunkline/client")', "client"],
    ["an import as a type", "transport/src/a.ts", 'type T = import("@trunkline/contract").Call'],
    ["zod in a contract", "contract/src/a.ts", 'import * as z from "zod"', "zod"],
    ["ws outside of the adapter", "server/src/a.ts", 'import { WebSocket } from "ws"', "ws"],
    ["Node in the client", "client/src/a.ts", 'import { hostname } from "node:os"', "node:os"],
    ["more of Node than needed", "server/src/adapters/node.ts", 'import "node:fs"', "node:fs"],
    ["the server on its adapter", "server/src/a.ts", 'import { x } from "./adapters/node.js"'],
    ["another adapter", "server/src/adapters/bun.ts", 'import { x } from "./node.js"'],
    ["a way around the name", "client/src/a.ts", 'import "../../endpoint/src/client.js"', "path"],
    ["a room that is not in the table", "attic/src/a.ts", "export {}", "no room"],
  ])("finds %s", (_, path, text, complaint = "imports") => {
    const found = forbiddenImports([{ path: `packages/${path}`, text }], rooms)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(complaint)
  })

  it("finds an arrow of the table that points up", () => {
    const row = (name: string, rooms: string) => `| \`${name}\` | \`${rooms}\` | nothing |\n`
    const table = `## Who may import whom\n${row("cellar", "roof")}${row("roof", "cellar")}`
    expect(climbingArrows(roomsOf(table))).toEqual([
      "cellar may import roof, which is not beneath it",
    ])
  })

  it("finds a circle, also one of types", () => {
    const circle = planted({
      "packages/client/src/a.ts": 'import { b } from "./b.js"',
      "packages/client/src/b.ts": 'import type { C } from "./c.js"',
      "packages/client/src/c.ts": 'export { a } from "./a.js"',
    })
    expect(importCycles(circle)).toEqual([
      "packages/client/src/a.ts → packages/client/src/b.ts → packages/client/src/c.ts → packages/client/src/a.ts",
    ])
  })
})

describe("the protocol", () => {
  it("takes nothing from its surroundings but the language", () => {
    const protocol = sources.filter(({ path }) => path.startsWith("packages/protocol/"))
    expect(protocol.length).toBeGreaterThan(40)
    expect(impurities(protocol)).toEqual([])
  })

  it("is compiled without the types of the DOM and of Node", () => {
    const base: unknown = JSON.parse(read("tsconfig.base.json").text)
    const own: unknown = JSON.parse(read("packages/protocol/tsconfig.json").text)
    expect(base).toMatchObject({ compilerOptions: { lib: ["es2022"], types: [] } })
    expect(own).toMatchObject({ extends: "../../tsconfig.base.json" })
    expect(own).not.toHaveProperty("compilerOptions.lib")
    expect(own).not.toHaveProperty("compilerOptions.types")
  })

  it.each([
    ["the wall clock", "const now = Date.now()"],
    ["a date of now", "const now = new Date()"],
    ["a date of now, as text", "const now = Date()"],
    ["the class of dates as it is", "const clock = Date"],
    ["the other clock", "const now = performance.now()"],
    ["chance", "const chance = Math.random()"],
    ["chance, taken apart", "const { random } = Math"],
    ["chance, by its name", 'const chance = Math["random"]()'],
    ["a timer", "setTimeout(() => {}, 1)"],
    ["a microtask", "queueMicrotask(() => {})"],
    ["a promise", "const later = Promise.resolve()"],
    ["waiting", "export async function f(later: unknown) { await later }"],
    ["the console", 'console.log("here")'],
    ["random bytes", "crypto.getRandomValues(new Uint8Array(8))"],
    ["text encoding", "const bytes = new TextEncoder().encode()"],
    ["the DOM", "document.title"],
    ["a type of the DOM", "let socket: WebSocket | undefined"],
    ["Node", "process.exit()"],
    ["a type of Node", "let bytes: Buffer | undefined"],
    ["everything at once", "const x = globalThis.x"],
    ["a default", "export function f(now = Date.now()) { return now }"],
    ["an initializer", "export class A { readonly born = Date.now() }"],
    ["a shorthand", "export const host = { setTimeout }"],
    ["a heritage", "export class A extends EventTarget {}"],
    ["a type's argument", "export type A = Map<string, Blob>"],
  ])("is found out when it uses %s", (_, text) => {
    expect(impurities(planted({ "packages/protocol/src/a.ts": text }))).not.toEqual([])
  })

  it("may name its own things as it likes", () => {
    const own = planted({
      "packages/protocol/src/a.ts": `
        import { type Clock, now as setTimeout } from "./clock.js"
        export interface Timer<Date> { readonly process: Date; window: Clock }
        export function crypto({ console }: { console: number }): number {
          const born = new Date(console) instanceof Date
          outer: for (const document of [console]) { if (document > setTimeout) break outer }
          return { Date: Math.min(1, console) }.Date + Number(born)
        }
        export const isLate = (Buffer: unknown): Buffer is string => typeof Buffer === "string"`,
    })
    expect(impurities(own)).toEqual([])
  })
})

describe("types", () => {
  it("are proved, and not asserted", () => {
    expect(escapeHatches(sources)).toEqual([])
  })

  it.each([
    ["any", "export function f(x: any) {}"],
    ["an array of any", "let list: readonly any[] = []"],
    ["a cast", "export const x = JSON.parse('1') as number"],
    ["a cast of old", "export const x = <number>JSON.parse('1')"],
    ["an exclamation mark", "export const x = [1][0]!"],
    ["a field that is promised", "export class A { x!: number }"],
    ["an expected error", "// @ts-expect-error because\nlet x: number = ''"],
    ["an unchecked file", "// @ts-nocheck"],
  ])("are found out by %s", (_, text) => {
    expect(escapeHatches(planted({ "packages/client/src/a.ts": text }))).toHaveLength(1)
  })

  it("may be narrowed by `as const` and renamed by `as`", () => {
    const text = 'import { a as b } from "./b.js"\nexport const c = [b] as const\nexport { c as d }'
    expect(escapeHatches(planted({ "packages/client/src/a.ts": text }))).toEqual([])
  })
})

describe("options", () => {
  const interfaceOf = (members: number) =>
    `export interface AOptions {${Array.from({ length: members }, (_, i) => `readonly a${i}?: 1`).join("\n")}}`

  it("fit in a hover", () => {
    expect(wideOptions(sources)).toEqual([])
  })

  it("are found out when they do not", () => {
    expect(wideOptions(planted({ "packages/client/src/a.ts": interfaceOf(8) }))).toEqual([])
    expect(wideOptions(planted({ "packages/client/src/a.ts": interfaceOf(9) }))).toHaveLength(1)
  })
})

describe("files", () => {
  it("say nothing of the machine that they were written on", () => {
    const texts = paths.filter((path) => !/\.(png|ico|woff2?)$|^tests\/tidy/.test(path)).map(read)
    expect(machineTraces(texts)).toEqual([])
  })

  it.each([
    ["a home", "see /home/ada/notes"],
    ["a temporary file", 'readFile("/tmp/x.log")'],
    ["a Mac's home", "file:///Users/ada/x"],
    ["a Windows home", "C:\\Users\\ada"],
    ["a registry's setting", "registry=https://example.com/npm"],
    ["a registry's address", "tarball: https://example.com/x.tgz"],
    ["a registry's host", "https://registry.example.com/x"],
  ])("are found out when they name %s", (_, text) => {
    expect(machineTraces(planted({ "docs/a.md": text }))).not.toEqual([])
  })

  it("may name paths that every machine has, and parts of paths", () => {
    const text = "/proc/stat ./tmp/x src/work/x https://example.com/home/x /rpc /usr/bin/env"
    expect(machineTraces(planted({ "docs/a.md": text }))).toEqual([])
  })
})

function planted(files: Readonly<Record<string, string>>): readonly Text[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }))
}
