/*
 * A service as a deployment runs it: it listens, says on which port, and leaves when it is told to. What
 * its parameter says decides who hears SIGTERM.
 */
import { call, contract } from "@trunkline/contract"
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import * as z from "zod"

const service = contract({
  slow: call({ input: z.number(), output: z.number() }),
})

const server = serve(
  implement(service, {
    slow: async ({ input }) => {
      process.stdout.write("entered\n")
      await new Promise((resolve) => setTimeout(resolve, input))
      return input
    },
  }),
)
const mine = process.argv[2] === "mine"
if (mine) {
  process.once("SIGTERM", () => {
    process.stdout.write("mine\n")
    void listening.close()
  })
}
const listening = await listen(server, {
  port: 0,
  hostname: "127.0.0.1",
  signals: mine ? false : { within: 10_000, spread: 0 },
  handler: (_, response) => void response.writeHead(server.draining ? 503 : 200).end(),
})
process.stdout.write(`${listening.port}\n`)
await listening.closed
process.stdout.write(`closed, sessions ${server.stats().sessions}\n`)
