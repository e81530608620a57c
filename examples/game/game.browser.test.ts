import { afterAll, beforeAll, expect, it } from "vitest"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../tests/support/chromium.js"
import { Example, putLine } from "../test/example.js"

describeInChromium("game", () => {
  let example: Example
  let browser: Browser

  beforeAll(async () => {
    example = await Example.start("game")
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it("shows two players one world, and who was cut off the newest of it", async () => {
    const teal = await example.open(await browser.newContext())
    await teal.getByText("You are Teal.").waitFor()
    const amber = await example.open(await browser.newContext())
    await amber.getByText("You are Amber.").waitFor()

    // From edge to edge: wherever a player began, it has moved.
    await teal.keyboard.down("ArrowDown")
    await amber.keyboard.down("ArrowUp")
    for (const page of [teal, amber]) {
      await arrives(page, "Teal", "86")
      await arrives(page, "Amber", "4")
    }
    await teal.keyboard.up("ArrowDown")
    await amber.keyboard.up("ArrowUp")

    await putLine(teal, "Off")
    const { tick: cut } = await ticks(teal)
    await teal.keyboard.down("ArrowUp")
    await amber.keyboard.down("ArrowDown")
    await arrives(amber, "Amber", "86")
    expect(await height(amber, "Teal")).toBe("86")
    expect(await height(teal, "Amber")).toBe("4")
    const { tick: missed } = await ticks(amber)
    await putLine(teal, "Good")
    // What was steered without a line has arrived, and nobody joined anew.
    for (const page of [teal, amber]) await arrives(page, "Teal", "4")
    await arrives(teal, "Amber", "86")
    expect(await teal.getByRole("list", { name: "Coins" }).getByRole("listitem").count()).toBe(2)
    const now = await ticks(teal)
    expect(now.tick).toBeGreaterThan(missed)
    // Of the ticks in between hardly any was shown: at most two were on their way.
    await expect
      .poll(async () => (await ticks(teal)).leftOut)
      .toBeGreaterThanOrEqual(missed - cut - 4)

    await amber.close({ runBeforeUnload: true })
    await teal.getByText(/^Amber/).waitFor({ state: "detached" })
  })
})

async function height(page: Page, name: string): Promise<string | undefined> {
  const row = page.getByRole("list", { name: "Coins" }).getByText(name)
  return (await row.getAttribute("data-place"))?.split(",")[1]
}

async function arrives(page: Page, name: string, where: string): Promise<void> {
  await expect.poll(() => height(page, name), { timeout: 15_000 }).toBe(where)
}

async function ticks(page: Page) {
  const text = (await page.locator("#ticks").textContent()) ?? ""
  const [tick = 0, shown = 0, leftOut = 0] = (text.match(/\d+/g) ?? []).map(Number)
  return { tick, shown, leftOut }
}
