import { describe, expect, it } from "vitest"
import * as Y from "yjs"
import { changeOf, moved } from "./binding.js"

describe("a change of a text", () => {
  it.each([
    ["", "a", { from: 0, gone: 0, come: "a" }],
    ["ab", "axb", { from: 1, gone: 0, come: "x" }],
    ["axb", "ab", { from: 1, gone: 1, come: "" }],
    ["aa", "aaa", { from: 2, gone: 0, come: "a" }],
    ["one two", "one too two", { from: 5, gone: 0, come: "oo t" }],
    ["😀", "😁", { from: 0, gone: 2, come: "😁" }],
    ["a😀b", "a🤀b", { from: 1, gone: 2, come: "🤀" }],
    ["same", "same", { from: 4, gone: 0, come: "" }],
  ])("from %j to %j", (before, after, change) => {
    const { from, gone, come } = changeOf(before, after)
    expect(before.slice(0, from) + come + before.slice(from + gone)).toBe(after)
    expect({ from, gone, come }).toEqual(change)
  })
})

it.each([
  ["behind what came before it", 3, (text: Y.Text) => text.insert(0, "xy"), 5],
  ["before what came behind it", 3, (text: Y.Text) => text.insert(5, "xy"), 3],
  ["before what came right there", 3, (text: Y.Text) => text.insert(3, "xy"), 3],
  ["nearer when something before it is gone", 3, (text: Y.Text) => text.delete(0, 2), 1],
  ["where a hole is around it", 3, (text: Y.Text) => text.delete(1, 4), 1],
])("the caret stays %s", (_, caret, write, expected) => {
  const text = new Y.Doc().getText()
  text.insert(0, "abcdef")
  const carets: number[] = []
  text.observe(({ delta }) => carets.push(moved(caret, delta)))
  write(text)
  expect(carets).toEqual([expected])
})
