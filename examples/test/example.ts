import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { BrowserContext, Page } from "../../tests/support/chromium.js"

const run = fileURLToPath(new URL("../dist/stage/run.js", import.meta.url))

/** An example as `npm run example <name>` starts it, in a process of its own. */
export class Example {
  url = ""
  readonly #names: readonly string[]
  #process: ChildProcess | undefined

  private constructor(names: readonly string[]) {
    this.#names = names
  }

  /** Without a name all of them, with the page that leads to them. */
  static async start(...names: readonly string[]): Promise<Example> {
    const example = new Example(names)
    await example.#start("0")
    return example
  }

  /** Ends the process, and all that it knows, and begins another at the same address. */
  async restart(): Promise<void> {
    await this.stop()
    await this.#start(new URL(this.url).port)
  }

  /** Its page in a new tab, when its line is open. */
  async open(context: BrowserContext, query = ""): Promise<Page> {
    const page = await context.newPage()
    await page.goto(this.url + query)
    await page.locator(".line[data-state=open]").first().waitFor()
    return page
  }

  async stop(): Promise<void> {
    if (!this.#process) return
    const exit = once(this.#process, "exit")
    this.#process.kill()
    await exit
  }

  async #start(port: string): Promise<void> {
    const { PATH } = process.env
    const started = spawn(process.execPath, [run, ...this.#names], {
      env: { PATH, PORT: port },
      stdio: ["ignore", "pipe", "inherit"],
    })
    this.#process = started
    const [line] = await once(createInterface(started.stdout), "line")
    this.url = String(line)
  }
}

/** Takes the page's line off, makes it slow, or good again, and waits until it is; of a part, if it has its own. */
export async function putLine(
  page: Page,
  condition: "Good" | "Slow" | "Off",
  part = "body",
): Promise<void> {
  const put = page.waitForResponse((response) => response.url().includes("/lines/"))
  await page.locator(part).getByRole("radio", { name: condition }).check({ force: true })
  await put
  const state = page.locator(`${part} .line[data-state=open]`)
  await state.waitFor({ state: condition === "Off" ? "detached" : "attached" })
}
