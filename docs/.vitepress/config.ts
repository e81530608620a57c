import { defineConfig, type Plugin } from "vitepress"
import { anchorOf } from "./anchor.js"
import { rewriteLinks } from "./links.js"
import { sidebar } from "./sidebar.js"
import { pageOf } from "./site-map.js"

/** Pages outside of this folder find Vue nowhere; the script that renders them, which runs here, does. */
const vueFromHere: Plugin = {
  name: "vue-from-here",
  enforce: "pre",
  resolveId: (id, _, { ssr }) =>
    ssr && /^vue(\/server-renderer)?$/.test(id) ? { id, external: true } : undefined,
}

export default defineConfig({
  title: "Trunkline",
  description: "Typed calls and live streams over one WebSocket that heals itself",
  lang: "en",
  cleanUrls: true,
  // None: a browser would ask for one, in vain.
  head: [["link", { rel: "icon", href: "data:," }]],
  // The pages of packages and the start page stand beside this folder.
  srcDir: "..",
  srcExclude: [".changeset/**", "benchmarks/**", "**/dist/**", "examples/*/**"],
  outDir: "dist",
  cacheDir: "node_modules/.vite",
  rewrites: (path) => pageOf(path) ?? path,
  markdown: {
    anchor: { slugify: anchorOf },
    config: rewriteLinks,
  },
  vite: { plugins: [vueFromHere] },
  themeConfig: {
    nav: [
      { text: "Start", link: "/guides/start" },
      { text: "Guides", link: "/contents" },
      { text: "API", link: "/api/" },
      { text: "Errors", link: "/errors" },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
  },
})
