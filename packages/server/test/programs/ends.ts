/*
 * Works for a while, leaves in the way that its parameter says, and has nothing more to do. It never
 * calls `process.exit`: whatever is left behind would keep it alive.
 */
import { connect, createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import * as z from "zod"

const service = contract({
  echo: call({ input: z.string(), output: z.string() }),
  hang: call({ output: z.number() }),
  count: subscription({ item: z.number() }),
})

const server = serve(
  implement(service, {
    echo: ({ input }) => input,
    hang: () => new Promise<never>(() => {}),
    async *count({ signal }) {
      for (let next = 0; !signal.aborted; next++) yield next
    },
  }),
)
const listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
const connection = connect(`ws://127.0.0.1:${listening.port}/rpc`)
connection.on("error", () => {})
const client = createClient(service, connection)
await client.echo("hello")
client.hang().catch(() => {})
const stream = client.count()[Symbol.asyncIterator]()
await stream.next()

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  "client closes first": async () => {
    await connection.close()
    await listening.close()
  },
  "client aborts": async () => {
    await connection.abort()
    await listening.close()
  },
  "server closes first": async () => {
    await listening.close()
    await connection.close()
  },
  "client is closed while it waits": async () => {
    const waiting = new Promise<void>((resolve) => {
      connection.on("state", ({ to }) => to === "waiting" && resolve())
    })
    await listening.close()
    await waiting
    await connection.close()
  },
  "server drains": async () => {
    await connection.close()
    const others = ["a", "b", "c"].map(() => connect(`ws://127.0.0.1:${listening.port}/rpc`))
    for (const other of others) await createClient(service, other).echo("there")
    for (const other of others.slice(1)) await other.abort()
    const drained = server.drain({ within: 300, spread: 60_000 })
    await drained
    await listening.close()
    await others[0]?.close()
  },
  "client is closed while it looks for another server": async () => {
    const told = new Promise<void>((resolve) => {
      connection.on("state", ({ to }) => to === "draining" && resolve())
    })
    const drained = server.drain({ within: 60_000, spread: 0 })
    await told
    await connection.close()
    await drained
    await listening.close()
  },
  "client never got a line": async () => {
    await connection.close()
    await listening.close()
    const other = connect("ws://127.0.0.1:1/rpc")
    createClient(service, other)
      .echo("never")
      .catch(() => {})
    await other.close()
  },
}

await ways[process.argv[2] ?? ""]?.()
process.stdout.write(`left: ${JSON.stringify(server.stats())}\n`)
