import { anchorOf } from "../../docs/.vitepress/anchor.js"
import type { Text } from "./repository.js"

export interface CodeBlock {
  readonly language: string
  readonly code: string
}

export function codeBlocksOf(file: Text): readonly CodeBlock[] {
  return [...file.text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(
    ([, language = "", code = ""]) => ({ language, code }),
  )
}

/** Where the links of a page lead, images and HTML's included; code has none. */
export function linksOf(file: Text): readonly string[] {
  const prose = file.text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "")
  const links = prose.matchAll(/\]\(([^)\s]+)[^)]*\)|\b(?:src|srcset|href)="([^"\s]+)"/g)
  return [...links].map(([, markdown, html]) => markdown ?? html ?? "")
}

/** What `#…` may name in a page, as GitHub makes it of the headings. */
export function anchorsOf(file: Text): ReadonlySet<string> {
  const headings = file.text.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm)
  const anchors = new Set<string>()
  for (const [, heading = ""] of headings) {
    const anchor = anchorOf(heading)
    let name = anchor
    for (let times = 1; anchors.has(name); times++) name = `${anchor}-${times}`
    anchors.add(name)
  }
  return anchors
}
