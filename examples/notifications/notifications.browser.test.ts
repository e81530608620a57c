import { connect, createClient } from "@trunkline/client"
import { afterAll, beforeAll, expect, it } from "vitest"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../tests/support/chromium.js"
import { Example, putLine } from "../test/example.js"
import { inbox } from "./contract.js"

describeInChromium("notifications", () => {
  let example: Example
  let browser: Browser

  beforeAll(async () => {
    example = await Example.start("notifications")
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it("are the same in every tab and on every device, across cuts, reloads and closed pages", async () => {
    const laptop = await browser.newContext()
    const first = await example.open(laptop)
    const second = await example.open(laptop)
    const phone = await example.open(await browser.newContext(), "?device=phone")
    await how(phone, "Loaded all; changes since then: 0.")

    await send(phone, "one")
    await send(phone, "two")
    for (const page of [first, second, phone]) await shows(page, "two", "one")
    await read(phone, "one")
    for (const page of [first, second, phone]) await shows(page, "two")

    await putLine(first, "Off")
    await send(second, "three")
    await read(first, "two")
    await shows(second, "three", "two")
    await shows(first, "two")
    await putLine(first, "Good")
    for (const page of [first, second, phone]) await shows(page, "three")

    await first.close()
    await second.close()
    await send(phone, "four")
    await read(phone, "three")
    await send(phone, "five")
    const again = await example.open(laptop)
    await shows(again, "five", "four")
    await how(again, "Continued from what this device had; changes since then: 3.")
    await again.reload()
    await shows(again, "five", "four")
    await how(again, "Continued from what this device had; changes since then: 0.")
    expect(await again.title()).toBe("(2) Notifications · Trunkline")
  })

  it("are each user's own", async () => {
    const grace = await example.open(await browser.newContext(), "?user=grace")
    await send(grace, "for alan", "alan")
    const connection = connect(new URL("rpc", example.url), { token: () => "grace" })
    const client = createClient(inbox, connection)
    const reading = client.unread({ user: "alan" }).events().next()
    await expect(reading).rejects.toMatchObject({ code: "FORBIDDEN" })
    await connection.close()
    await shows(grace)
  })
})

async function send(page: Page, text: string, to = "ada"): Promise<void> {
  await page.getByLabel("To").selectOption(to)
  await page.getByLabel("Text").fill(text)
  await page.getByRole("button", { name: "Send" }).click()
  await page.getByText(`Sent to ${to}.`).waitFor()
}

async function read(page: Page, text: string): Promise<void> {
  await page.getByRole("button", { name: `Read: ${text}` }).click()
}

async function shows(page: Page, ...texts: readonly string[]): Promise<void> {
  const notices = page.getByRole("list", { name: "Unread" }).getByRole("listitem").locator("p")
  const shown = () => notices.evaluateAll((all) => all.map((one) => one.firstChild?.textContent))
  await expect.poll(shown, { timeout: 15_000 }).toEqual(texts)
}

async function how(page: Page, text: string): Promise<void> {
  await page.getByText(text, { exact: true }).waitFor()
}
