/** What carries it: transports, the host, and the one driver that pumps a session. */
export type { DriverUser } from "./driver.js"
export { Driver } from "./driver.js"
export type { Host } from "./host.js"
export { uniform } from "./host.js"
export { systemHost } from "./system-host.js"
export type { Transport, TransportEvents } from "./transport.js"
export type { WebSocketClass, WebSocketLike } from "./web-socket.js"
export { WebSocketTransport } from "./web-socket.js"
