import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import {
  jsonCodec,
  readAnswer,
  readControl,
  readHello,
  readSequenced,
  rejectMessage,
  welcomeMessage,
} from "../src/index.js"
import { printers, renew } from "./printed.js"

const path = fileURLToPath(new URL("../../../docs/protocol.md", import.meta.url))
const document = readFileSync(path, "utf8")

describe("docs/protocol.md", () => {
  it("says what the source says; `vitest run printed -u` prints it anew", async () => {
    for (const name of Object.keys(printers)) {
      expect(document).toContain(`<!-- printed: ${name} -->`)
    }
    await expect(renew(document)).toMatchFileSnapshot(path)
  })

  it("has every section that a comment cites", () => {
    const headings = new Set([...document.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title))
    const cited = citations()
    expect(cited.length).toBeGreaterThan(30)
    for (const { title, file } of cited) expect(headings, file).toContain(title)
  })

  it("links to sections that exist", () => {
    const anchors = new Set(
      [...document.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, "")
          .replaceAll(" ", "-"),
      ),
    )
    for (const [, anchor] of document.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor)
  })

  const examples = [...document.matchAll(/^(C→S|S→C) +(\[.*\])(?: .*)?$/gm)].map(
    ([, way = "", message = ""]) => ({ way, message }),
  )

  it("has examples", () => expect(examples.length).toBeGreaterThan(30))

  it.each(examples)("$way $message can be read", ({ way, message }) => {
    const { value, revive } = jsonCodec.decode(message)
    const [first, ack, ...frames] = Array.isArray(value) ? value : []
    expect(Number.isSafeInteger(first) && Number.isSafeInteger(ack)).toBe(true)
    const [kind] = Object(frames[0] ?? [])
    if (first === 0 && kind === 1) {
      expect(way).toBe("C→S")
      expect(readHello(jsonCodec, message)).toBeDefined()
    } else if (first === 0 && (kind === 2 || kind === 3)) {
      expect(way).toBe("S→C")
      const answer = readAnswer(jsonCodec, message)
      const write = kind === 2 ? welcomeMessage : rejectMessage
      expect(write(jsonCodec, Object(answer?.[1]))).toBe(message)
    } else {
      const read = first === 0 ? readControl : readSequenced
      for (const frame of frames) expect(read(frame, revive)).toBeDefined()
    }
  })
})

/** Titles after `docs/protocol.md,` in comments, which may go over several lines. */
function citations(): { title: string; file: string }[] {
  const packages = fileURLToPath(new URL("../../", import.meta.url))
  const files = readdirSync(packages).flatMap((name) =>
    readdirSync(`${packages}${name}/src`, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${name}/src/${file}`),
  )
  return files.flatMap((file) => {
    const text = readFileSync(packages + file, "utf8").replaceAll(/\n\s*(\*|\/\/) ?/g, " ")
    return [...text.matchAll(/docs\/protocol\.md, ((?:"[^"]+"(?:,? and |, )?)*)/g)].flatMap(
      ([citation, list = ""]) => {
        const titles = [...list.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title)
        return titles.length > 0
          ? titles.map((title) => ({ title, file }))
          : [{ title: citation, file }]
      },
    )
  })
}
