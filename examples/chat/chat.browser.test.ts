import { afterAll, beforeAll, expect, it } from "vitest"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../tests/support/chromium.js"
import { Example, putLine } from "../test/example.js"

describeInChromium("chat", () => {
  let example: Example
  let browser: Browser

  beforeAll(async () => {
    example = await Example.start("chat")
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it("says each message once, in one order for all, across cuts", async () => {
    const ada = await example.open(await browser.newContext(), "?name=ada")
    await say(ada, "first")
    await said(ada, "first")

    const grace = await example.open(await browser.newContext(), "?name=grace")
    await said(grace, "first")
    for (const page of [ada, grace]) expect(await people(page, 2)).toEqual(["ada", "grace"])
    await grace.getByRole("textbox", { name: "Message" }).pressSequentially("w")
    await ada.getByText("grace is typing").waitFor()

    await putLine(ada, "Off")
    await say(ada, "in the tunnel")
    await ada.getByRole("list", { name: "On their way" }).getByText("in the tunnel").waitFor()
    await say(grace, "meanwhile")
    await said(grace, "meanwhile")
    expect(await texts(ada)).toEqual(["first"])
    await putLine(ada, "Good")
    const before = ["first", "meanwhile", "in the tunnel"]
    for (const page of [ada, grace]) {
      await said(page, "in the tunnel")
      expect(await texts(page)).toEqual(before)
    }

    const numbers = Array.from({ length: 4 }, (_, at) => `number ${at}`)
    for (const text of numbers) {
      await say(ada, text)
      // Cut as it is on its way, there or back.
      await putLine(ada, "Off")
      await putLine(ada, "Good")
    }
    for (const page of [ada, grace]) {
      await said(page, "number 3")
      expect(await texts(page)).toEqual([...before, ...numbers])
    }
    const waiting = ada.getByRole("list", { name: "On their way" }).getByRole("listitem")
    await waiting.first().waitFor({ state: "detached" })
  })

  it("keeps rooms apart, and what is markup a text", async () => {
    const context = await browser.newContext()
    const lobby = await example.open(context, "?name=alan&room=Lobby")
    const garden = await example.open(context, "?name=alan&room=Garden")
    await say(garden, "<b>roses</b>")
    await said(garden, "<b>roses</b>")
    await say(lobby, "no roses here")
    await said(lobby, "no roses here")
    expect(await texts(garden)).toEqual(["<b>roses</b>"])
    expect(await texts(lobby)).not.toContain("<b>roses</b>")
    await garden.close({ runBeforeUnload: true })
  })

  it("asks who has no name", async () => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(example.url)
    await page.getByRole("textbox", { name: "Your name" }).fill("joan")
    await page.getByRole("button", { name: "Come in" }).click()
    await page.getByRole("list", { name: "People" }).getByText("joan").waitFor()
  })
})

async function say(page: Page, text: string): Promise<void> {
  const box = page.getByRole("textbox", { name: "Message" })
  await box.fill(text)
  await box.press("Enter")
}

async function said(page: Page, text: string): Promise<void> {
  await page.getByRole("log").getByText(text).waitFor()
}

/** What the page shows in its room, without who said it and when. */
function texts(page: Page): Promise<readonly (string | undefined)[]> {
  const messages = page.getByRole("log").getByRole("listitem")
  return messages.evaluateAll((all) => all.map((message) => message.lastChild?.textContent ?? ""))
}

async function people(page: Page, count: number): Promise<readonly string[]> {
  const list = page.getByRole("list", { name: "People" }).getByRole("listitem")
  await list.nth(count - 1).waitFor()
  return (await list.allTextContents()).sort()
}
