import { Connection } from "./connection.js"
import type { ConnectOptions } from "./options.js"

/**
 * Begins a connection, and keeps it up until it is closed. It returns at once: calls made before the
 * line is up wait for it.
 *
 * @param url `ws:` or `wss:`; `http:` and `https:` mean the same
 * @throws TypeError when it is neither
 *
 * @example
 * ```ts
 * const connection = connect("wss://app.example.com/rpc", { token: () => auth.token() })
 * ```
 */
export function connect(url: string, options: ConnectOptions = {}): Connection {
  const address = url.replace(/^http/, "ws")
  if (!/^wss?:\/\/./.test(address)) {
    throw new TypeError(`connect: ${url} does not begin with ws:// or wss://`)
  }
  return new Connection(address, options)
}
