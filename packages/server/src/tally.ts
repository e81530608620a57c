/** What has not happened is left out. */
export type Counts<Name extends string> = { readonly [Key in Name]?: number }

/** How often each of a few things has happened. */
export class Tally<Name extends string> {
  readonly #counts = new Map<Name, number>()

  add(name: Name): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
