import { readFileSync } from "node:fs"
import type { DefaultTheme } from "vitepress"
import { linkOf } from "./site-map.js"

const contents = readFileSync(new URL("../README.md", import.meta.url), "utf8")

/** The contents page: its sections, and in each the pages of its table. */
export const sidebar: DefaultTheme.SidebarItem[] = contents
  .split("\n## ")
  .slice(1)
  .map((section) => ({ text: section.split("\n")[0] ?? "", items: pagesOf(section) }))

function pagesOf(section: string): DefaultTheme.SidebarItem[] {
  const pages = [...section.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm)].map(
    ([, text = "", href = ""]) => ({ text, link: linkOf("docs/README.md", href) ?? "" }),
  )
  return section.startsWith("Reference") ? [{ text: "API", link: "/api/" }, ...pages] : pages
}
