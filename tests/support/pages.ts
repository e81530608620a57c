import { mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { codeBlocksOf } from "./markdown.js"
import { root, type Text } from "./repository.js"

/**
 * Writes the TypeScript of a page to files. A block whose first line is a comment with a file's name
 * gets that name, so that others may import it.
 */
export async function writeCode(page: Text, folder: string): Promise<void> {
  const blocks = codeBlocksOf(page).filter(({ language }) => /^tsx?$/.test(language))
  for (const [index, { code, language }] of blocks.entries()) {
    const name = /^\/\/ (?:.*\/)?([\w.-]+\.tsx?)$/m.exec(code.split("\n")[0] ?? "")?.[1]
    const other = `${page.path.replace(/\W/g, "-")}-${index}.${language}`
    const file = join(folder, name ?? other)
    await mkdir(dirname(file), { recursive: true })
    // Each block is a module of its own, also one that imports nothing.
    await writeFile(file, `${code}\nexport {}\n`)
  }
}

/** Writes a page's code where a test can import it; each test file has a folder of its own. */
export async function runnable(page: Text, folder: string): Promise<string> {
  const place = join(root, "build/pages", folder)
  await rm(place, { recursive: true, force: true })
  await writeCode(page, place)
  return place
}
