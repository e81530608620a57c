import type { LogEntry } from "@trunkline/server"

/** A log that can be asked, and waited for. */
export class LogBook {
  readonly entries: LogEntry[] = []
  #written: () => void = () => {}

  readonly log = (entry: LogEntry): void => {
    this.entries.push(entry)
    this.#written()
  }

  /** The first entry that has these details, as soon as there is one. */
  async find(details: Readonly<Record<string, unknown>>): Promise<LogEntry> {
    for (;;) {
      const found = this.entries.find((entry) =>
        Object.entries(details).every(([key, value]) => entry[key] === value),
      )
      if (found) return found
      await new Promise<void>((resolve) => {
        this.#written = resolve
      })
    }
  }
}
