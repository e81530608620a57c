import type { Encoded } from "@trunkline/protocol"

/** What a transport tells its one listener. */
export interface TransportEvents {
  /** A whole message, in order. */
  message(wire: Encoded): void
  /** The socket is gone, for whatever reason; nothing comes after it. 1006 when no code arrived. */
  closed(code: number, reason: string): void
}

/**
 * Moves whole messages between two runtimes: as little of a socket as a session needs, so that a
 * runtime is one short file. What is sent arrives in order or not at all; the session does the rest.
 */
export interface Transport {
  /** Who hears of messages and of the end; a transport has one listener at a time. */
  listen(events: TransportEvents): void
  send(wire: Encoded): void
  /**
   * Closes the socket and, should the other side not answer in time, drops it. The listener hears
   * nothing more.
   */
  close(code: number, reason: string): void
  /**
   * Calls `run` once when the socket is gone, also behind `close`, where the runtime tells: until then it
   * takes its memory.
   */
  gone?(run: () => void): void
  /** Units accepted by `send` and not yet handed to the network: a hint, where the runtime tells. */
  readonly buffered?: number
}
