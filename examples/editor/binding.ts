import type * as Y from "yjs"

/** A text field that shows what is in the document, and writes into it what is typed. */
export function bind(field: HTMLTextAreaElement, text: Y.Text): void {
  field.addEventListener("input", () => {
    const { from, gone, come } = changeOf(text.toString(), field.value)
    text.doc?.transact(() => {
      text.delete(from, gone)
      text.insert(from, come)
    }, field)
  })
  text.observe(({ delta }, { origin }) => {
    if (origin === field) return
    const { selectionStart, selectionEnd } = field
    field.value = text.toString()
    field.setSelectionRange(moved(selectionStart, delta), moved(selectionEnd, delta))
  })
}

/** What has to be done to a text to make another of it. */
export interface Change {
  readonly from: number
  /** Characters that are gone. */
  readonly gone: number
  readonly come: string
}

/** One change in one place, as typing and pasting make. */
export function changeOf(before: string, after: string): Change {
  const most = Math.min(before.length, after.length)
  let from = 0
  while (from < most && before[from] === after[from]) from++
  // Half of a character is none.
  if (isFirstHalf(before.charCodeAt(from - 1))) from--
  let same = 0
  while (same < most - from && before.at(-1 - same) === after.at(-1 - same)) same++
  if (isSecondHalf(before.charCodeAt(before.length - same))) same--
  return {
    from,
    gone: before.length - same - from,
    come: after.slice(from, after.length - same),
  }
}

/** Where a caret stands when others have written before it. */
export function moved(caret: number, delta: Y.YTextEvent["delta"]): number {
  let at = 0
  let place = caret
  for (const { retain = 0, insert, delete: gone = 0 } of delta) {
    const come = typeof insert === "string" ? insert.length : 0
    if (at + retain < place) place += come - Math.min(gone, place - at - retain)
    at += retain + come
  }
  return place
}

function isFirstHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

function isSecondHalf(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
