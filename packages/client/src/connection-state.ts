import type { Moves } from "@trunkline/protocol"

/**
 * - `connecting`: a socket is being opened, or its WELCOME is awaited
 * - `open`: calls go out at once
 * - `waiting`: for the next attempt; calls queue
 * - `draining`: what was begun is finished, nothing new is taken
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
  /** The application lets what it began finish. */
  | "drain"
  /** For good. */
  | "close"

export const connectionMoves: Moves<ConnectionState, ConnectionEvent> = {
  connecting: { welcome: "open", lose: "waiting", close: "closed" },
  open: { lose: "waiting", drain: "draining", close: "closed" },
  waiting: { dial: "connecting", close: "closed" },
  draining: { lose: "waiting", close: "closed" },
  closed: {},
}
