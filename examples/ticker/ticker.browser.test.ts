import { afterAll, beforeAll, expect, it } from "vitest"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../tests/support/chromium.js"
import { Example, putLine } from "../test/example.js"

describeInChromium("ticker", () => {
  let example: Example
  let browser: Browser

  beforeAll(async () => {
    example = await Example.start("ticker")
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it("keeps a slow phone current with a part of the changes, across a cut", async () => {
    const page = await example.open(await browser.newContext())
    await exceeds(page, "#phone .received", 0)
    await exceeds(page, "#phone .left-out", 0)

    await putLine(page, "Off", "#phone")
    await exceeds(page, "#desk .received", (await number(page, "#desk .received")) + 3_000)
    await putLine(page, "Slow", "#phone")
    const before = await number(page, "#phone .received")
    await exceeds(page, "#phone .received", before + 500)

    await page.getByRole("button", { name: "Halt the market" }).click()
    await exceeds(page, "#same", 9_999)
    const phone = await number(page, "#phone .received")
    expect(phone).toBeLessThan(await number(page, "#desk .received"))

    await page.getByRole("button", { name: "Open the market" }).click()
    await exceeds(page, "#phone .received", phone)
  }, 60_000)
})

async function number(page: Page, place: string): Promise<number> {
  return Number((await page.locator(place).textContent())?.replaceAll(",", ""))
}

async function exceeds(page: Page, place: string, least: number): Promise<void> {
  await expect.poll(() => number(page, place), { timeout: 30_000 }).toBeGreaterThan(least)
}
