import { msgpack } from "@trunkline/client/msgpack"
import { speak } from "./support.js"

/* What holds of calls, streams, events and topics on JSON holds on msgpack. */
speak([msgpack])
await import("./client.test.js")
await import("./stream.test.js")
await import("./event.test.js")
await import("./topic-stream.test.js")
