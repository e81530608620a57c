import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** How large a contract to write, and what to do with it. */
export interface LargeContract {
  readonly procedures: number
  /** Calls that a page makes. */
  readonly uses: number
  /** Whether a service implements every procedure. */
  readonly implemented: boolean
}

/** Procedures of one group, a file each: what the guide tells to do with more than a screen of them. */
const groupSize = 20

/** A project that declares, uses and implements so many procedures, a fifth of them streams. */
export function largeContract(large: LargeContract): Record<string, string> {
  const groups = Array.from({ length: Math.ceil(large.procedures / groupSize) }, (_, n) => n)
  const files: Record<string, string> = { "contract.ts": root(groups) }
  for (const group of groups) files[`group${group}.ts`] = groupOf(group, large.procedures)
  if (large.uses > 0) files["page.ts"] = page(large)
  if (large.implemented) files["service.ts"] = service(groups, large.procedures)
  return files
}

/** Puts a project where a compiler finds it. */
export function writeProject(folder: string, files: Readonly<Record<string, string>>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config(Object.keys(files))))
}

function config(files: readonly string[]): object {
  return {
    compilerOptions: {
      target: "es2022",
      lib: ["es2022", "dom"],
      module: "nodenext",
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
    },
    files,
  }
}

function root(groups: readonly number[]): string {
  return `import { contract } from "@trunkline/contract"
${groups.map((group) => `import * as group${group} from "./group${group}.js"`).join("\n")}
export const api = contract({ ${groups.map((group) => `group${group}`).join(", ")} })
`
}

const isStream = (procedure: number): boolean => procedure % 5 === 4

function numbersOf(group: number, procedures: number): number[] {
  const first = group * groupSize
  const length = Math.min(groupSize, procedures - first)
  return Array.from({ length }, (_, index) => first + index)
}

function groupOf(group: number, procedures: number): string {
  return `import { call, subscription } from "@trunkline/contract"
import * as z from "zod"
${numbersOf(group, procedures).map(declaration).join("\n")}
`
}

function declaration(n: number): string {
  const input = `z.object({ id${n}: z.string(), count: z.number(), tag: z.string().optional() })`
  const output = `z.object({ id: z.string(), total${n}: z.number(), done: z.boolean() })`
  const errors = n % 3 === 0 ? `, errors: { UNKNOWN_${n}: z.object({ id: z.string() }) }` : ""
  return isStream(n)
    ? `export const p${n} = subscription({ input: ${input}, item: ${output}${errors} })`
    : `export const p${n} = call({ input: ${input}, output: ${output}${errors} })`
}

function page({ procedures, uses }: LargeContract): string {
  const step = Math.floor(procedures / uses)
  const numbers = Array.from({ length: uses }, (_, index) => index * step)
  return `import { type Connection, createClient } from "@trunkline/client"
import { api } from "./contract.js"
declare const connection: Connection
export const client = createClient(api, connection)
${numbers.map((n) => `export const use${n} = ${useOf(n)}`).join("\n")}
`
}

function useOf(n: number): string {
  const call = `client.group${Math.floor(n / groupSize)}.p${n}({ id${n}: "a", count: 1 })`
  return isStream(n) ? `${call}.events()` : `async () => (await ${call}).total${n} + 1`
}

function service(groups: readonly number[], procedures: number): string {
  const handlers = groups.map((group) => {
    const members = numbersOf(group, procedures).map(handler).join("\n")
    return `  group${group}: {\n${members}\n  },`
  })
  return `import { implement } from "@trunkline/server"
import { api } from "./contract.js"
export const router = implement(api, {
${handlers.join("\n")}
})
`
}

function handler(n: number): string {
  const result = `{ id: input.id${n}, total${n}: input.count, done: true }`
  return isStream(n)
    ? `    p${n}: async function* ({ input }) { yield ${result} },`
    : `    p${n}: async ({ input }) => (${result}),`
}
