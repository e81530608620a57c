import type { Limits } from "@trunkline/protocol"
import type { Host, WebSocketClass } from "@trunkline/transport"

type Awaitable<T> = T | Promise<T>

/** How `connect` differs from its defaults. */
export interface ConnectOptions {
  /**
   * Says who we are, before each attempt to connect: the token travels in the first message, never in
   * the URL. At most 8,192 units, fewer if JSON escapes them. When it throws, or gives what is no token,
   * the connection's `error` event tells of it as `UNAVAILABLE`, and the next attempt asks again.
   */
  readonly token?: (() => Awaitable<string | undefined>) | undefined
  /**
   * Milliseconds that a call waits for its result unless it says otherwise.
   * @default 30_000
   */
  readonly timeout?: number | undefined
  /** How to come back after the line was lost. */
  readonly reconnect?: ReconnectOptions | undefined
  /** What may wait while there is no line; one more fails with `OFFLINE_QUEUE_FULL`. */
  readonly queue?: QueueOptions | undefined
  /** What we accept from the server. */
  readonly limits?: Partial<Limits> | undefined
  /**
   * The fingerprint of the contract: the server logs it when it differs from its own. `connect` throws
   * a TypeError for one of more than 64 units.
   * @default none is sent
   */
  readonly contract?: string | undefined
  /**
   * The WebSocket class to use.
   * @default the global one, or else that of `isomorphic-ws`
   */
  readonly WebSocket?: WebSocketClass | undefined
  /**
   * Clock, timers and randomness; tests pass their own.
   * @default the runtime's
   */
  readonly host?: Host | undefined
}

export interface ReconnectOptions {
  /**
   * Milliseconds: the second attempt comes within twice this, and each further one within twice as much.
   * @default 500
   */
  readonly base?: number | undefined
  /**
   * Milliseconds: the longest wait between attempts.
   * @default 30_000
   */
  readonly cap?: number | undefined
}

export interface QueueOptions {
  /**
   * Calls, streams and events.
   * @default 1_000
   */
  readonly calls?: number | undefined
  /**
   * The size of their inputs, as written on the wire.
   * @default 1_048_576
   */
  readonly units?: number | undefined
}

/** What a call waits for its result unless told otherwise, in milliseconds. */
export const defaultTimeout = 30_000
