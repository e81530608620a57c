import { describe, expect, test } from "vitest"
import { declare, Editor } from "./editor.js"

/* What an editor shows of a client, and where it jumps: to the contract's line, and nowhere else. */

const hosts = `
import { call, subscription } from "@trunkline/contract"
import * as z from "zod"
const Host = z.object({ id: z.string(), name: z.string() })
/**
 * Gives a host another name.
 * @see list
 */
export const rename = call({
  input: Host,
  output: Host,
  errors: { HOST_UNKNOWN: z.object({ id: z.string() }) },
})
/** Watches one host. */
export const watch = subscription({ input: z.object({ id: z.string() }), item: Host })
`

const contract = `
import { call, contract } from "@trunkline/contract"
import * as z from "zod"
import * as hosts from "./hosts.js"
export const monitor = contract({
  hosts,
  inner: {
    /** Says what time it is. */
    time: call({ input: z.string().optional(), output: z.date() }),
  },
})
`

/** A client's use of something, with the mark before its name. */
const use = (expression: string, where = "./src/monitor.js") => `
import { createClient, type Connection } from "@trunkline/client"
import { monitor } from "${where}"
declare const connection: Connection
export const client = createClient(monitor, connection)
export const used = ${expression}
`

const sources = { "src/hosts.ts": hosts, "src/monitor.ts": contract }
/** Pages that each point at one name of a client. */
const pages = {
  "call.ts": use('client.hosts./*here*/rename({ id: "a", name: "b" })'),
  "deep.ts": use("client.inner./*here*/time()"),
  "stream.ts": use('client.hosts./*here*/watch({ id: "a" })'),
  "group.ts": use("client./*here*/inner"),
  "namespace.ts": use("client./*here*/hosts"),
  "service.ts": `
import { implement } from "@trunkline/server"
import { monitor } from "./src/monitor.js"
export const router = implement(monitor, {
  hosts: { rename: ({ /*here*/input }) => input, watch: async function* () {} },
  inner: { time: () => new Date() },
})
`,
}

describe("from the contract's source", () => {
  const editor = new Editor({ ...sources, ...pages })

  test("the pages have no errors", () => {
    expect(Object.keys(pages).flatMap((page) => editor.errors(page))).toEqual([])
  })

  test("a procedure of a namespace has one definition, its line, and its doc comment", () => {
    expect(editor.definitions("call.ts")).toEqual([
      { file: "src/hosts.ts", line: "export const rename = call({" },
    ])
    expect(editor.hover("call.ts").doc).toBe("Gives a host another name.")
  })

  test("so has one of an object", () => {
    expect(editor.definitions("deep.ts")).toEqual([
      {
        file: "src/monitor.ts",
        line: "time: call({ input: z.string().optional(), output: z.date() }),",
      },
    ])
    expect(editor.hover("deep.ts").doc).toBe("Says what time it is.")
  })

  test("so has a subscription", () => {
    expect(editor.definitions("stream.ts")).toMatchObject([{ file: "src/hosts.ts" }])
    expect(editor.hover("stream.ts").doc).toBe("Watches one host.")
  })

  test("a group is where it is named", () => {
    expect(editor.definitions("group.ts")).toEqual([{ file: "src/monitor.ts", line: "inner: {" }])
    expect(editor.definitions("namespace.ts")).toHaveLength(1)
  })

  test("a hover shows values and no schemas, and is short", () => {
    expect(editor.hover("call.ts").type).toBe(
      "(property) rename: CallProcedure (input: { id: string; name: string; }, " +
        "options?: CallOptions | undefined) => Pending<{ id: string; name: string; }, " +
        "{ HOST_UNKNOWN: { id: string; }; }>",
    )
    expect(editor.hover("deep.ts").type).toBe(
      "(property) time: CallProcedure (input?: string | undefined, " +
        "options?: CallOptions | undefined) => Pending<Date, {}>",
    )
    expect(editor.hover("stream.ts").type).toBe(
      "(property) watch: SubscriptionProcedure (input: { id: string; }, " +
        "options?: StreamOptions | undefined) => Stream<{ id: string; name: string; }, {}>",
    )
  })

  test("a handler's input shows as what the schema makes", () => {
    expect(editor.hover("service.ts").type).toBe("(parameter) input: { id: string; name: string; }")
  })
})

