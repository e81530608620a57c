import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Converter } from "typedoc"

/*
 * The reference: a page for each entry that users import, made from its docstrings. What is beneath
 * them has pages of its own, written for readers of the code.
 */
const beneath = ["protocol", "transport", "endpoint"]

const packages = new URL("../packages/", import.meta.url)

/** Each entry as users write it, and its source. */
const entries = readdirSync(packages)
  .filter((folder) => !beneath.includes(folder))
  .flatMap((folder) => {
    const manifest = new URL(`${folder}/package.json`, packages)
    const { name, exports } = JSON.parse(readFileSync(manifest, "utf8"))
    return Object.entries(exports).map(([path, { "@trunkline/source": source }]) => ({
      entry: name + path.slice(1),
      file: fileURLToPath(new URL(source, manifest)),
    }))
  })

/** Pages are called as their entries are, and not by the paths of their sources. */
function nameEntries(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, module) => {
    const file = context.getSymbolFromReflection(module)?.declarations?.[0]?.fileName
    const found = module.parent?.isProject() && entries.find((entry) => entry.file === file)
    if (found) module.name = found.entry
  })
}

/** @type {Partial<import("typedoc").TypeDocOptions & import("typedoc-plugin-markdown").PluginOptions>} */
export default {
  plugin: ["typedoc-plugin-markdown", nameEntries],
  name: "API",
  tsconfig: "tsconfig.json",
  entryPoints: entries.map(({ file }) => file),
  out: "api",
  readme: "none",
  router: "module",
  excludeScopesInPaths: true,
  entryFileName: "index",
  disableSources: true,
  excludeExternals: true,
  // The build has checked the types, by another compiler.
  skipErrorChecking: true,
  useHTMLAnchors: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  groupOrder: ["Functions", "Classes", "Interfaces", "*"],
  parametersFormat: "table",
}
