import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, createClient } from "@trunkline/client"
import type { Locator } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import {
  type Browser,
  type BrowserContext,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../../tests/support/chromium.js"
import { dashboard } from "../contract/src/index.js"
import { buildPage, DashboardServer } from "./dashboard-server.js"

describeInChromium("the live dashboard", () => {
  const server = new DashboardServer()
  let browser: Browser
  let context: BrowserContext
  let page: Page
  /** What the page complained of. */
  let complaints: string[]

  beforeAll(async () => {
    await buildPage()
    await server.start()
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await server.kill()
  })

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    await context.addInitScript(recordTexts)
    page = await context.newPage()
    complaints = []
    page.on("console", (message) => {
      if (message.type() !== "log") complaints.push(`${message.text()} (${message.location().url})`)
    })
    page.on("pageerror", (error) => complaints.push(String(error)))
    await page.goto(server.url)
    await samplesAfter(0)
  })

  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  it("renders live values that change", async () => {
    const { last } = await sequence()
    const before = await drawing()
    await samplesAfter(last + 5)
    expect(await drawing()).not.toBe(before)
    expect(await page.locator(".card-cpu .figures dd").textContent()).toMatch(/^[\d.]+ %$/)
    expect(await page.locator(".card-memory .figures dd").textContent()).toMatch(/^[\d.]+ [MG]B$/)
    expect(await page.getByRole("heading", { level: 1 }).textContent()).not.toBe("")
    await page.getByRole("cell", { name: "node", exact: true }).first().waitFor()
    const beat = await pulse()
    await page.waitForFunction(
      (than) => document.querySelector(`[data-pulse="${than}"]`) === null,
      beat,
    )
  })

  it("shows the history first and then what is new, without a hole or a repeat", async () => {
    await samplesAfter(20)
    await page.reload()
    await samplesAfter(21)
    const { first, last, missing, twice } = await sequence()
    expect(last - first).toBeGreaterThan(18)
    expect({ missing, twice }).toEqual({ missing: 0, twice: 0 })
  })

  it("heals after a cut in the same session, with no gap in the sequence", async () => {
    const session = await fact("Session")
    const { last } = await sequence()
    for (const cut of [1, 2, 3]) {
      await page.getByRole("button", { name: "Cut the line" }).click()
      await page.locator(".line-events", { hasText: "Lost with code 1006" }).waitFor()
      const healed = page.locator(".line-events li", { hasText: "Healed" })
      await healed.nth(cut - 1).waitFor()
    }
    await samplesAfter((await sequence()).last + 5)
    expect(await sequence()).toMatchObject({ missing: 0, twice: 0, earlierRuns: 0 })
    expect((await sequence()).last).toBeGreaterThan(last)
    expect(await fact("Session")).toBe(session)
    expect(await state()).toBe("Open")
  })

  it("survives a server that is killed and started again", async () => {
    await page.evaluate(() => {
      document.body.dataset["kept"] = "yes"
    })
    const { run } = await sequence()
    await server.kill()
    await page.locator(".line-events", { hasText: "Lost" }).waitFor()
    await server.start(240)
    await page.waitForFunction(
      (than) => document.querySelector(`[data-sequence]:not([data-run="${than}"])`) !== null,
      run,
    )
    await samplesAfter(5)
    expect(await sequence()).toMatchObject({ missing: 0, twice: 0, earlierRuns: 1 })
    expect(await state()).toBe("Open")
    expect(await page.locator("body").getAttribute("data-kept")).toBe("yes")
    await page.getByText("CPU above 90 % for 5 s").waitFor()
    for (const width of [1_280, 390]) {
      await page.setViewportSize({ width, height: 900 })
      await page.evaluate(afterFrames)
      expect(await page.evaluate(illegibleTimes)).toEqual([])
    }
    onlyFailedAttempts()
  })

  it("sees the server leave in good order, and comes back to the next one", async () => {
    const { run } = await sequence()
    expect(await server.stop()).toBe(0)
    await page.locator(".line-events", { hasText: "Lost" }).waitFor()
    await server.start()
    await page.waitForFunction(
      (than) => document.querySelector(`[data-sequence]:not([data-run="${than}"])`) !== null,
      run,
    )
    expect(await sequence()).toMatchObject({ missing: 0, twice: 0, earlierRuns: 1 })
    onlyFailedAttempts()
  })

  it("shows a rejected input at its field, and takes the mended one", async () => {
    const form = page.getByRole("form", { name: "Add a rule" })
    const above = form.getByLabel("is above")
    const seconds = form.getByLabel("for", { exact: true })
    await above.fill("250")
    await form.getByRole("button", { name: "Add rule" }).click()
    await form.getByText("At most 100 %").waitFor()
    expect(await above.getAttribute("aria-invalid")).toBe("true")
    expect(await above.evaluate(described)).toBe("At most 100 %")
    expect(await seconds.getAttribute("aria-invalid")).toBe("false")
    await focusOn(above)

    await above.fill("97")
    await seconds.fill("1.5")
    await form.getByRole("button", { name: "Add rule" }).click()
    await form.getByText("Whole seconds").waitFor()
    await focusOn(seconds)

    await above.fill("ninety")
    await seconds.press("Enter")
    await form.getByText("Enter a number").waitFor()
    expect(await seconds.evaluate(described)).toBe("Whole seconds")
    await focusOn(above)

    await above.fill("97")
    await seconds.fill("600")
    await form.getByRole("button", { name: "Add rule" }).click()
    await page.getByText("CPU above 97 % for 600 s").waitFor()
    expect(await form.getByRole("alert").count()).toBe(0)

    await page.getByRole("button", { name: "Change: CPU above 97 % for 600 s" }).click()
    const change = page.getByRole("form", { name: "Change: CPU above 97 % for 600 s" })
    await change.getByLabel("When").selectOption("Load")
    await change.getByLabel("is above").fill("9000")
    await change.getByRole("button", { name: "Save" }).click()
    await page.getByText("Load above 9000 for 600 s").waitFor()
    await page.getByRole("button", { name: "Remove: Load above 9000 for 600 s" }).click()
    await page.getByText("Load above 9000 for 600 s").waitFor({ state: "detached" })
  })

  it("tells of alerts as they are raised", async () => {
    const form = page.getByRole("form", { name: "Add a rule" })
    await form.getByLabel("When").selectOption("Memory")
    await form.getByLabel("is above").fill("0")
    await form.getByLabel("for", { exact: true }).fill("0")
    await form.getByRole("button", { name: "Add rule" }).click()
    await page
      .getByRole("log", { name: "Alert feed" })
      .getByText(/^Memory at [\d.]+ %, above 0$/)
      .waitFor()
    await page.getByRole("button", { name: "Remove: Memory above 0 % for 0 s" }).click()
    await page
      .getByRole("log", { name: "Alert feed" })
      .getByText(/^Memory back at/)
      .waitFor()
  })

  it("shows where alerts may be missing after a restart without a store, and has all notes anew", async () => {
    await addNote("written before")
    const raised = await raiseAnAlert()
    await server.kill()
    await page.locator(".line-events", { hasText: "Lost" }).waitFor()
    await server.start()
    const feed = page.getByRole("log", { name: "Alert feed" })
    await feed.getByText("Alerts may be missing here").waitFor()
    expect(await feed.getByText(/^Memory at/).count()).toBe(raised)
    await page.getByText("written before").waitFor({ state: "detached" })
    await page.getByText("Notes: sent whole").first().waitFor()
    await page.getByText("Alerts: some are lost").waitFor()
    onlyFailedAttempts()
  })

  it("misses no alert and no note across a restart with a store", async () => {
    const store = await mkdtemp(join(tmpdir(), "dashboard-"))
    const keeping = new DashboardServer(undefined, store)
    await keeping.start()
    try {
      await page.goto(keeping.url)
      await addNote("written before")
      await raiseAnAlert()
      const feed = page.getByRole("log", { name: "Alert feed" })
      await keeping.kill()
      await page.locator(".line-events", { hasText: "Lost" }).waitFor()
      await keeping.start()
      await page.locator(".line-events", { hasText: "New session" }).waitFor()
      expect(await raiseAnAlert()).toBe(2)
      await addNote("written after")
      expect(await feed.getByText("Alerts may be missing here").count()).toBe(0)
      expect(await page.getByText(/^Alerts: some/).count()).toBe(0)
      await page.reload()
      await page.getByText("written before").waitFor()
      await page.getByText("written after").waitFor()
      await feed
        .getByText(/^Memory at/)
        .nth(1)
        .waitFor()
      expect(await feed.getByText(/^Memory at/).count()).toBe(2)
      await expect.poll(() => fact("Alerts cursor")).toMatch(/\.\d+$/)
      onlyFailedAttempts()
    } finally {
      await page.goto("about:blank")
      await keeping.kill()
      await rm(store, { recursive: true })
    }
  })

  it("moves to the next server when this one is drained, and nothing is interrupted", async () => {
    await samplesAfter(3)
    const session = await fact("Session")
    await page.getByRole("button", { name: "Replace the server" }).click()
    await page.locator(".line-events", { hasText: "The server is about to leave" }).waitFor()
    await page.locator(".line-events", { hasText: "Moved to another session" }).waitFor()
    expect(await fact("Session")).not.toBe(session)
    expect(await state()).toBe("Open")
    const { last } = await sequence()
    await samplesAfter(last)
    expect(await sequence()).toMatchObject({ missing: 0, twice: 0 })
    expect(await page.locator(".line-events", { hasText: "Lost" }).count()).toBe(0)
    await addNote("through the next one")
    await page.getByRole("button", { name: "Remove: through the next one" }).click()
    await page.getByText("through the next one").waitFor({ state: "detached" })
  })

  it("falls behind while its reader is held, and shows the newest value first when it is released", async () => {
    const watch = connect(server.url.replace(/\/$/, "/rpc"))
    const beats = createClient(dashboard, watch).pulse()[Symbol.asyncIterator]()
    const beat = async () => (await beats.next()).value?.number ?? 0
    try {
      await page.getByRole("button", { name: "Hold the reader" }).click()
      await page.evaluate(afterFrames)
      const held = { pulse: await pulse(), last: (await sequence()).last }
      while ((await beat()) < held.pulse + 12);
      expect({ pulse: await pulse(), last: (await sequence()).last }).toEqual(held)
      expect(await state()).toBe("Held")

      const shown = page.evaluate(shownPulses, held.pulse + 12)
      await page.getByRole("button", { name: "Release the reader" }).click()
      const between = (await shown).filter(
        (number) => number > held.pulse && number < held.pulse + 12,
      )
      expect(between.length).toBeLessThanOrEqual(underway)
      await page.waitForFunction(() => {
        const rows = [...document.querySelectorAll(".facts div")]
        const text = rows.find((row) => row.textContent?.startsWith("Dropped"))?.textContent
        return Number(text?.replace(/\D/g, "")) > 0
      })
      await samplesAfter(held.last + 5)
      expect(await sequence()).toMatchObject({ missing: 0, twice: 0 })
    } finally {
      await beats.return?.()
      await watch.close()
    }
  })

  it("shows each viewer the notes and the names of all", async () => {
    const second = await context.newPage()
    await second.goto(server.url)
    await second.getByLabel("Your name", { exact: true }).fill("Grace")
    await second.getByRole("button", { name: "Rename" }).click()
    const names = page.getByRole("list", { name: "Viewers" })
    await names.getByText("Grace").waitFor()

    await second.getByLabel("Note", { exact: true }).fill("Deploying at four")
    await second.getByRole("button", { name: "Add note" }).click()
    await page.getByText("Deploying at four").waitFor()
    await page.getByRole("button", { name: "Remove: Deploying at four" }).click()
    await second.getByText("Deploying at four").waitFor({ state: "detached" })

    await page.getByRole("button", { name: "Add note" }).click()
    await page.getByText("Write something first").waitFor()

    await second.close({ runBeforeUnload: false })
    await names.getByText("Grace").waitFor({ state: "detached" })
  })

  it("opens another viewer", async () => {
    const [second] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("link", { name: "Add a viewer" }).click(),
    ])
    await second.locator("[data-sequence]").waitFor()
    await page.waitForFunction(() => document.querySelectorAll(".viewers li").length > 1)
  })

  it("sorts and searches the process table", async () => {
    const rows = page.locator(".processes tbody tr")
    await page.getByRole("button", { name: "PID" }).click()
    expect(await page.getByRole("columnheader", { name: "PID" }).getAttribute("aria-sort")).toBe(
      "descending",
    )
    const pids = (await page.locator("td.cell-pid").allTextContents()).map(Number)
    expect(pids.length).toBeGreaterThan(1)
    expect(pids).toEqual([...pids].sort((a, b) => b - a))
    await page.getByLabel("Find a process").fill("node")
    await rows.filter({ hasNotText: "node" }).first().waitFor({ state: "detached" })
    expect(await rows.count()).toBeGreaterThan(0)
  })

  it("works by keyboard", async () => {
    const reached = await tabThrough(60)
    expect(reached).toEqual(
      expect.arrayContaining([
        "Skip to the charts",
        "Cut the line",
        "Hold the reader",
        "Add a viewer",
        "Add note",
        "Find a process",
        "Process table",
        "Add rule",
        "Alert feed",
      ]),
    )
    expect(reached).not.toContain("")

    await page.getByRole("button", { name: "Memory", exact: true }).focus()
    await page.keyboard.press("Enter")
    const memory = page.getByRole("columnheader", { name: "Memory" })
    expect(await memory.getAttribute("aria-sort")).toBe("descending")
    await page.keyboard.press("Space")
    expect(await memory.getAttribute("aria-sort")).toBe("ascending")

    await press("Cut the line")
    await page.locator(".line-events", { hasText: "Healed" }).waitFor()
    await focusOnButton("Cut the line")
  })

  it("keeps the focus with who leaves and removes notes by keyboard", async () => {
    const note = page.getByLabel("Note", { exact: true })
    await press("Add note")
    await page.getByText("Write something first").waitFor()
    await focusOn(note)
    for (const text of ["Oldest", "Older", "Newest"]) {
      await note.fill(text)
      await press("Add note")
      await page.getByRole("button", { name: `Remove: ${text}` }).waitFor()
      await focusOn(note)
    }
    await page.getByRole("button", { name: "Remove: Older" }).focus()
    await page.keyboard.down("Enter")
    await focusOnButton("Remove: Oldest")
    // A key that is held down is one press.
    await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    await removeElsewhere("Oldest")
    await focusOnButton("Remove: Newest")
    await page.keyboard.press("Enter")
    await focusOn(note)

    const name = page.getByLabel("Your name", { exact: true })
    await name.fill("Grace")
    await press("Rename")
    await page.getByRole("list", { name: "Viewers" }).getByText("Grace").waitFor()
    await focusOnButton("Rename")
  })

  it("keeps the focus with who adds, changes and removes rules by keyboard", async () => {
    const add = page.getByRole("form", { name: "Add a rule" })
    await add.getByLabel("is above").fill("96")
    await press("Add rule")
    await page.getByText("CPU above 96 % for 5 s").waitFor()
    await focusOnButton("Add rule")

    await press("Change: CPU above 96 % for 5 s")
    const change = page.getByRole("form", { name: "Change: CPU above 96 % for 5 s" })
    await focusOn(change.getByLabel("When"))
    await press("Leave as it was")
    await focusOnButton("Change: CPU above 96 % for 5 s")
    await page.keyboard.press("Enter")
    await change.getByLabel("is above").fill("95")
    await press("Save")
    await focusOnButton("Change: CPU above 95 % for 5 s")

    await press("Remove: Memory above 90 % for 10 s")
    await focusOnButton("Remove: CPU above 95 % for 5 s")
    await page.keyboard.press("Enter")
    await focusOnButton("Remove: CPU above 90 % for 5 s")
    await page.keyboard.press("Enter")
    await focusOn(add.getByLabel("When"))
  })

  it("gives the focus to the panel when what it says of a stream's end goes away", async () => {
    await page.evaluate(() => sessionStorage.setItem("dashboard.name", "W".repeat(25)))
    await page.reload()
    const panel = page.getByRole("region", { name: "Watching" })
    await panel.getByText("This stream ended: VALIDATION.").waitFor()
    await panel.getByLabel("Your name", { exact: true }).fill("Grace")
    await press("Begin again")
    await focusOnButton("Begin again")
    await panel.getByRole("form").evaluate((form) => {
      if (form instanceof HTMLFormElement) form.requestSubmit()
    })
    await panel.getByText("Grace you").waitFor()
    await focusOn(panel)
  })

  it.each([
    { width: 360, height: 740 },
    { width: 820, height: 1_180 },
    { width: 1_440, height: 900 },
    { width: 2_560, height: 1_440 },
  ])("fits a screen of $width in light and dark", async ({ width, height }) => {
    await page.setViewportSize({ width, height })
    const grounds: string[] = []
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      await page.evaluate(afterFrames)
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
      expect(await page.evaluate(overflowing)).toEqual([])
      expect(await page.evaluate(illegibleTimes)).toEqual([])
      expect(await page.screenshot({ fullPage: true })).not.toHaveLength(0)
    }
    expect(new Set(grounds).size).toBe(2)
  })

  it("says what a system does not tell, and shows the rest", async () => {
    const elsewhere = new DashboardServer("darwin")
    await elsewhere.start()
    try {
      await page.goto(elsewhere.url)
      await page.getByText("This system does not list its processes.").waitFor()
      for (const name of ["Network", "Disk"]) {
        await page.getByRole("region", { name }).getByText("This system does not tell.").waitFor()
      }
      await samplesAfter(3)
      expect(await page.locator(".card-load .figures dd").first().textContent()).toMatch(/^\d/)
      expect(await page.locator(".card-cpu .figures dd").textContent()).toMatch(/^[\d.]+ %$/)
      await page.locator('[data-pulse]:not([data-pulse="0"])').waitFor()
      expect(await sequence()).toMatchObject({ missing: 0, twice: 0 })
    } finally {
      await elsewhere.kill()
    }
  })

  it("keeps the colours that its reader chose", async () => {
    await page.emulateMedia({ colorScheme: "light" })
    await page.getByRole("button", { name: "Show in dark colours" }).click()
    await page.reload()
    await page.getByRole("button", { name: "Show in light colours" }).waitFor()
  })

  /** Values that were on their way or in hand when the reader was held: `latest` lets two travel. */
  const underway = 3

  /** While the server is away the browser itself complains of each attempt, and of
   * the page's icon when it asks for that just then; nothing else may. */
  function onlyFailedAttempts(): void {
    const attempt = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/
    expect(complaints.filter((text) => !attempt.test(text))).toEqual([])
    complaints = []
  }

  /** Waits until the page shows a sample behind this one. */
  async function samplesAfter(number: number): Promise<void> {
    await page.waitForFunction((than) => {
      const element = document.querySelector("[data-sequence]")
      return Number(element?.getAttribute("data-last") ?? 0) > than
    }, number)
  }

  /** The page's own record of what it has seen. */
  async function sequence() {
    const record = page.locator("[data-sequence]")
    const data = await record.evaluate((element) =>
      element instanceof HTMLElement ? { ...element.dataset } : {},
    )
    return {
      run: data["run"],
      first: Number(data["first"]),
      last: Number(data["last"]),
      missing: Number(data["missing"]),
      twice: Number(data["twice"]),
      earlierRuns: Number(data["earlierRuns"]),
    }
  }

  async function addNote(text: string): Promise<void> {
    await page.getByRole("textbox", { name: "Note", exact: true }).fill(text)
    await page.getByRole("button", { name: "Add note" }).click()
    await page.getByText(text).waitFor()
  }

  /** Gives how many the feed has then. */
  async function raiseAnAlert(): Promise<number> {
    const raised = page.getByRole("log", { name: "Alert feed" }).getByText(/^Memory at/)
    const before = await raised.count()
    const form = page.getByRole("form", { name: "Add a rule" })
    await form.getByLabel("When").selectOption("Memory")
    await form.getByLabel("is above").fill("0")
    await form.getByLabel("for", { exact: true }).fill("0")
    await form.getByRole("button", { name: "Add rule" }).click()
    await raised.nth(before).waitFor()
    return before + 1
  }

  /** As another viewer does. */
  async function removeElsewhere(text: string): Promise<void> {
    const connection = connect(server.url.replace(/\/$/, "/rpc"))
    const { notes } = createClient(dashboard, connection)
    for await (const event of notes.changes().events()) {
      if (!("note" in event) || event.note.type !== "reset") continue
      const id = event.note.state.find((note) => note.text === text)?.id
      expect(id).toBeDefined()
      await notes.remove({ id: id ?? "" })
      break
    }
    await connection.close()
  }

  async function pulse(): Promise<number> {
    return Number(await page.locator("[data-pulse]").getAttribute("data-pulse"))
  }

  function drawing(): Promise<string> {
    return page
      .locator(".card-cpu canvas")
      .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ""))
  }

  function fact(name: string): Promise<string | null> {
    return page.locator(".facts div", { hasText: name }).first().locator("dd").textContent()
  }

  function state(): Promise<string | null> {
    return page.getByRole("status").first().textContent()
  }

  /** By keyboard. */
  async function press(name: string): Promise<void> {
    await page.getByRole("button", { name, exact: true }).press("Enter")
  }

  function focusOn(element: Locator): Promise<void> {
    return element.and(page.locator(":focus")).waitFor()
  }

  function focusOnButton(name: string): Promise<void> {
    return focusOn(page.getByRole("button", { name, exact: true }))
  }

  /** The names of what takes the focus, in order. */
  async function tabThrough(most: number): Promise<string[]> {
    const names: string[] = []
    for (let step = 0; step < most; step++) {
      await page.keyboard.press("Tab")
      const name = await page.evaluate(() => {
        const element = document.activeElement
        if (!(element instanceof HTMLElement) || element === document.body) return undefined
        const label = element instanceof HTMLInputElement ? element.labels?.[0] : undefined
        const text = element.getAttribute("aria-label") ?? label?.textContent ?? element.textContent
        return element.matches("select, textarea") ? "field" : text?.trim()
      })
      if (name === undefined) break
      names.push(name)
    }
    return names
  }
})

