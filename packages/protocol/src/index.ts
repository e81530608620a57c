/**
 * How it is spoken: the pure core of Trunkline. Frames, codecs, limits and the session; no clock, no
 * randomness, no I/O. Users import `@trunkline/client` or `@trunkline/server` instead.
 *
 * Its numbers are entries of their own, so that a bundle takes only those that it uses: `./limits`,
 * `./durations`, `./close-codes`, `./frame-kinds`.
 */
export type { BackoffOptions } from "./backoff.js"
export { backoff, defaultBackoff, withinRange } from "./backoff.js"
export { canonicalText } from "./codec/canonical.js"
export type { Codec, Encoded } from "./codec/codec.js"
export { jsonCodec } from "./codec/codec-json.js"
export { msgpackCodec } from "./codec/codec-msgpack.js"
export type { Utf8 } from "./codec/utf8.js"
export type { Failure, ReservedCode } from "./error-code.js"
export { errorCodes, licensesRetry } from "./error-code.js"
export type { Arrival, ArrivedItem, ArrivedNote, Inflow } from "./flow/inflow.js"
export type { Policy } from "./flow/lane.js"
export type { OutgoingEvent } from "./flow/outgoing-event.js"
export type * from "./frame.js"
export { helloMessage } from "./frames/hello.js"
export { readControl } from "./frames/read-control.js"
export { readHello } from "./frames/read-hello.js"
export { readSequenced } from "./frames/read-sequenced.js"
export { readAnswer, rejectMessage, rejectSubprotocol, welcomeMessage } from "./frames/welcome.js"
export { ownLimits } from "./own-limits.js"
export { Bucket } from "./session/bucket.js"
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
} from "./session/channel.js"
export { AcceptedChannel, channelMoves, OpenedChannel } from "./session/channel.js"
export { Context } from "./session/context.js"
export type { Effect, SessionEnd } from "./session/effect.js"
export type { Half } from "./session/half.js"
export type { Role } from "./session/heartbeat.js"
export type { Loss } from "./session/loss.js"
export { NothingServed } from "./session/nothing-served.js"
export type { QueueBounds } from "./session/open-line.js"
export type { Rate, RateLimits } from "./session/rates.js"
export { Rates } from "./session/rates.js"
export { Serving } from "./session/serving.js"
export type { Attachment, SessionCounters, SessionOptions } from "./session/session.js"
export { Session } from "./session/session.js"
export { isCursor } from "./shape.js"
export type { Moves } from "./table.js"
export { Unencodable, Violation } from "./violation.js"
