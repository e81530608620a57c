/** One thing that happened, for whatever logger the application has. Payloads and secrets are never in it. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
  /** Session and channel, where the entry is about a call or stream. */
  readonly correlationId?: string | undefined
  readonly session?: string | undefined
  readonly path?: string | undefined
  readonly error?: unknown
  readonly [detail: string]: unknown
}

export type Log = (entry: LogEntry) => void
