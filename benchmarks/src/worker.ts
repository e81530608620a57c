/**
 * One of the two processes of a contender, the server's or the client's: does what it is told, one thing
 * after the other, and answers over the channel to its parent.
 */

import { WebSocket } from "ws"
import * as z from "zod"
import { ClientEnd } from "./client-end.js"
import { isContenderName } from "./contenders/index.js"
import { Span, type Usage } from "./replies.js"
import { ServerEnd } from "./server-end.js"

const Order = z.object({ id: z.number(), do: z.string(), with: z.array(z.unknown()) })

type Deeds = Readonly<Record<string, (...with_: unknown[]) => unknown>>

const [role, name = ""] = process.argv.slice(2)
if (!isContenderName(name)) throw new Error(`nobody is called ${name}`)
// The same class for everybody, with every version of Node.
Reflect.set(globalThis, "WebSocket", WebSocket)

const amount = (value: unknown): number => z.number().parse(value)

function serverDeeds(server: ServerEnd): Deeds {
  return {
    listen: () => isContenderName(name) && server.listen(name),
    publish: (count) => server.publish(amount(count)),
    watchers: () => server.watchers,
    produced: () => server.produced,
    traffic: () => server.traffic,
  }
}

function clientDeeds(client: ClientEnd): Deeds {
  return {
    connect: (port, connections) =>
      isContenderName(name) && client.connect(name, amount(port), amount(connections)),
    calls: (depth, span) => client.calls(amount(depth), Span.parse(span)),
    sequence: (span) => client.sequence(Span.parse(span)),
    streams: (count, units, span) => client.streams(amount(count), amount(units), Span.parse(span)),
    begin: (count, units) => client.begin(amount(count), amount(units)),
    watch: (from) => client.watch(amount(from)),
    heard: (total) => client.heard(amount(total)),
    close: () => client.close(),
  }
}

function usage(collect: unknown): Usage {
  if (collect === true) globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  return { cpu: (user + system) / 1e6, rss: process.memoryUsage.rss() }
}

const deeds: Deeds = {
  usage,
  node: () => process.version,
  ...(role === "server" ? serverDeeds(new ServerEnd()) : clientDeeds(new ClientEnd())),
}

process.on("message", async (message) => {
  const { id, do: deed, with: with_ } = Order.parse(message)
  try {
    process.send?.({ id, value: await deeds[deed]?.(...with_) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on("disconnect", () => process.exit())
// An error in a listener of a library must not be taken for silence.
process.on("uncaughtException", (error) => {
  process.send?.({ error: error.stack ?? String(error) }, () => process.exit(1))
})