describe("from declarations, ours and the contract's", () => {
  const emitted = declare(sources)
  const page = (text: string) => text.replace("./src/monitor.js", "./dist/monitor.js")
  const editor = new Editor(
    {
      ...sources,
      ...emitted,
      "call.ts": page(pages["call.ts"]),
      "deep.ts": page(pages["deep.ts"]),
    },
    { source: false },
  )

  test("the declarations name their groups and do not repeat them", () => {
    expect(Object.keys(emitted).sort()).toEqual([
      "dist/hosts.d.ts",
      "dist/hosts.d.ts.map",
      "dist/monitor.d.ts",
      "dist/monitor.d.ts.map",
    ])
    expect(emitted["dist/monitor.d.ts"]).toContain("hosts: typeof hosts")
  })

  test("a procedure of a namespace has one definition, its line, through the map", () => {
    expect(editor.errors("call.ts")).toEqual([])
    expect(editor.definitions("call.ts")).toEqual([
      { file: "src/hosts.ts", line: "export const rename = call({" },
    ])
    expect(editor.hover("call.ts").doc).toBe("Gives a host another name.")
  })

  // The compiler writes no places for what stands inside an inferred object type.
  test("one of an object has one definition, its file, and its doc comment", () => {
    expect(editor.definitions("deep.ts")).toMatchObject([{ file: "src/monitor.ts" }])
    expect(editor.hover("deep.ts").doc).toBe("Says what time it is.")
  })
})

