import type { Call, Issue } from "@trunkline/contract"
import type {
  AcceptedChannel,
  Codec,
  Encoded,
  KeyTerms,
  Serving,
  Unencodable,
} from "@trunkline/protocol"
import type { Driver, Host } from "@trunkline/transport"
import type { SessionInfo } from "../handlers/handler.js"
import type { Entry } from "../handlers/router.js"
import type { Observer, Watch } from "../handlers/watch.js"
import type { Log } from "../log.js"

export interface DispatchOptions {
  readonly entries: ReadonlyMap<string, Entry>
  /** Whether what handlers return is checked; inputs always are. */
  readonly validateOutput: boolean
  readonly validateItems: boolean
  /** Handlers that may run at a time for one session, those that nobody waits for any more included. */
  readonly handlers: number
  /** Undefined: there are no keyed calls, or their callers never come back. */
  readonly keys?: KeyedDesk | undefined
  /** Does not throw: whoever takes the application's sees to that. */
  readonly log: Log
  readonly observers: ReadonlySet<Observer>
  /** What happened to nobody's knowledge, all sessions together. */
  readonly counts: DispatchCounts
}

/** No such path, or a limit that was reached. */
export type DispatchRefusal = "path" | "calls" | "streams" | "handlers"

export interface DispatchCounts {
  /** Events that no handler was entered for. */
  eventsDropped: number
  /** Told of what is not served, and why. */
  refused(reason: DispatchRefusal): void
}

/** Serves calls whose outcomes are kept under their keys. */
export interface KeyedDesk {
  /** How far clients may rely upon keys now; undefined: not at all. */
  readonly terms: KeyTerms | undefined
  start(desk: Desk, entry: Entry, procedure: Call, channel: AcceptedChannel): void
}

/** What dispatching needs of the session that it dispatches for. */
export interface Callee {
  readonly driver: Driver
  /** The half of the driver's session that serves. */
  readonly serving: Serving
  readonly host: Host
  readonly info: SessionInfo
  /** What `authenticate` said last. */
  readonly context: unknown
  /** Tells this client's calls from those that others make for the same principal. */
  readonly instance?: string | undefined
  /** The epoch of the key store that the client was told when its session began. */
  readonly keyEpoch?: string | undefined
}

/** A payload that many are sent. */
export interface Written {
  encode(codec: Codec): Encoded
}

/** What serving one channel needs of the dispatcher of its session. */
export interface Desk {
  readonly options: DispatchOptions
  readonly callee: Callee
  /** Handlers that have been entered and have not come to their end. */
  running: number
  /** Does something to the session's serving half, and whatever follows from it. */
  serve(input: (serving: Serving) => void): void
  /** Writes a payload for this session's caller. */
  encode(value: unknown): Encoded | Unencodable
  /** The same for one that writes itself, once for all who read it. */
  written(value: Written): Encoded | Unencodable
  correlationId(channel: AcceptedChannel): string
  /** Tells observers that something begins; without a channel it is an event. */
  watch(entry: Entry, channel?: AcceptedChannel): Watch | undefined
  /** An event reaches no handler; nobody but the log hears of it. */
  drop(path: string, code: string, issues?: readonly Issue[]): void
}
