import type { RpcError } from "@trunkline/contract"
import type {
  CallerSide,
  Encoded,
  OpenedChannel,
  OpenRequest,
  ReservedCode,
} from "@trunkline/protocol"

/** What the call surface needs of a connection, or of a session that a server calls back through. */
export interface Line {
  /** Milliseconds on the host's clock. */
  now(): number
  /** Milliseconds that a call waits unless it says otherwise. */
  readonly timeout: number
  /** Whether a socket carries the session now. */
  readonly attached: boolean
  /** What the other side said when it closed it for good, for messages. */
  readonly farewell?: string | undefined
  /** Why there is no line now, as far as it is known, for messages. */
  readonly trouble?: string | undefined
  /** Writes a payload in the codec of the session. Throws Unencodable. */
  encode(value: unknown): Encoded
  open(request: OpenRequest, user: CallerSide): OpenedChannel
  /** Sends an event of this input; gives the code of why it never will be sent. */
  send(path: string, input: Encoded | undefined): ReservedCode | undefined
  cancel(channel: OpenedChannel, code: ReservedCode): void
  /** The consumer of a stream has taken items. */
  consumed(channel: OpenedChannel): void
  /** Sends an item in an upload or a duplex; whether there is room its lane knows. Throws Unencodable. */
  item(channel: OpenedChannel, item: unknown): void
  /** Nothing more is sent in it. */
  finish(channel: OpenedChannel): void
  /** Names a channel in the logs of both sides. */
  correlationId(channel: OpenedChannel): string | undefined
  /** An error that nobody else takes. */
  report(error: RpcError): void
}

/** What `createClient` takes: a connection of `connect`, or the `session` of a request. */
export interface Caller {
  readonly "~line": Line
}
