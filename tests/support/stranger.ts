import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { command } from "./command.js"
import { root } from "./repository.js"

/** What we use of a package's description. */
export interface Manifest {
  readonly packageManager?: string
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  /** Optional ones too: a stranger who imports all has installed all. */
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"))
}

/**
 * A project of somebody else, who has installed our packages as they would be published. It is far
 * from this repository, so it finds nothing of ours that was not packed.
 */
export class Stranger {
  readonly folder: string
  readonly #tarballs: ReadonlyMap<string, string>

  private constructor(folder: string, tarballs: ReadonlyMap<string, string>) {
    this.folder = folder
    this.#tarballs = tarballs
  }

  static async install(names: readonly string[]): Promise<Stranger> {
    const folder = await mkdtemp(join(tmpdir(), "stranger-"))
    const stranger = new Stranger(folder, await pack(names, join(folder, "tarballs")))
    for (const name of names) await stranger.#install(name)
    await stranger.#link("@types/node", root)
    await stranger.#link("zod", join(root, "packages", "contract"))
    return stranger
  }

  /** The package as a file, as the registry gets it. */
  tarballOf(name: string): string {
    return this.#tarballs.get(name) ?? "never packed"
  }

  /** Where the package is installed. */
  folderOf(name: string): string {
    return join(this.folder, "node_modules", "@trunkline", name)
  }

  /** What is in the package. */
  async filesOf(name: string): Promise<readonly string[]> {
    const folder = this.folderOf(name)
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true })
  }

  async #install(name: string): Promise<void> {
    await mkdir(dirname(this.folderOf(name)), { recursive: true })
    await command("tar", ["-xzf", this.tarballOf(name), "-C", this.folder])
    await rename(join(this.folder, "package"), this.folderOf(name))
    const { dependencies, peerDependencies } = await manifestIn(this.folderOf(name))
    for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
      if (dependency.startsWith("@trunkline/")) continue
      await this.#link(dependency, join(root, "packages", name))
    }
  }

  /** Installs what comes from elsewhere: as it is installed here. */
  async #link(dependency: string, from: string): Promise<void> {
    const place = join(this.folder, "node_modules", dependency)
    await mkdir(dirname(place), { recursive: true })
    await rm(place, { force: true })
    await symlink(join(from, "node_modules", dependency), place, "junction")
  }
}

async function pack(names: readonly string[], to: string): Promise<ReadonlyMap<string, string>> {
  const { packageManager = "pnpm" } = await manifestIn(root)
  const ours = ["--filter", "./packages/*"]
  await command("npx", ["--yes", packageManager, ...ours, "pack", "--pack-destination", to])
  const files = await readdir(to)
  return new Map(
    names.map((name) => [
      name,
      join(to, files.find((file) => file.startsWith(`trunkline-${name}-`)) ?? ""),
    ]),
  )
}
