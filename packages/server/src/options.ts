import type { Awaitable, KeyStore, Log } from "@trunkline/endpoint"
import type { Limits, RateLimits } from "@trunkline/protocol"
import type { Host } from "@trunkline/transport"

/** Who wants in, before anything of a session exists. */
export interface Credentials {
  /** What the client's `token` function gave. */
  readonly token: string | undefined
  /** The page's origin, where a browser says so; it has been checked. */
  readonly origin: string | undefined
  /** The address of the socket, as the adapter knows it. */
  readonly remote: string | undefined
  /**
   * The `Cookie` header, only of a page whose origin was checked: whoever can make a browser connect
   * from anywhere else has its cookies sent along too. Of a client without an origin it is undefined.
   */
  readonly cookie: string | undefined
  /** The adapter's own request: in Node the `IncomingMessage` of the upgrade. */
  readonly request: unknown
}

/** Who it is. */
export interface Identity<Context> {
  /**
   * Whose session this is: only the same principal resumes it. Left out, the client is anonymous, and
   * each anonymous client has a principal of its own.
   */
  readonly principal?: string | undefined
  /** What handlers get as `context`. */
  readonly context: Context
  /**
   * When the token runs out, by the server's clock. The client is told, and shows another in time; five
   * seconds after it the socket is closed, and the session waits for a client with a token that is good.
   * @default never
   */
  readonly expires?: Date | undefined
}

/** What one client may use at a time. */
export interface ServerLimits extends Limits {
  /**
   * Handlers that run for one session, those that nobody waits for any more included.
   * @default 512
   */
  readonly handlers: number
  /** How much one session may do in a second. Over it the session ends, 4429. */
  readonly rates: RateLimits
  /** Who may come in. */
  readonly entrance: Partial<EntranceLimits>
  /** What is kept for all clients together. */
  readonly memory: Partial<MemoryLimits>
}

/** Who may come in: all clients together, all of one address, all sockets of one principal. */
export interface EntranceLimits {
  /**
   * Clients that say who they are in a second, and at once twice as many. Those who come back to a session
   * go first, and so do other addresses than one that takes a quarter of it; the others are told when to try
   * again.
   * @default 500
   */
  readonly hellos: number
  /**
   * Sockets of one address that have not said yet who they are, are being looked at, or were refused and
   * are not gone: above it 503.
   * Behind a proxy `attach` has to be told how the address is found. Of IPv6, 2^64 addresses count as one.
   * @default 20
   */
  readonly handshakes: number
  /**
   * Bytes that all such sockets together may fill: above it 503. Each counts as 262,144, the largest message.
   * @default 67_108_864
   */
  readonly handshakeBytes: number
  /**
   * Sockets of one principal: above it `busy`, which the client tries again. For those who come back to a
   * session it is twice as many, since a client has two while it moves to another server.
   * @default 32
   */
  readonly connections: number
}

/** What is kept for all clients together. */
export interface MemoryLimits {
  /**
   * Units that were sent and not acknowledged, wait to be sent, or were received and not taken; of a
   * session without a socket 4,096 at least. Above it sessions end (`overflow`): those first that hold more than
   * a 32nd part of it and do not read it, then those that have been without a socket for longest, then those with
   * a socket that hold most and do not read it. One session may hold 16 Mi by itself: with less for all, a client
   * that catches up on its topics may be ended again and again.
   * @default 268_435_456
   */
  readonly units: number
  /**
   * Ended sessions that are remembered for ten minutes, so that a client learns how far its calls had come.
   * The oldest is forgotten first.
   * @default 100_000
   */
  readonly tombstones: number
}

/** What a server is put into. */
export interface SurroundingOptions {
  /**
   * Hears what happens: sessions, refusals, handlers that failed. Left out, entries of the level
   * `error` go to `console.error`, so that a handler's mistake is seen; `() => {}` hears nothing.
   * @default failures go to the console
   */
  readonly log?: Log | undefined
  /**
   * Clock, timers and randomness; tests pass their own.
   * @default the runtime's
   */
  readonly host?: Host | undefined
}

/** What a server may speak. */
export type CodecName = "json" | "msgpack"

/** How `serve` differs from its defaults. */
export interface ServeOptions<Context> extends SurroundingOptions {
  /**
   * Says who a client is. Run for every new session, again on every resume, and for every token that is
   * shown on a line that is open; to refuse, throw `new RpcError("UNAUTHORIZED")`, or `FORBIDDEN` if
   * another token would not help either. What the client has open then runs through its middleware again.
   */
  readonly authenticate?: ((credentials: Credentials) => Awaitable<Identity<Context>>) | undefined
  /**
   * Pages that may connect, by their origin, exactly as a browser sends it. Clients that are no browser
   * send none and are not affected.
   * @default the origin that serves this very address
   */
  readonly origins?: readonly string[] | undefined
  /** What one client may use; reaching one is an ordinary, typed outcome. */
  readonly limits?: Partial<ServerLimits> | undefined
  /** Which of the handlers' own values are checked against the contract. Inputs always are. */
  readonly validation?: ValidationOptions | undefined
  /** How long sessions live, and how closely they are watched. */
  readonly session?: SessionTiming | undefined
  /**
   * Keeps what came of calls with `idempotency: "key"`. Servers behind one address share one store.
   * @default `memoryKeys()`, which does not outlive the process, where the contract has such calls
   */
  readonly keys?: KeyStore | undefined
  /**
   * The fingerprint of the contract; a client that states another is logged.
   * @default none
   */
  readonly contract?: string | undefined
  /**
   * What is spoken here, best first: of what a client offers, the first of these is chosen. Only clients
   * that were given msgpack offer it.
   * @default ["msgpack", "json"]
   */
  readonly codecs?: readonly CodecName[] | undefined
}

export interface ValidationOptions {
  /**
   * What calls return.
   * @default true
   */
  readonly output?: boolean | undefined
  /**
   * What subscriptions yield, and the state of a topic when it is read.
   * @default true
   */
  readonly items?: boolean | undefined
}

export interface SessionTiming {
  /**
   * Milliseconds that a session without a socket is kept, at most ten minutes.
   * @default 120_000
   */
  readonly grace?: number | undefined
  /**
   * Milliseconds of silence after which the server pings.
   * @default 20_000
   */
  readonly heartbeat?: number | undefined
}

/** How a server leaves. */
export interface DrainOptions {
  /**
   * Milliseconds for what was begun to finish, at most a day.
   * @default 30_000
   */
  readonly within?: number | undefined
  /**
   * Milliseconds over which the clients are told, so that they do not all leave at once.
   * @default two thirds of `within`
   */
  readonly spread?: number | undefined
}

/** The longest drain, in milliseconds: a day. Its clients are told how long it may last, as a whole number. */
export const longestDrain = 86_400_000
/** The longest grace, in milliseconds. */
export const longestGrace = 600_000

/* What holds where the options say nothing; what is not here is the protocol's. */

export const defaultCodecs: readonly CodecName[] = ["msgpack", "json"]
export const defaultEntrance = {
  hellos: 500,
  handshakes: 20,
  handshakeBytes: 67_108_864,
  connections: 32,
} as const
export const defaultMemory = { units: 268_435_456, tombstones: 100_000 } as const
export const defaultValidation = { output: true, items: true } as const
/** Milliseconds for what was begun to finish. */
export const defaultDrain = 30_000
/** Whether SIGTERM drains a server that listens. */
export const defaultSignals = true
/** Where the line is on an HTTP server. */
export const defaultPath = "/rpc"
/** Milliseconds for the headers of a request. */
export const defaultHeadersTimeout = 10_000
