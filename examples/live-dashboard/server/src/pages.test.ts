import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, request, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { pages } from "./pages.js"

let folder: string
let http: Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pages-"))
  await mkdir(join(folder, "site", "assets"), { recursive: true })
  await mkdir(join(folder, "site-secret"))
  await writeFile(join(folder, "site", "index.html"), "<p>hello")
  await writeFile(join(folder, "site", "assets", "a.js"), "1")
  await writeFile(join(folder, "site", "notes.txt"), "of no known type")
  await writeFile(join(folder, "secret.html"), "secret")
  await writeFile(join(folder, "site-secret", "index.html"), "secret")
  http = createServer(pages(join(folder, "site")))
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
})

afterAll(async () => {
  await new Promise((resolve) => http.close(resolve))
  await rm(folder, { recursive: true })
})

it("serves the page and its parts", async () => {
  expect(await get("/")).toMatchObject({ status: 200, body: "<p>hello" })
  expect(await get("/?from=elsewhere")).toMatchObject({ status: 200, body: "<p>hello" })
  const script = await get("/assets/a.js")
  expect(script).toMatchObject({ status: 200, body: "1" })
  expect(script.headers["cache-control"]).toContain("immutable")
  expect(script.headers["x-content-type-options"]).toBe("nosniff")
})

it("answers a HEAD without a body, and nothing but GET and HEAD", async () => {
  expect(await get("/", "HEAD")).toMatchObject({ status: 200, body: "" })
  expect(await get("/", "POST")).toMatchObject({ status: 405 })
})

it.each([
  "/../secret.html",
  "/%2e%2e/secret.html",
  "/..%2fsecret.html",
  "/assets/../../secret.html",
  "/../site-secret/",
  "/..%5csecret.html",
  "//secret.html",
  "/%00index.html",
  "/%zz",
  "/assets",
  "/assets/",
  "/nothing.html",
  "/notes.txt",
])("gives nothing for %s", async (path) => {
  expect(await get(path)).toMatchObject({ status: 404, body: "Not found\n" })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: Record<string, unknown>
  readonly body: string
}

/** With the path exactly as it is: `fetch` would tidy it up. */
function get(path: string, method = "GET"): Promise<Answer> {
  const address = http.address()
  const port = typeof address === "object" && address ? address.port : 0
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (text) => {
        body += text
      })
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      )
    })
      .on("error", reject)
      .end()
  })
}
