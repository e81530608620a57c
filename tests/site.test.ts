import { readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { pageOf } from "../docs/.vitepress/site-map.js"
import { node } from "./support/command.js"
import { root, trackedPaths } from "./support/repository.js"
import { manifestIn } from "./support/stranger.js"

/* The pages of `docs` as a site: what `npm run docs` makes. */

const folder = join(root, "docs")
const built = join(folder, "dist")

/** What a browser gets, by its path in the site. */
type Site = ReadonlyMap<string, string>
let site: Site

beforeAll(async () => {
  await node(["node_modules/typedoc/bin/typedoc"], folder)
  // It fails for a link to a page that is not there.
  await node(["node_modules/vitepress/bin/vitepress.js", "build"], folder)
  const files = readdirSync(built, { recursive: true, encoding: "utf8" })
  const texts = files.filter((file) => /\.(html|css|js)$/.test(file))
  site = new Map(
    texts.map((file) => [file.replaceAll("\\", "/"), readFileSync(join(built, file), "utf8")]),
  )
}, 240_000)

describe("the site", () => {
  it("has every page of the documentation", () => {
    const pages = trackedPaths().filter((path) => /^(docs\/|README).*\.md$/.test(path))
    expect(pages.length).toBeGreaterThan(50)
    const missing = pages.filter((path) => !site.has(htmlOf(pageOf(path) ?? path)))
    expect(missing).toEqual([])
  })

  it("leads to every guide from its side", () => {
    const side = linksOf(site.get("index.html") ?? "")
    const guides = [...site.keys()].filter((path) => path.startsWith("guides/"))
    expect(guides.length).toBeGreaterThan(9)
    expect(guides.filter((path) => !side.includes(`/${path.replace(".html", "")}`))).toEqual([])
  })

  it("has a reference of every entry that users import", async () => {
    const beneath = ["protocol", "transport", "endpoint"]
    const names = readdirSync(join(root, "packages")).filter((name) => !beneath.includes(name))
    const manifests = await Promise.all(
      names.map((name) => manifestIn(join(root, "packages", name))),
    )
    const entries = names.flatMap((name, at) =>
      Object.keys(manifests[at]?.exports ?? {}).map((path) => posix.join(name, path)),
    )
    expect(entries).toEqual(expect.arrayContaining(["server/node", "react/tanstack-query"]))
    expect(entries.filter((entry) => !site.has(`api/${entry}.html`))).toEqual([])
    expect(site.get("api/client.html")).toContain("calls made before the")
  })

  it("has no link that leads nowhere", () => {
    expect(deadLinks(site)).toEqual([])
  })

  it("loads nothing from elsewhere", () => {
    expect(foreignLoads(site)).toEqual([])
  })
})

describe("a check of the site", () => {
  const planted = (html: string): Site =>
    new Map([
      ["a/b.html", html],
      ["c.html", '<h2 id="d">'],
    ])

  it.each(["/x", "/c#x", "#x", "/a/c"])("finds %s to be a link that leads nowhere", (link) => {
    expect(deadLinks(planted(`<a href="${link}">`))).toHaveLength(1)
  })

  it.each(["/c", "/c#d", "/a/b", "https://zod.dev"])("finds nothing wrong with %s", (link) => {
    expect(deadLinks(planted(`<a href="${link}">`))).toEqual([])
  })

  it.each([
    '<script src="https://example.com/count.js">',
    '<link rel="preconnect" href="https://fonts.example.com">',
    '<img src="//example.com/pixel.png">',
    "@font-face{src:url(https://example.com/font.woff2)}",
    '@import "https://example.com/font.css";',
  ])("finds %s to load from elsewhere", (text) => {
    expect(foreignLoads(planted(text))).toHaveLength(1)
  })
})

function htmlOf(page: string): string {
  return page.replace(/\.md$/, ".html")
}

function linksOf(html: string): readonly string[] {
  const links = html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)
  return [...links].map(([, href = ""]) => decodeURI(href.replaceAll("&amp;", "&")))
}

function deadLinks(pages: Site): readonly string[] {
  const html = [...pages].filter(([path]) => path.endsWith(".html"))
  return html.flatMap(([path, text]) =>
    linksOf(text)
      .filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(pages, path, link))
      .map((link) => `${path} → ${link}`),
  )
}

function leadsSomewhere(pages: Site, from: string, link: string): boolean {
  const [file = "", anchor] = link.split("#")
  const path = file === "" ? from : posix.resolve(posix.dirname(`/${from}`), file).slice(1)
  const places = [path, `${path}.html`, posix.join(path, "index.html")]
  const target = file === "/" ? "index.html" : places.find((place) => pages.has(place))
  if (target === undefined) return /\.(png|svg|json)$/.test(path)
  return (
    anchor === undefined || anchor === "" || pages.get(target)?.includes(`id="${anchor}"`) === true
  )
}

/** Whatever a browser fetches without being asked; links are followed by readers. */
function foreignLoads(pages: Site): readonly string[] {
  const loads =
    /<(?:script|img|source|iframe)\b[^>]*\ssrc(?:set)?="(?:https?:)?\/\/[^"]*|<link\b[^>]*\shref="(?:https?:)?\/\/[^"]*|url\(["']?(?:https?:)?\/\/[^)]*|@import ["']https?:[^"']*/g
  return [...pages].flatMap(([path, text]) =>
    path.endsWith(".js") ? [] : [...text.matchAll(loads)].map(([load]) => `${path}: ${load}`),
  )
}
