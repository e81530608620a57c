/** A server behind msw's interception of WebSockets, for tests of a user's page or program. */
export type { MockServer, MockServerArguments, MockServerOptions } from "./mock-server.js"
export { mockServer } from "./mock-server.js"
export type { PartialHandlers } from "./partial-handlers.js"
