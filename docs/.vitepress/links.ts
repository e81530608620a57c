import { existsSync, statSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"
import type { MarkdownOptions } from "vitepress"
import { pageOf } from "./site-map.js"

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0]
type Token = ReturnType<MarkdownIt["parse"]>[number]

const root = fileURLToPath(new URL("../..", import.meta.url))

/**
 * Links are written for the repository. In the site those to its pages lead to where they stand there;
 * of those to other files, to sources for instance, the text is left.
 */
export function rewriteLinks(markdown: MarkdownIt): void {
  markdown.core.ruler.push("links-of-the-site", ({ tokens, env }) => {
    for (const token of tokens) {
      if (token.children) rewrite(token.children, pathOf(env))
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
    const target = /^([a-z]+:|#)/.test(href) ? href : targetOf(href, from)
    within = target !== undefined
    if (target === undefined) leaveOut(token)
    else token.attrSet("href", target)
  }
}

function leaveOut(token: Token): void {
  token.type = "text"
  token.content = ""
}

/** The page that a link of a file leads to, from the root of the site. */
function targetOf(href: string, from: string): string | undefined {
  const [file = "", anchor] = href.split("#")
  const path = posix.join(posix.dirname(from), decodeURI(file))
  const page = pageOf(isFolder(path) ? posix.join(path, "README.md") : path)
  if (page === undefined && existsSync(root + path)) return undefined
  // What is not there at all is left for the build to complain of.
  return `/${page ?? path}${anchor === undefined ? "" : `#${anchor}`}`
}

function isFolder(path: string): boolean {
  return existsSync(root + path) && statSync(root + path).isDirectory()
}

/** From the root of the repository, with forward slashes. */
function pathOf({ path, realPath }: { path: string; realPath?: string }): string {
  return posix.relative(root.replaceAll("\\", "/"), (realPath ?? path).replaceAll("\\", "/"))
}
