import type { IncomingMessage, ServerResponse } from "node:http"
import { fileURLToPath } from "node:url"
import type { Listening, ListenOptions } from "@trunkline/server/node"
import { build } from "esbuild"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { FaultyProxy } from "../../packages/server/test/support/faulty-proxy.js"
import { type Browser, describeInChromium, launchChromium } from "../../tests/support/chromium.js"

/** What the server's file opens. */
let listening: Listening
/** The client's file, for a browser. */
let script: string

// The files are the README's, port 8080 and all: that port may be taken here. And a page is needed.
vi.mock("@trunkline/server/node", async (original) => {
  const node = await original<typeof import("@trunkline/server/node")>()
  const listen: typeof node.listen = async (server, options: ListenOptions) => {
    listening = await node.listen(server, { ...options, port: 0, signals: false, handler: page })
    return listening
  }
  return { ...node, listen }
})

describeInChromium("the README's client in a page", () => {
  let browser: Browser
  let wire: FaultyProxy

  beforeAll(async () => {
    script = await bundled("client.ts")
    await import("./server.js")
    wire = await FaultyProxy.to(listening.port)
    const rule = `--host-resolver-rules=MAP localhost:8080 127.0.0.1:${wire.port}`
    browser = await launchChromium(rule)
  })

  afterAll(async () => {
    await browser?.close()
    await wire?.close()
    await listening?.close()
  })

  it("hears the declared error, and the load, across a cut line", async () => {
    const page = await browser.newPage()
    const warned = page.waitForEvent("console", (message) => message.type() === "warning")
    const load = () => page.waitForEvent("console", (message) => /^[\d.]+$/.test(message.text()))
    const [warning] = await Promise.all([warned, load(), page.goto("http://localhost:8080/")])
    expect(warning.text()).toBe("b")
    const { connections } = wire.counts
    wire.cut()
    await expect.poll(() => wire.counts.connections).toBeGreaterThan(connections)
    await load()
  })
})

function page({ url }: IncomingMessage, response: ServerResponse): void {
  const isScript = url === "/client.js"
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
  response.end(isScript ? script : '<!doctype html><script type="module" src="client.js"></script>')
}

async function bundled(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["@trunkline/source"],
    write: false,
  })
  return outputFiles[0]?.text ?? ""
}
