import { describe, expect, test } from "vitest"
import { run } from "./support/program.js"

describe("a process ends by itself when the", () => {
  test.each([
    "client closes first",
    "client aborts",
    "server closes first",
    "client is closed while it waits",
    "server drains",
    "client is closed while it looks for another server",
    "client never got a line",
  ])("%s", async (way) => {
    const { code, signal, output } = await run("ends", way)
    expect({ code, signal, output }).toMatchObject({ code: 0, signal: null })
    expect(output).toContain('"sessions":0')
  })
})
