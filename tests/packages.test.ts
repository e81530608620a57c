import { existsSync } from "node:fs"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { node } from "./support/command.js"
import { root } from "./support/repository.js"
import { manifestIn, Stranger } from "./support/stranger.js"

const names = await readdir(join(root, "packages"))
let stranger: Stranger

beforeAll(async () => {
  const unbuilt = names.filter((name) => !existsSync(join(root, "packages", name, "dist")))
  if (unbuilt.length > 0) throw new Error(`Build first, with tsc -b: ${unbuilt} never was`)
  stranger = await Stranger.install(names)
}, 120_000)

afterAll(() => stranger?.remove())

describe.each(names)("@trunkline/%s", (name) => {
  it("has what a package needs, and no tests", async () => {
    const files = await stranger.filesOf(name)
    expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE", "dist/index.js"]))
    expect(files.filter((file) => /\.test|^test\/|tsbuildinfo/.test(file))).toEqual([])
  })

  it("has the source of everything that was built", async () => {
    const maps = (await stranger.filesOf(name)).filter((file) => file.endsWith(".map"))
    expect(maps.length).toBeGreaterThan(0)
    const folder = stranger.folderOf(name)
    const lost = await Promise.all(maps.map((map) => sourcesLostBy(join(folder, map))))
    expect(lost.flat(), `of an earlier build, if so: remove packages/${name}/dist`).toEqual([])
  })

  it("offers what was built, by no condition of ours", async () => {
    const { exports } = await manifestIn(stranger.folderOf(name))
    for (const entry of Object.values(exports)) {
      expect(Object.keys(entry)).toEqual(["types", "default"])
    }
  })

  it("is what publint calls good", async () => {
    const file = await readFile(stranger.tarballOf(name))
    const tarball = new Uint8Array(file).buffer
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it("has types that are not wrong", async () => {
    const attw = "node_modules/@arethetypeswrong/cli/dist/index.js"
    await node([attw, stranger.tarballOf(name), "--profile", "esm-only", "--format", "ascii"])
  }, 60_000)
})

describe("a stranger's project", () => {
  const entries = async () => {
    const manifests = await Promise.all(names.map((name) => manifestIn(stranger.folderOf(name))))
    return names.flatMap((name, index) =>
      Object.keys(manifests[index]?.exports ?? {}).map(
        (path) => `@trunkline/${name}${path.slice(1)}`,
      ),
    )
  }

  it("may import and may require every entry", async () => {
    const all = JSON.stringify(await entries())
    await writeFile(
      join(stranger.folder, "both.cjs"),
      `const { deepEqual } = require("node:assert/strict")
       for (const entry of ${all}) import(entry).then((module) => {
         console.log(entry, Object.keys(module).length)
         deepEqual(Object.keys(require(entry)), Object.keys(module))
       })`,
    )
    const printed = await node(["both.cjs"], stranger.folder)
    for (const entry of await entries()) expect(printed).toMatch(new RegExp(`${entry} [1-9]`))
  })

  async function compile(file: string, text: string): Promise<void> {
    const compilerOptions = {
      ...{ strict: true, module: "nodenext", target: "es2022", declaration: true, outDir: "out" },
      ...{ skipLibCheck: false, lib: ["es2022", "dom"], types: ["node"] },
    }
    await writeFile(join(stranger.folder, file), text)
    await writeFile(
      join(stranger.folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: [file] }),
    )
    await node([join(root, "node_modules/typescript/bin/tsc"), "-p", "."], stranger.folder)
  }

  it("compiles, and checks our types too", async () => {
    const imports = (await entries()).map((entry, at) => `export * as m${at} from "${entry}"`)
    await compile("all.mts", imports.join("\n"))
  }, 60_000)

  it("may export whatever our functions give: the compiler has names for it", async () => {
    await compile("exporting.mts", exporting)
  }, 60_000)
})

/** A package of a monorepo that writes declarations, and annotates nothing. */
const exporting = `
  import { connect, createClient, safe } from "@trunkline/client"
  import { call, contract, describe, subscription, upload } from "@trunkline/contract"
  import { useCall, useConnection, useSubscription } from "@trunkline/react"
  import * as query from "@trunkline/react/tanstack-query"
  import { implement, memoryBroker, scope, serve, topic } from "@trunkline/server"
  import { listen } from "@trunkline/server/node"
  import { connectedPair } from "@trunkline/testing"
  import { mockServer } from "@trunkline/testing/msw"
  import * as z from "zod"

  const Order = z.object({ id: z.string() })
  export const shop = contract({
    page: call({ input: z.number(), output: z.string(), errors: { NONE: z.object({ n: z.number() }) } }),
    orders: subscription({ item: Order, replay: "topic", state: z.array(Order).readonly() }),
    photo: upload({ item: z.number(), output: z.number() }),
  })
  export const told = describe(shop)
  export const connection = connect("ws://localhost/rpc")
  export const client = createClient(shop, connection)
  export const page = client.page(1)
  export const result = safe(client.page(1))
  export const stream = client.orders()
  export const events = client.orders().events()
  export const photo = client.photo(undefined, [])

  export const aQuery = query.queryOptions(client.page, 1)
  export const aMutation = query.mutationOptions(client.page)
  export const pages = query.infiniteQueryOptions(client.page, {
    input: (at: number) => at, initialPageParam: 0, getNextPageParam: () => undefined,
  })
  export const live = query.liveOptions(client.orders, undefined, { keep: 3 })
  export const key = query.queryKey(client.page, 1)
  export const start = query.queryKey(client)
  export const usePage = () => useCall(client.page)
  export const useLine = () => useConnection(connection)
  export const useOrders = () => useSubscription(client.orders)
  export const useCount = () =>
    useSubscription(client.orders, undefined, { select: ({ data }) => data?.length })

  export const orders = topic(shop.orders, { broker: memoryBroker(), snapshot: { atLeastOnce: () => [] } })
  export const app = scope<{ user?: string }>()
  export const signedIn = app.use(({ next }) => next({ since: 1 }))
  export const router = app.implement(shop, {
    page: signedIn(({ input }) => String(input)), orders, photo: () => 1,
  })
  export const server = serve(router, { authenticate: () => ({ context: {} }) })
  export const listening = listen(server, { port: 0 })
  export const pair = connectedPair(router, { serve: { authenticate: () => ({ context: {} }) } })
  export const mock = mockServer(shop, "ws://localhost/rpc", { page: () => "" })
`

async function sourcesLostBy(map: string): Promise<readonly string[]> {
  const { sources }: { sources: readonly string[] } = JSON.parse(await readFile(map, "utf8"))
  return sources.map((source) => join(dirname(map), source)).filter((source) => !existsSync(source))
}
