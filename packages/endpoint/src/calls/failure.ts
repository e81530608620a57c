import { RpcError } from "@trunkline/contract"
import type { Failure, OpenedChannel } from "@trunkline/protocol"
import { issueText } from "../issue-text.js"
import type { Line } from "../line.js"

/** How a call or stream failed, seen from its caller's side. */
export interface CallerFailure extends Failure {
  /** What its caller did not know, for the message. */
  readonly why?: string | undefined
  /** What the caller's own code threw. */
  readonly cause?: unknown
}

/** The error that a caller sees: with the words of whoever failed, or else the path, the code and why. */
export function toError(
  line: Line,
  path: string,
  failure: CallerFailure,
  channel?: OpenedChannel,
): RpcError {
  const { code, message = code, why = whyOf(line, failure, channel) } = failure
  const told = [path, code, why].filter(Boolean).join(": ")
  return new RpcError(code, {
    ...failure,
    message: message && message !== code ? message : told,
    correlationId: channel && line.correlationId(channel),
  })
}

function neverSent({ trouble }: Line): string {
  return `it waited for the line and was never sent${trouble ? ` (${trouble})` : ""}`
}

/** What can be told of a failure that came without words. */
function whyOf(
  line: Line,
  failure: Failure,
  channel: OpenedChannel | undefined,
): string | undefined {
  const { code, data, message, executed } = failure
  if (message) return undefined
  if (code === "CLOSED") return line.farewell
  if (code === "TIMEOUT" && executed === "no" && channel?.id === 0) return neverSent(line)
  if (code !== "VALIDATION") return undefined
  // Whoever finds fault with an input says where; the session has no words for what it refuses.
  return data ? issueText(data) : misfitOf(channel)
}

/** What came back may have told what the procedure is. */
function misfitOf(channel: OpenedChannel | undefined): string {
  const known = channel && channel.kind !== channel.request.kind
  return known ? `its kind is ${channel.kind}` : "another kind of procedure, or no cursor"
}
