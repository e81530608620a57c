import type { RpcError } from "@trunkline/contract"
import type { Context, Half, Limits } from "@trunkline/protocol"
import type { Driver, DriverUser, Host } from "@trunkline/transport"
import type { Line } from "./line.js"

/** What serving takes of a client. */
export interface ServiceOptions {
  readonly host: Host
  /** What the client accepts. */
  readonly limits: Limits
  /** Handlers that may run at a time. */
  readonly handlers: number
  /** The way to the server, for what a handler has to say. */
  readonly line: Line
  /** The address of the server. */
  readonly remote: string
  readonly counts: ServiceCounts
  /** An error that nobody else takes. */
  report(error: RpcError): void
}

/** How often it happened that nobody was told of, in all sessions of a client. */
export interface ServiceCounts {
  /** Events of the server that no handler was entered for. */
  eventsDropped: number
  /** Told of what is not served. */
  refused(): void
}

/** What a client serves in one of its sessions. */
export interface Service {
  /** The half of that session which serves. */
  readonly half: Half
  /** Hears what the session asks for; what is not for handlers goes to `user`. */
  hears(user: DriverUser): DriverUser
  /** The session has its name; nothing was opened before. */
  begin(driver: Driver, id: string, principal: string): void
}

/**
 * How a client serves a router. It comes with the router, so that a client which serves nothing has none of
 * it in its bundle.
 */
export type MakeService = (context: Context, options: ServiceOptions) => Service
