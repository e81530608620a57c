import { expect, test } from "vitest"
import { read } from "../support/repository.js"

/* Whatever code somebody sees stands in the guide, with what to do. */

const errors = read("docs/errors.md").text
const guide = read("docs/guides/troubleshooting.md").text

/** The text between a heading of the second level and the next. */
function sectionOf(text: string, heading: string): string {
  return text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? ""
}

function firstCellsOf(section: string): readonly string[] {
  const rows = section.split("\n").filter((line) => line.startsWith("| "))
  return rows.map((row) => row.split("|")[1]?.trim() ?? "").slice(2)
}

/** `1000, 1001, 1011 to 1013`, each by itself. */
function numbersOf(cell: string): readonly number[] {
  return cell.split(", ").flatMap((part) => {
    const [from = 0, to = from] = part.split(" to ").map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

test("every reserved code, in the order of the reference", () => {
  const codes = firstCellsOf(sectionOf(errors, "Reserved codes")).map((code) =>
    code.replaceAll("`", ""),
  )
  expect(codes).toContain("OUTCOME_UNKNOWN")
  const parts = sectionOf(guide, "Errors").split("\n### ").slice(1)
  expect(parts.map((part) => part.split("\n")[0])).toEqual(codes)
  for (const part of parts) expect(part).toMatch(/\*\*You see\*\*.*\*\*It is\*\*.*\*\*Do\*\*/s)
})

test("every close code", () => {
  const known = firstCellsOf(sectionOf(errors, "Close codes")).flatMap(numbersOf)
  expect(known).toContain(4429)
  const shown = firstCellsOf(sectionOf(guide, "Close codes")).flatMap(numbersOf)
  expect([...shown].sort()).toEqual([...known].sort())
})
