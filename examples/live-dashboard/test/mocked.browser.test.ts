import { execFile } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../../tests/support/chromium.js"
import type { Mock } from "../mock/src/mock.js"
import { pages } from "../server/src/pages.js"

declare const mock: Mock

describeInChromium("the live dashboard on a mock server", () => {
  let folder: string
  let files: Server
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dashboard-mock-"))
    await buildMock(folder)
    // Nothing but files: what the page says over its line, nobody hears but the page itself.
    files = createServer(pages(folder)).listen(0, "127.0.0.1")
    await once(files, "listening")
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    files?.close()
    await rm(folder, { recursive: true })
  })

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    complaints = []
    page.on("console", (message) => {
      if (message.type() !== "log") complaints.push(message.text())
    })
    page.on("pageerror", (error) => complaints.push(String(error)))
    await page.goto(urlOf(files))
    await page.getByRole("heading", { level: 1, name: "mock.example" }).waitFor()
    await page.waitForFunction(() => mock.samples.readers === 1)
  })

  afterEach(async () => {
    await page.close()
    expect(complaints).toEqual([])
  })

  it("shows what the handlers say, and what is pushed", async () => {
    await page.getByText("a mocked note").waitFor()
    await page.getByRole("cell", { name: "mockd", exact: true }).waitFor()
    await push(1, 5)
    await numbersShown(1, 5)
    expect(await page.locator(".card-cpu .figures dd").textContent()).toBe("42.0 %")
    await page.evaluate(() =>
      mock.alerts.publish({
        at: Date.UTC(2030, 0, 1),
        type: "raised",
        rule: { metric: "cpu", above: 90, seconds: 5 },
        value: 97,
      }),
    )
    await page.getByRole("log", { name: "Alert feed" }).getByText("CPU at 97").waitFor()
  })

  it("heals after a drop, and has missed nothing", async () => {
    await push(1, 3)
    await page.evaluate(() => mock.line.drop())
    await push(4, 6)
    await page.locator(".line-events", { hasText: "Lost with code 1006" }).waitFor()
    await push(7, 9)
    await page.locator(".line-events li", { hasText: "Healed" }).waitFor()
    await numbersShown(1, 9)
    expect(await missing()).toBe("0")
  })

  it("shows what a handler of this test refuses, and what nobody mocks", async () => {
    const form = page.getByRole("form", { name: "Add a rule" })
    const add = form.getByRole("button", { name: "Add rule" })
    await page.evaluate(() =>
      mock.line.use({
        rules: {
          add: ({ errors }) => {
            throw errors.TOO_MANY_RULES({ most: 20 })
          },
        },
      }),
    )
    await add.click()
    await form.getByText("There are 20 rules already.").waitFor()
    await page.evaluate(() => mock.line.reset())
    await add.click()
    await form.getByText("Refused: NOT_FOUND").waitFor()
    await page.evaluate(() => mock.line.refuse(mock.dashboard.rules.add, "FORBIDDEN"))
    await add.click()
    await form.getByText("Refused: FORBIDDEN").waitFor()
  })

  it("says that it is closed when it is not let in again", async () => {
    await page.evaluate(() => {
      mock.line.refuse("forbidden")
      mock.line.drop()
    })
    await page.getByRole("status").getByText("Closed").waitFor()
  })

  it("tries again while nobody answers, and is slow on a slow line", async () => {
    await page.evaluate(() => mock.line.unplug())
    await page.getByRole("status").getByText("Waiting to try again").waitFor()
    await page.evaluate(() => {
      mock.line.plug()
      mock.line.delay(20)
    })
    await page.getByRole("status").getByText("Open").waitFor()
    await push(1, 3)
    await numbersShown(1, 3)
  })

  async function push(first: number, last: number): Promise<void> {
    await page.evaluate(
      async ([first, last]) => {
        for (let n = first; n <= last; n++) await mock.samples.publish(mock.sample(n))
      },
      [first, last] as const,
    )
  }

  async function numbersShown(first: number, last: number): Promise<void> {
    await page.locator(`[data-first="${first}"][data-last="${last}"]`).waitFor()
  }

  function missing(): Promise<string | null> {
    return page.locator("[data-sequence]").getAttribute("data-missing")
  }
})

/** Builds the page with its mock server inside. */
async function buildMock(folder: string): Promise<void> {
  const vite = "node_modules/vite/bin/vite.js"
  await promisify(execFile)(
    process.execPath,
    [vite, "build", "--logLevel", "error", "--outDir", folder, "--emptyOutDir"],
    {
      cwd: fileURLToPath(new URL("../mock", import.meta.url)),
      // As outside of a test: with NODE_ENV it would be a development build.
      env: { PATH: process.env["PATH"] },
    },
  )
}

function urlOf(files: Server): string {
  const address = files.address()
  return `http://localhost:${typeof address === "object" && address ? address.port : 0}/`
}
