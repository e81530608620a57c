import type { BrokerEntry } from "@trunkline/server"

/** An entry with what its engine knows of it. */
export interface ModelEntry extends BrokerEntry {
  readonly position: number
}

/** A place in a log. */
export interface ModelPlace {
  readonly position: number
  readonly cursor: string
}

/** One topic as an engine keeps it, or as a lagging node still sees it. */
export class ModelLog {
  /** The place before the oldest entry. */
  base: ModelPlace
  entries: ModelEntry[] = []

  constructor(base: ModelPlace) {
    this.base = base
  }

  get tip(): ModelPlace {
    return this.entries.at(-1) ?? this.base
  }

  /** How many of its entries lie behind a cursor that is still here. */
  after(cursor: string): number | undefined {
    if (cursor === this.base.cursor) return 0
    const found = this.entries.findIndex((entry) => entry.cursor === cursor)
    return found < 0 ? undefined : found + 1
  }

  copy(): ModelLog {
    const copy = new ModelLog(this.base)
    copy.entries = [...this.entries]
    return copy
  }
}
