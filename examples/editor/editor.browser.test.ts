import { connect, createClient } from "@trunkline/client"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Y from "yjs"
import {
  type Browser,
  describeInChromium,
  launchChromium,
  type Page,
} from "../../tests/support/chromium.js"
import { Example, putLine } from "../test/example.js"
import { editor, mostBytes } from "./contract.js"

describeInChromium("editor", () => {
  let example: Example
  let browser: Browser

  beforeAll(async () => {
    example = await Example.start("editor")
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it("comes to the same text when both were offline, and after a restart of the server", async () => {
    const left = await example.open(await browser.newContext())
    const right = await example.open(await browser.newContext())
    await write(left, "End", "The middle.")
    await holds(right, "The middle.")

    await putLine(left, "Off")
    await putLine(right, "Off")
    await write(left, "Home", "The beginning. ")
    await write(right, "End", " The end.")
    await holds(left, "The beginning. The middle.")
    await holds(right, "The middle. The end.")
    await putLine(left, "Good")
    await putLine(right, "Good")
    const whole = "The beginning. The middle. The end."
    for (const page of [left, right]) await holds(page, whole)

    // Where somebody is writing stays where it is while others write before it.
    await write(right, "Home", "So: ")
    await holds(left, `So: ${whole}`)
    await left.getByRole("textbox").focus()
    await left.keyboard.type("Here. ")
    const both = "So: The beginning. Here. The middle. The end."
    for (const page of [left, right]) await holds(page, both)

    await example.restart()
    await write(left, "End", " And on.")
    for (const page of [left, right]) await holds(page, `${both} And on.`)
    const third = await example.open(await browser.newContext())
    await holds(third, `${both} And on.`)
  })

  it("refuses bytes that are no update, and more than the document takes", async () => {
    const long = new Y.Doc()
    long.getText().insert(0, "x".repeat(mostBytes))
    const connection = connect(new URL("rpc", example.url))
    const client = createClient(editor, connection)
    for (const [update, code] of [
      [new Uint8Array([255, 255, 255]), "VALIDATION"],
      [Y.encodeStateAsUpdate(long), "FULL"],
    ] as const) {
      const document = client.document()
      await document.send(update)
      await expect(last(document)).rejects.toMatchObject({ code })
    }
    await connection.close()
  })
})

async function last(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

async function write(page: Page, where: "Home" | "End", text: string): Promise<void> {
  const document = page.getByRole("textbox", { name: "Document" })
  await document.press(`Control+${where}`)
  await page.keyboard.type(text)
}

async function holds(page: Page, text: string): Promise<void> {
  const document = page.getByRole("textbox", { name: "Document" })
  await expect.poll(() => document.inputValue(), { timeout: 15_000 }).toBe(text)
}
