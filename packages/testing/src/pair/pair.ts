import { type Connection, type ConnectOptions, connect } from "@trunkline/client"
import {
  type DrainOptions,
  type Router,
  type ServeOptions,
  type Server,
  serve,
} from "@trunkline/server"
import { type Host, systemHost } from "@trunkline/transport"
import { type MemorySocket, memorySocketClass } from "./memory-socket.js"
import { soon } from "./soon.js"
import type { VirtualClock } from "./virtual-clock.js"

/** How a pair differs from its defaults. */
export interface PairOptions<Context> {
  /** As for `connect`. After a drop the client comes back within 20 ms unless this says otherwise. */
  readonly connect?: Omit<ConnectOptions, "host" | "WebSocket"> | undefined
  /** As for `serve`. */
  readonly serve?: Omit<ServeOptions<Context>, "host"> | undefined
  /**
   * Time that passes only when the test says so.
   * @default the runtime's clock
   */
  readonly clock?: VirtualClock | undefined
}

/** A router whose handlers need a context needs an `authenticate` that makes it. */
export type PairArguments<Context> = unknown extends Context
  ? [options?: PairOptions<Context>]
  : [
      options: PairOptions<Context> & {
        readonly serve: Required<Pick<ServeOptions<Context>, "authenticate">>
      },
    ]

/** A real client and a real server that share a program instead of a network. */
export interface Pair {
  /** The client's side; make a client of it with `createClient`. */
  readonly connection: Connection
  /** The server that runs now. */
  readonly server: Server
  /** Breaks the line without a word. The client comes back by itself, and the session goes on. */
  drop(): void
  /** Breaks the line and keeps it broken until `plug`. */
  unplug(): void
  plug(): void
  /** Crashes the server and starts another, which knows nothing of the sessions of the first. */
  restart(): void
  /**
   * Starts another server and drains the first, as a rolling restart does: the client moves over while
   * the line stays up. New sockets go to the new server.
   */
  replace(options?: DrainOptions): Promise<void>
  /** Closes both. */
  close(): Promise<void>
}

/**
 * Joins a client and a server of this router in memory: the real protocol and no socket, for tests.
 *
 * @example
 * ```ts
 * const pair = connectedPair(implement(monitor, handlers))
 * const client = createClient(monitor, pair.connection)
 * expect(await client.hosts.list()).toEqual([])
 * pair.drop()                                       // the next call finds its way all the same
 * await pair.close()
 * ```
 */
export function connectedPair<Context>(
  router: Router<Context>,
  ...options: PairArguments<Context>
): Pair
export function connectedPair(router: Router<unknown>, options: PairOptions<unknown> = {}): Pair {
  return new MemoryPair(router, options)
}

/** Milliseconds: a test should not wait for manners that only crowds need. */
const reconnect = { base: 10, cap: 20 }

class MemoryPair implements Pair {
  readonly connection: Connection
  readonly #router: Router<unknown>
  readonly #options: PairOptions<unknown>
  readonly #host: Host
  readonly #sockets = new Set<MemorySocket>()
  readonly #leaving = new Set<Server>()
  #server: Server
  #plugged = true

  constructor(router: Router<unknown>, options: PairOptions<unknown>) {
    const { clock } = options
    this.#router = router
    this.#options = options
    this.#host = clock ?? systemHost
    this.#server = this.#serve()
    const pair = this
    const WebSocket = memorySocketClass({
      get server() {
        return pair.#plugged ? pair.#server : undefined
      },
      deliver: clock ? (run) => clock.deliver(run) : soon,
      opened: (socket) => this.#sockets.add(socket),
      gone: (socket) => this.#sockets.delete(socket),
    })
    const host = this.#host
    this.connection = connect("ws://memory", { reconnect, ...options.connect, host, WebSocket })
  }

  get server(): Server {
    return this.#server
  }

  drop(): void {
    for (const socket of [...this.#sockets]) socket.drop()
  }

  unplug(): void {
    this.#plugged = false
    this.drop()
  }

  plug(): void {
    this.#plugged = true
  }

  restart(): void {
    const before = this.#server
    this.#server = this.#serve()
    this.drop()
    void before.close()
  }

  async replace(options?: DrainOptions): Promise<void> {
    const before = this.#server
    this.#server = this.#serve()
    this.#leaving.add(before)
    await before.drain(options)
    this.#leaving.delete(before)
  }

  async close(): Promise<void> {
    await this.connection.close()
    for (const server of [...this.#leaving, this.#server]) await server.close()
  }

  #serve(): Server {
    return serve(this.#router, { ...this.#options.serve, host: this.#host })
  }
}
