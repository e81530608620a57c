import { RpcError } from "@trunkline/contract"
import type { Failure, OpenedChannel } from "@trunkline/protocol"
import type { Line } from "./line.js"

/** The error that a caller sees. */
export function toError(line: Line, failure: Failure, channel?: OpenedChannel): RpcError {
  const correlationId = channel && line.correlationId(channel)
  return new RpcError(failure.code, { ...failure, correlationId })
}
