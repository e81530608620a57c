import type { Router } from "@trunkline/endpoint"
import type { Codec, Limits } from "@trunkline/protocol"
import type { Host, WebSocketClass } from "@trunkline/transport"

type Awaitable<T> = T | Promise<T>

/** What `connect` runs on, and speaks. */
export interface ConnectRuntime {
  /**
   * What we speak besides JSON: `[msgpack]`, of `@trunkline/client/msgpack`. The server chooses. Worth its
   * kilobytes for a program that sends bytes; JSON carries them as base64.
   * @default JSON alone
   */
  readonly codecs?: readonly Codec[] | undefined
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

/** How `connect` differs from its defaults. */
export interface ConnectOptions extends ConnectRuntime {
  /**
   * Says who we are, before each attempt to connect: the token travels in the first message, never in
   * the URL. At most 8,192 units, fewer if JSON escapes them. When it throws, or gives what is no token,
   * the connection's `error` event tells of it as `UNAVAILABLE`, and the next attempt asks again.
   * @default none is sent
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
  /**
   * What the server may call here: what `implement` makes of a contract and its handlers.
   * @default nothing: every call is answered with `NOT_FOUND`
   */
  readonly serve?: Router<unknown> | undefined
  /** What we accept from the server. */
  readonly limits?: Partial<ClientLimits> | undefined
  /**
   * The fingerprint of the contract: the server logs it when it differs from its own. `connect` throws
   * a TypeError for one of more than 64 units.
   * @default none is sent
   */
  readonly contract?: string | undefined
}

/** What the server may use at a time. */
export interface ClientLimits extends Limits {
  /**
   * Handlers that run, those that nobody waits for any more included.
   * @default 512
   */
  readonly handlers: number
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
