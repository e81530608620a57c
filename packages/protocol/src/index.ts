/**
 * How it is spoken: the pure core of Trunkline. Frames, codecs, limits and the session; no clock, no
 * randomness, no I/O. Users import `@trunkline/client` or `@trunkline/server` instead.
 *
 * Its numbers are entries of their own, so that a bundle takes only those that it uses: `./limits`,
 * `./durations`, `./close-codes`, `./frame-kinds`.
 */
export type { BackoffOptions } from "./backoff.js"
export { backoff, defaultBackoff, withinRange } from "./backoff.js"
export { Bucket } from "./bucket.js"
export { canonicalText } from "./canonical.js"
export type {
  CalleeSide,
  CallerSide,
  ChannelEvent,
  ChannelState,
  Kind,
  Leaving,
  Observation,
  OpenRequest,
  Outcome,
} from "./channel.js"
export { AcceptedChannel, channelMoves, OpenedChannel } from "./channel.js"
export type { Codec, Encoded } from "./codec.js"
export { jsonCodec } from "./codec-json.js"
export { msgpackCodec } from "./codec-msgpack.js"
export { Context } from "./context.js"
export type { Effect, SessionEnd } from "./effect.js"
export type { Failure, ReservedCode } from "./error-code.js"
export { errorCodes, licensesRetry } from "./error-code.js"
export type * from "./frame.js"
export type { Half } from "./half.js"
export type { Role } from "./heartbeat.js"
export { helloMessage } from "./hello.js"
export type { Arrival, ArrivedItem, ArrivedNote, Inflow } from "./inflow.js"
export type { Policy } from "./lane.js"
export type { Loss } from "./loss.js"
export { NothingServed } from "./nothing-served.js"
export type { QueueBounds } from "./open-line.js"
export type { OutgoingEvent } from "./outgoing-event.js"
export { ownLimits } from "./own-limits.js"
export type { Rate, RateLimits } from "./rates.js"
export { Rates } from "./rates.js"
export { readControl } from "./read-control.js"
export { readHello } from "./read-hello.js"
export { readSequenced } from "./read-sequenced.js"
export { Serving } from "./serving.js"
export type { Attachment, SessionCounters, SessionOptions } from "./session.js"
export { Session } from "./session.js"
export { isCursor } from "./shape.js"
export type { Moves } from "./table.js"
export type { Utf8 } from "./utf8.js"
export { Unencodable, Violation } from "./violation.js"
export { readAnswer, rejectMessage, rejectSubprotocol, welcomeMessage } from "./welcome.js"
