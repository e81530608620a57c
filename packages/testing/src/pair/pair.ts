import { type Connection, type ConnectOptions, connect } from "@trunkline/client"
import type { Router, ServeOptions } from "@trunkline/server"
import { systemHost } from "@trunkline/transport"
import { LocalLine } from "../line/local-line.js"
import { soon } from "../line/soon.js"
import type { TestLine } from "../line/test-line.js"
import { memorySocketClass } from "./memory-socket.js"
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
export interface Pair extends TestLine {
  /** The client's side; make a client of it with `createClient`. */
  readonly connection: Connection
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

class MemoryPair extends LocalLine implements Pair {
  readonly connection: Connection

  constructor(router: Router<unknown>, { clock, connect: options, serve }: PairOptions<unknown>) {
    const host = clock ?? systemHost
    const deliver = clock ? (run: () => void) => clock.deliver(run) : soon
    super(router, serve ?? {}, { host, deliver })
    const WebSocket = memorySocketClass(this)
    this.connection = connect("ws://memory", { reconnect, ...options, host, WebSocket })
  }

  override async close(): Promise<void> {
    await this.connection.close()
    await super.close()
  }
}
