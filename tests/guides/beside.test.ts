import { once } from "node:events"
import type { Server } from "node:http"
import { join } from "node:path"
import { connect, createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { afterEach, beforeAll, expect, test, vi } from "vitest"
import * as z from "zod"
import { runnable } from "../support/pages.js"
import { read } from "../support/repository.js"

/* Each framework of the guide, with the code of the guide. */

let folder: string
beforeAll(async () => {
  vi.stubEnv("PORT", "0")
  folder = await runnable(read("docs/guides/beside.md"), "beside")
})

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** As in the guide. */
const hello = contract({ greet: call({ input: z.string(), output: z.string() }) })

/** A module of the guide. Its types are checked where the page is compiled. */
function guide(file: string) {
  return import(/* @vite-ignore */ join(folder, file))
}

async function works(http: Server, path = "/rpc"): Promise<string> {
  if (!http.listening) await once(http, "listening")
  const address = http.address()
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
  const connection = connect(origin + path)
  endings.push(() => connection.close())
  expect(await createClient(hello, connection).greet("ada")).toBe("hello ada")
  return origin
}

async function closed(http: Server): Promise<void> {
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
}

async function isHealthy(origin: string): Promise<void> {
  expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ ok: true })
  expect((await fetch(`${origin}/nowhere`)).status).toBe(404)
}

test("Express", async () => {
  const { http } = await guide("express.ts")
  endings.push(() => closed(http))
  await isHealthy(await works(http))
})

test("Hono", async () => {
  const { listening } = await guide("hono.ts")
  endings.push(() => closed(listening.http))
  await isHealthy(await works(listening.http))
})

test("plain http", async () => {
  const { http, detach } = await guide("plain.ts")
  endings.push(() => closed(http))
  const origin = await works(http, "/line")
  expect(await (await fetch(origin)).text()).toBe("a page")
  detach()
})

test("Fastify, whose end is the server's", async () => {
  const { app } = await guide("fastify.ts")
  await isHealthy(await works(app.server))
  const { server } = await guide("service.ts")
  expect(server.stats().attached).toBe(1)
  await app.close()
  expect(server.stats().sessions).toBe(0)
})
