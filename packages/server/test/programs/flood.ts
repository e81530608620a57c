/* Produces 200 MB for readers that read nothing, and prints what that cost. */
import { once } from "node:events"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, serve, topic } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { WebSocket } from "ws"
import * as z from "zod"

const item = z.string()
const service = contract({
  every: subscription({ item }),
  latest: subscription({ item, delivery: "latest" }),
  pushed: subscription({ item, delivery: "latest" }),
  large: call({ output: item }),
})

const megabyte = 1_048_576
const chunk = 64 * 1_024
let produced = 0
/** A new text each time: one that is shared would cost nothing. */
const make = (): string => {
  produced += chunk
  return String(produced).padEnd(chunk, "x")
}
let pulled = 0
const pushed = topic(service.pushed)
const server = serve(
  implement(service, {
    async *every() {
      for (;;) {
        pulled++
        yield make()
      }
    },
    async *latest({ signal }) {
      for (; produced < 200 * megabyte && !signal.aborted; ) yield make()
    },
    pushed,
    large: () => make(),
  }),
)
const listening = await listen(server, { port: 0, hostname: "127.0.0.1" })

async function idleReader(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${listening.port}/rpc`, ["trunkline.v1.json"])
  await once(socket, "open")
  const limits = { window: 262_144, calls: 8, streams: 8, messageBytes: megabyte }
  socket.send(JSON.stringify([0, 0, [1, { caps: [], client: "idle", instance: "i", limits }]]))
  await once(socket, "message")
  socket.pause()
  socket.send(JSON.stringify([1, 0, [20, 1, path]]))
  return socket
}

const memory = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

const before = memory()
const sockets = [await idleReader("every"), await idleReader("latest"), await idleReader("pushed")]
let most = before
for (let round = 0; produced < 200 * megabyte || round < 100; round++) {
  await pushed.publish(make())
  if (round % 50 === 0) most = Math.max(most, memory())
  await new Promise((resolve) => setImmediate(resolve))
}
most = Math.max(most, memory())
const { retained } = server.stats()
for (const socket of sockets) socket.terminate()
await listening.close()
process.stdout.write(`${JSON.stringify({ produced, pulled, retained, grown: most - before })}\n`)
