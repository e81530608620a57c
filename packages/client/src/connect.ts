import { Connection } from "./connection.js"
import type { ConnectOptions } from "./options.js"

/**
 * Begins a connection, and keeps it up until it is closed. It returns at once: calls made before the
 * line is up wait for it.
 *
 * @param url `ws:` or `wss:`, whole and without a fragment; `http:` and `https:` mean the same
 * @throws TypeError when it is none, and for an option that cannot be
 *
 * @example
 * ```ts
 * const connection = connect("wss://app.example.com/rpc", { token: () => auth.token() })
 * ```
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Connection {
  const address = hrefOf(url).replace(/^http/, "ws")
  if (/^wss?:[^#]+$/.test(address)) return new Connection(address, options)
  throw new TypeError(
    `connect: ${url} is no address of a WebSocket, such as wss://app.example.com/rpc`,
  )
}

function hrefOf(url: string | URL): string {
  try {
    return new URL(url).href
  } catch {
    return ""
  }
}
