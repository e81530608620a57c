import type { Failure } from "../error-code.js"
import { Opening, type Outbox } from "../flow/outbox.js"
import type { Why } from "../frame.js"
import { reissues } from "../limits.js"
import type { OpenedChannel } from "./channel.js"

/** How a session ended for the channels that its client had opened in it. */
export interface Loss {
  /** The highest number that the lost session had applied; undefined: nothing is proven. */
  readonly rx: number | undefined
  /** The next session belongs to another principal. */
  readonly subjectChanged: boolean
  /** What the other side said of it, or closed with; undefined: nothing. */
  readonly why: Why | undefined
}

/** What becomes of a channel when its session is lost. */
export type Fate =
  /** It goes into the next session, as it is. */
  | "keep"
  /** It is issued anew: the lost session is proven not to have received it. */
  | "anew"
  /**
   * Likewise, and it counts for nothing: the fault was the line's. What never was answered might itself be
   * what breaks every line, as with a proxy that takes no large message.
   */
  | "unheard"
  /** It is issued anew, marked as doubtful. */
  | "doubt"
  | Failure

/**
 * The caller's side of the loss table (docs/protocol.md, "Session lost"): the first row that fits. What
 * may run twice is not decided here; the server applies its side of the table to what is in doubt.
 */
export function fateOf(channel: OpenedChannel, loss: Loss, outbox: Outbox): Fate {
  if (loss.subjectChanged) return fateUnderAnother(channel)
  if (channel.id === 0) return "keep"
  if (loss.why === "protocol" && loss.rx !== undefined && isPoison(channel, outbox, loss.rx)) {
    return { code: "PROTOCOL", executed: "no" }
  }
  const received = loss.rx === undefined || (channel.number > 0 && channel.number <= loss.rx)
  // What was sent in it cannot be sent again, and an upload in doubt never runs.
  if (channel.lane && (received || channel.doubt || channel.lane.credited)) {
    return { code: "STREAM_LOST", executed: "unknown" }
  }
  if (!received && loss.why === "expired" && channel.inflow) return "unheard"
  if (channel.reissues < reissues) return received ? "doubt" : "anew"
  return received || channel.doubt
    ? { code: "OUTCOME_UNKNOWN", executed: "unknown" }
    : { code: "UNAVAILABLE", executed: "no" }
}

/** Nothing is issued again for a user who did not ask for it. */
function fateUnderAnother(channel: OpenedChannel): Failure {
  if (channel.id === 0 && !channel.doubt) return { code: "CANCELLED", executed: "no" }
  if (channel.countsAsCall) return { code: "OUTCOME_UNKNOWN", executed: "unknown" }
  return { code: "PRINCIPAL_CHANGED", executed: "unknown" }
}

/** The poison rule: the frame that the other side stumbled over is never sent again. */
function isPoison(channel: OpenedChannel, outbox: Outbox, rx: number): boolean {
  const next = outbox.at(rx + 1)
  return next instanceof Opening && next.opener === channel
}
