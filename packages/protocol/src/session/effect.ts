import type { Encoded } from "../codec/codec.js"
import type { OutgoingEvent } from "../flow/outgoing-event.js"
import type { GoAwayBody, Why } from "../frame.js"
import type { AcceptedChannel, Leaving, OpenedChannel, Outcome } from "./channel.js"

/** What a step of the session asks of its driver; carried out in order. */
export type Effect =
  | { readonly type: "transmit"; readonly wire: Encoded }
  /** Close the current socket. */
  | { readonly type: "disconnect"; readonly code: number; readonly reason: string }
  /** The other side opened a channel. */
  | { readonly type: "accept"; readonly channel: AcceptedChannel }
  | { readonly type: "settled"; readonly channel: OpenedChannel; readonly outcome: Outcome }
  | { readonly type: "readable"; readonly channel: OpenedChannel | AcceptedChannel }
  | { readonly type: "writable"; readonly channel: OpenedChannel | AcceptedChannel }
  | {
      readonly type: "cancelled"
      readonly channel: AcceptedChannel
      readonly code: Leaving
    }
  | { readonly type: "event"; readonly path: string; readonly input: unknown }
  /** Of all events sent from here, each has arrived or was counted as lost. */
  | { readonly type: "eventsSettled" }
  /** So many events sent from here are not proven to have arrived, and will not be. */
  | { readonly type: "eventsLost"; readonly count: number }
  /** Goes into the session that took over from this one. */
  | { readonly type: "displaced"; readonly entry: OpenedChannel | OutgoingEvent }
  /** The server is about to leave. */
  | { readonly type: "goaway"; readonly body: GoAwayBody }
  /** The client has another token. */
  | { readonly type: "auth"; readonly token: string }
  /** The server believed it; `exp`: for so many milliseconds. */
  | { readonly type: "authOk"; readonly exp: number | undefined }
  /** The session is over on this side. */
  | { readonly type: "over"; readonly end: SessionEnd }

/** Why a session ended here, and what is known of the other side's progress. */
export interface SessionEnd {
  /** `bye`: the other side took its leave. */
  readonly why: Why | "bye"
  /** The highest number that the other side has applied, where that is final. */
  readonly rx: number | undefined
  /** The breach, in words for a log. */
  readonly reason: string
}
