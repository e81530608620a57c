import { join } from "node:path"
import { connect, createClient, type WebSocketClass } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { type Listening, listen } from "@trunkline/server/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"
import { runnable } from "../support/pages.js"
import { read } from "../support/repository.js"

/* The site with a cookie, with the code of the guide. */

const account = contract({ me: call({ output: z.object({ id: z.string() }) }), wipe: call({}) })
let listening: Listening

beforeAll(async () => {
  const folder = await runnable(read("docs/guides/authentication.md"), "authentication")
  const { logins, server } = await import(/* @vite-ignore */ join(folder, "cookies.ts"))
  logins.set("s1", { id: "ada", admin: false })
  logins.set("s2", { id: "bob", admin: true })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
})
afterAll(() => listening?.close())

/** A page of this origin, whose browser has this cookie. */
function page(origin: string | undefined, cookie?: string) {
  class Browser extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { ...(origin && { origin }), ...(cookie && { headers: { cookie } }) })
    }
  }
  const url = `ws://127.0.0.1:${listening.port}/rpc`
  const connection = connect(url, { WebSocket: Browser as unknown as WebSocketClass })
  const closed = new Promise((resolve) => {
    connection.on("state", ({ to, code }) => to === "closed" && resolve(code))
  })
  return { client: createClient(account, connection), connection, closed }
}

const ours = "https://app.example.com"

test("a page of the site is its user, who may what he may", async () => {
  const { client, connection } = page(ours, "theme=dark; sid=s1")
  expect(await client.me()).toEqual({ id: "ada" })
  await expect(client.wipe()).rejects.toMatchObject({ code: "FORBIDDEN", executed: "no" })
  await connection.close()
})

test("an admin may more", async () => {
  const { client, connection } = page(ours, "sid=s2")
  await client.wipe()
  await connection.close()
})

test("a page without the cookie, and a program that is no browser, are nobody", async () => {
  for (const { client, connection } of [page(ours), page(undefined, "sid=s1")]) {
    await expect(client.me()).rejects.toMatchObject({ code: "UNAUTHORIZED", executed: "no" })
    await connection.close()
  }
})

test("another page is refused, whatever cookie the browser sends along", async () => {
  expect(await page("https://evil.example.com", "sid=s2").closed).toBe(4403)
})
