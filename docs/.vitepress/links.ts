import type { MarkdownOptions } from "vitepress"
import { linkOf, pathInRepository } from "./site-map.js"

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0]
type Token = ReturnType<MarkdownIt["parse"]>[number]

/**
 * Links are written for the repository. In the site those to its pages lead to where they stand there;
 * of those to other files, to sources for instance, the text is left.
 */
export function rewriteLinks(markdown: MarkdownIt): void {
  markdown.core.ruler.push("links-of-the-site", ({ tokens, env }) => {
    const from = pathInRepository(env.realPath ?? env.path)
    for (const token of tokens) {
      if (token.children) rewrite(token.children, from)
      // The bundler takes a path without a dot for a package.
      if (token.type === "html_block") {
        token.content = token.content.replace(/\b(src|srcset)="(?=\w+\/)/g, '$1="./')
      }
    }
  })
}

function rewrite(tokens: Token[], from: string): void {
  let within = false
  for (const token of tokens) {
    if (token.type === "link_close" && !within) leaveOut(token)
    if (token.type !== "link_open") continue
    const href = token.attrGet("href") ?? ""
    const target = /^([a-z]+:|#)/.test(href) ? href : linkOf(from, href)
    within = target !== undefined
    if (target === undefined) leaveOut(token)
    else token.attrSet("href", target)
  }
}

function leaveOut(token: Token): void {
  token.type = "text"
  token.content = ""
}
