import { createServer, type Server as HttpServer } from "node:http"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { implement, type Server, serve } from "@trunkline/server"
import { attach } from "@trunkline/server/node"
import { build } from "esbuild"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../../tests/support/chromium.js"
import { FaultyProxy } from "../../server/test/support/faulty-proxy.js"
import { counting } from "./page/contract.js"

/** Items in one go, and milliseconds between them: more than any page can paint one by one. */
const burst = 40
const every = 10

describeInChromium("a React page and a real server", () => {
  let opened: number
  let server: Server
  let http: HttpServer
  let wire: FaultyProxy
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    const script = await bundled()
    http = createServer(({ url }, response) => {
      const isScript = url === "/page.js"
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
      response.end(isScript ? script : html)
    })
    server = serve(
      implement(counting, {
        async *count({ signal }) {
          opened++
          for (let number = 1; !signal.aborted; number++) {
            yield number
            if (number % burst === 0) await setTimeout(every)
          }
        },
        double: ({ input }) => 2 * input,
      }),
    )
    attach(server, http, { path: "/rpc" })
    await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve))
    const address = http.address()
    wire = await FaultyProxy.to(typeof address === "object" && address ? address.port : 0)
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await wire?.close()
    await server?.close()
    http?.closeAllConnections()
    http?.close()
  })

  beforeEach(async () => {
    opened = 0
    complaints = []
    page = await browser.newPage()
    page.on("console", (message) => complaints.push(message.text()))
    page.on("pageerror", (error) => complaints.push(String(error)))
    await page.goto(`http://127.0.0.1:${wire.port}/`)
  })

  afterEach(async () => {
    await page.evaluate(() => Reflect.get(globalThis, "close")())
    await page.close()
    await expect.poll(() => server.stats().sessions).toBe(0)
    expect(complaints.filter((text) => !/WebSocket connection|React DevTools/.test(text))).toEqual(
      [],
    )
  })

  it("renders at most once a frame, of one stream, and leaves none behind", async () => {
    await itemsAfter("#sum", 2_000)
    const { frames, renders, items } = await page.evaluate(whatWasCounted)
    // StrictMode calls each component twice for each render, and once more for its first.
    expect(renders / 2).toBeLessThanOrEqual(frames + 2)
    expect(items).toBeGreaterThan(2 * renders)
    expect(opened).toBe(1)
    expect(server.stats().channels).toBe(1)
    await page.click("#nothing")
    await expect.poll(() => server.stats().channels).toBe(0)
    expect(opened).toBe(1)
  })

  it("says that it is stale while the line is cut, and has missed nothing then", async () => {
    await itemsAfter("#sum", 100)
    await page.getByText("live fresh").waitFor()
    wire.fate = () => ({ end: "cut", after: 0 })
    wire.cut()
    await page.getByText("live stale").waitFor()
    wire.fate = () => undefined
    await page.getByText("live fresh").waitFor()
    const had = await page.locator("#sum").getAttribute("data-items")
    await itemsAfter("#sum", Number(had) + 100)
    const [items, sum] = await page
      .locator("#sum")
      .evaluate(({ dataset }) => [Number(dataset["items"]), Number(dataset["sum"])])
    expect(sum).toBe(((items ?? 0) * ((items ?? 0) + 1)) / 2)
    expect(opened).toBe(1)
  })

  it("keeps a live query in its cache, and makes calls", async () => {
    await page.click("#queries")
    await itemsAfter("#live", 1_000)
    const calls = page.getByRole("button", { name: "42" })
    await calls.click()
    await page.getByText("42 2 4").waitFor()
    await page.click("#nothing")
    await expect.poll(() => server.stats().channels).toBe(0)
  })

  function itemsAfter(place: string, number: number) {
    return page.waitForFunction(
      ([place, number]) => {
        const element = document.querySelector(String(place))
        return Number(element?.getAttribute("data-items")) > Number(number)
      },
      [place, number],
    )
  }
})

const html = '<!doctype html><body><script type="module" src="page.js"></script>'

function whatWasCounted(): { frames: number; renders: number; items: number } {
  const { frames, renders } = Reflect.get(globalThis, "counted")
  const items = document.querySelector("#sum")?.getAttribute("data-items")
  return { frames, renders, items: Number(items) }
}

/** As a bundler makes it for developing: StrictMode does what it does. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page/page.tsx", import.meta.url))],
    ...{ bundle: true, format: "esm", target: "es2022", write: false, jsx: "automatic" },
    conditions: ["@trunkline/source"],
    define: { "process.env.NODE_ENV": '"development"' },
  })
  return outputFiles[0]?.text ?? ""
}
