import type { Moves } from "@trunkline/protocol"

/**
 * - `connecting`: a socket is being opened, or its WELCOME is awaited
 * - `open`: calls go out at once
 * - `waiting`: for the next attempt; calls queue
 * - `draining`: what was begun is finished where it is. After `drain` nothing new is taken; when it is the
 *   server that leaves, what is new goes to another server, and waits until there is a session
 * - `closed`: for good
 */
export type ConnectionState = "connecting" | "open" | "waiting" | "draining" | "closed"

export type ConnectionEvent =
  /** The time for the next attempt has come. */
  | "dial"
  /** WELCOME arrived. */
  | "welcome"
  /** The socket, or the attempt at one, failed. */
  | "lose"
  /** The application lets what it began finish, or the server is about to leave. */
  | "drain"
  /** The server that was about to leave is not needed any more. */
  | "settle"
  /** For good. */
  | "close"

export const connectionMoves: Moves<ConnectionState, ConnectionEvent> = {
  connecting: { welcome: "open", lose: "waiting", close: "closed" },
  open: { lose: "waiting", drain: "draining", close: "closed" },
  waiting: { dial: "connecting", close: "closed" },
  draining: { lose: "waiting", settle: "open", close: "closed" },
  closed: {},
}
