import { isRpcError } from "@trunkline/client"
import type { Idempotency } from "@trunkline/contract"

/** Attempts after the first. */
const mostRetries = 3

/** Failures that may pass by themselves. */
const passing = ["REFUSED", "BUSY", "UNAVAILABLE", "TIMEOUT", "OFFLINE_QUEUE_FULL"]
/** The same of what ran, or may have run. */
const doubtful = [...passing, "OUTCOME_UNKNOWN", "RESULT_LOST", "INTERNAL"]

/** Whether to try again after so many failures. */
export type Retry = (failures: number, error: unknown) => boolean

/**
 * A call is made again if its handler was never entered, or if running it twice does no harm. Another call
 * has another key, so that `"key"` is no licence.
 */
export function retryOf(idempotency: Idempotency | undefined): Retry {
  const licensed = idempotency === "safe" || idempotency === "idempotent"
  return (failures, error) => {
    if (failures >= mostRetries || !isRpcError(error)) return false
    return error.executed === "no"
      ? passing.includes(error.code)
      : licensed && doubtful.includes(error.code)
  }
}
