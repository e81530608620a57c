import { connect, createClient, safe } from "@trunkline/client"
import { monitor } from "./monitor.js"

const connection = connect("ws://localhost:8080/rpc")
const client = createClient(monitor, connection)

const result = await safe(client.rename({ id: "b", name: "web-1" }))
if (!result.ok && result.error.code === "HOST_UNKNOWN") console.warn(result.error.data.id)

for await (const { cpu } of client.load()) console.log(cpu) // across reconnects and restarts
