/*
 * One of several processes that serve the same: it says on which port, tells its parent of every handler
 * that was entered and must not be twice, and leaves at SIGTERM.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { implement, serve, topic } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { service } from "./rolling-service.js"
import { brokerAt } from "./tcp-broker.js"

const broker = await brokerAt(Number(process.argv[2]))
const enter = (what: string) => process.stdout.write(`entered ${what}\n`)
const server = serve(
  implement(service, {
    add: async ({ input }) => {
      enter(`add ${input}`)
      await sleep(input % 30)
      return input
    },
    slow: async ({ input }) => {
      enter(`slow ${input}`)
      await sleep(700)
      return input
    },
    look: () => process.pid,
    async *ticks({ signal }) {
      for (let next = 0; !signal.aborted; next++) {
        yield next
        await sleep(5)
      }
    },
    feed: topic(service.feed, { broker }),
  }),
)
const { port, closed } = await listen(server, {
  port: 0,
  hostname: "127.0.0.1",
  signals: { within: 15_000, spread: 200 },
  handler: (_, response) => void response.writeHead(server.draining ? 503 : 200).end(),
})
process.stdout.write(`port ${port}\n`)
await closed
await broker.close()