describe("what an editor says of a mistake", () => {
  const handlers = `{ rename: () => ({ id: "a", name: "b" }), watch: async function* () {} }`
  const time = "time: () => new Date()"
  const mistakes: readonly [what: string, code: string, ...lines: readonly RegExp[]][] = [
    [
      "a handler that is missing",
      `implement(monitor, { hosts: ${handlers} })`,
      /^Argument of type '\{ hosts: .* is not assignable to parameter of type 'Handlers</,
      /Property 'inner' is missing in type '\{ hosts: .*' but required in type 'Handlers</,
    ],
    [
      "a handler misspelt",
      `implement(monitor, { hosts: ${handlers}, inner: { tme: () => new Date() } })`,
      /^Object literal may only specify known properties, but 'tme' does not exist in type 'Handlers<.*Did you mean to write 'time'\?$/,
    ],
    [
      "a handler that returns something else",
      `implement(monitor, { hosts: { ...${handlers}, rename: () => ({ id: "a" }) }, inner: { ${time} } })`,
      /^Type '\{ id: string; \}' is not assignable to type 'Awaitable<\{ id: string; name: string; \}>'\.$/,
      /Property 'name' is missing in type '\{ id: string; \}'/,
    ],
    [
      "a wrong input",
      'client.hosts.rename({ id: "a" })',
      /^Argument of type '\{ id: string; \}' is not assignable to parameter of type '\{ id: string; name: string; \}'\.$/,
      /^ {2}Property 'name' is missing/,
    ],
    ["no input", "client.hosts.rename()", /^Expected 1-2 arguments, but got 0\.$/],
    [
      "a procedure misspelt",
      'client.hosts.renam({ id: "a", name: "b" })',
      /^Property 'renam' does not exist on type 'Client<.*\. Did you mean 'rename'\?$/,
    ],
    [
      "a contract and a connection in the wrong order",
      "createClient(connection, monitor)",
      /^No overload matches this call\.$/,
      /Property '"Name the contract: createClient\(monitor, connection\), or .*' is missing/,
    ],
    [
      "a client of no contract",
      "createClient(connection)",
      /^Argument of type 'Connection' is not assignable to parameter of type 'ContractNeeded'\.$/,
      /Property '"Name the contract: createClient\(monitor, connection\), or .*' is missing/,
    ],
    [
      "an outline that is missing",
      "createClient<typeof monitor>(connection)",
      /^Argument of type 'Connection' is not assignable to parameter of type 'OutlineNeeded'\.$/,
      /Property '"This contract has streams: pass an outline such as \{ samples: 'subscription' \}"' is missing/,
    ],
    [
      "an outline that is not complete",
      "createClient<typeof monitor>(connection, { hosts: {} })",
      /^No overload matches this call\.$/,
      /Property 'watch' is missing in type '\{\}' but required in type 'Outline</,
    ],
    [
      "a reserved error",
      "call({ errors: { TIMEOUT: null } })",
      /^Type 'null' is not assignable to type 'ThisCodeIsReserved \| undefined'\.$/,
    ],
    [
      "a shape that is no schema",
      "call({ input: { id: z.string() } })",
      /^Object literal may only specify known properties, and 'id' does not exist in type 'AnySchema'\.$/,
    ],
    [
      "an event that is awaited for its result",
      "createClient({ typing }, connection).typing().then(() => {})",
      /^Property 'then' does not exist on type 'void'\.$/,
    ],
    [
      "an error that the contract does not declare, thrown",
      `implement(monitor, { hosts: { ...${handlers}, rename: ({ errors }) => { throw errors.HOST_GONE() } }, inner: { ${time} } })`,
      /^Property 'HOST_GONE' does not exist on type 'ErrorMakers</,
    ],
    [
      "an error that the contract does not declare, caught",
      'safe(client.hosts.rename({ id: "a", name: "b" })).then((result) => !result.ok && result.error.code === "HOST_GONE")',
      /^This comparison appears to be unintentional because the types '.*"HOST_UNKNOWN".*' and '"HOST_GONE"' have no overlap\.$/,
    ],
    [
      "the data of an error without its code asked for",
      'safe(client.hosts.rename({ id: "a", name: "b" })).then((result) => !result.ok && result.error.data?.id)',
      /^Property 'id' does not exist on type '\{ readonly issues: .*; \} \| \{ id: string; \}'\.$/,
    ],
    [
      "a call that is not awaited",
      'client.hosts.rename({ id: "a", name: "b" }).name',
      /^Property 'name' does not exist on type 'Pending<\{ id: string; name: string; \}, /,
    ],
    [
      "a subscription taken for a call",
      'client.hosts.watch({ id: "a" }).then((host: unknown) => host)',
      /^Property 'then' does not exist on type 'Stream<\{ id: string; name: string; \}/,
    ],
    [
      "a subscription awaited for its item",
      'Promise.resolve(client.hosts.watch({ id: "a" })).then((host) => host.name)',
      /^Property 'name' does not exist on type 'Stream<\{ id: string; name: string; \}/,
    ],
    [
      "a call taken for a subscription",
      'export async function read() { for await (const host of client.hosts.rename({ id: "a", name: "b" })) console.log(host) }',
      /^Type 'Pending<.*' must have a '\[Symbol\.asyncIterator\]\(\)' method that returns an async iterator\.$/,
    ],
    [
      "a subscription whose handler returns a value",
      `implement(monitor, { hosts: { ...${handlers}, watch: async () => ({ id: "a", name: "b" }) }, inner: { ${time} } })`,
      /^Type 'Promise<\{ id: string; name: string; \}>' is not assignable to type 'Awaitable<AsyncIterable<\{ id: string; name: string; \}>>'\.$/,
    ],
    [
      "a context from nowhere",
      "serve(scope<{ user: string }>().implement({}, {}))",
      /^Expected 2 arguments, but got 1\.$/,
    ],
  ]
  const program = (code: string) => `
import { createClient, safe, type Connection } from "@trunkline/client"
import { call, contract, event } from "@trunkline/contract"
import { implement, scope, serve } from "@trunkline/server"
import * as z from "zod"
import { monitor } from "./src/monitor.js"
declare const connection: Connection
const typing = event({})
const client = createClient(monitor, connection)
${code}
export { call, client, connection, contract, implement, monitor, safe, scope, serve, typing, z }
`
  const files = mistakes.map(([, code], index) => [`mistake-${index}.ts`, program(code)])
  const editor = new Editor({ ...sources, ...Object.fromEntries(files) })

  test.each(mistakes.map((mistake, index) => [...mistake, index] as const))("%s", (...row) => {
    const [, , ...rest] = row
    const lines = rest.filter((part) => part instanceof RegExp)
    const errors = editor.errors(`mistake-${rest.at(-1)}.ts`)
    expect(errors).toHaveLength(1)
    const [error = []] = errors
    const [first, ...others] = lines
    expect(error[0]).toMatch(first ?? "")
    for (const line of others) expect(error.some((each) => line.test(each))).toBe(true)
  })
})
