import type { Executed } from "@trunkline/client"

interface Failed {
  readonly code: string
  readonly executed: Executed
}

/** In words, what a reader can do about it. `VALIDATION` is told at the fields. */
export function failureText(error: Failed | undefined): string | undefined {
  if (!error) return undefined
  switch (error.code) {
    case "VALIDATION":
      return undefined
    case "OUTCOME_UNKNOWN":
      return "The line was lost before the answer came. Look whether it was done."
    case "TIMEOUT":
      return error.executed === "no" ? "The line is down. Nothing was done." : "No answer in time."
    default:
      return `Refused: ${error.code}`
  }
}