/** What is said of an input beside its name. */
function described(input: Element): string | null | undefined {
  return document.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent
}

function afterFrames(): Promise<void> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(() => resolve())),
  )
}

/** Each pulse that is rendered from now on, up to one that is this far. */
function shownPulses(until: number): Promise<number[]> {
  return new Promise((resolve) => {
    const numbers: number[] = []
    const cores = document.querySelector("[data-pulse]")
    if (!cores) return
    const observer = new MutationObserver(() => {
      numbers.push(Number(cores.getAttribute("data-pulse")))
      if ((numbers.at(-1) ?? 0) < until) return
      observer.disconnect()
      resolve(numbers)
    })
    observer.observe(cores, { attributeFilter: ["data-pulse"] })
  })
}

/** Keeps with each chart what is written in it, and from where to where. */
function recordTexts(): void {
  const { prototype } = CanvasRenderingContext2D
  const { clearRect, fillText } = prototype
  prototype.clearRect = function (...box) {
    this.canvas.dataset["texts"] = "[]"
    clearRect.apply(this, box)
  }
  prototype.fillText = function (text, x, y) {
    const half = this.measureText(text).width / 2
    const texts = JSON.parse(this.canvas.dataset["texts"] ?? "[]")
    texts.push({ text, left: x - half, right: x + half })
    this.canvas.dataset["texts"] = JSON.stringify(texts)
    fillText.call(this, text, x, y)
  }
}

/** Charts whose times are fewer than two, stand one upon another or are cut off. */
function illegibleTimes(): string[] {
  const canvases = [...document.querySelectorAll("canvas")]
  const charts = canvases.map(({ width, dataset }) => ({
    width,
    times: JSON.parse(dataset["texts"] ?? "[]").filter(({ text }: { text: string }) =>
      /^\d\d:\d\d/.test(text),
    ),
  }))
  const bad = charts.filter(
    ({ width, times }) =>
      times.length < 2 ||
      times.some(
        ({ left, right }: { left: number; right: number }, index: number) =>
          left < 0 || right > width || right + 4 > (times[index + 1]?.left ?? Infinity),
      ),
  )
  return charts.length < 5 ? ["a chart is missing"] : bad.map((chart) => JSON.stringify(chart))
}

/** What is wider than the screen, where nothing may be. */
function overflowing(): string[] {
  const { scrollWidth } = document.documentElement
  if (scrollWidth <= innerWidth) return []
  const wide = [...document.body.querySelectorAll("*")].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1,
  )
  return wide.map((element) => `${element.tagName} ${element.className}`)
}
