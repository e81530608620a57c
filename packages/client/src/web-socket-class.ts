import type { WebSocketClass } from "@trunkline/transport"
import IsomorphicWebSocket from "isomorphic-ws"

/**
 * Looked up at each attempt and not at import: a mock that replaces the global class later is honoured,
 * and Node before version 22, which has none, gets that of `ws`.
 */
export function webSocketClass(option: WebSocketClass | undefined): WebSocketClass {
  return option ?? globalThis.WebSocket ?? IsomorphicWebSocket
}
