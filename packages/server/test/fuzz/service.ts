import { createHash } from "node:crypto"
import { type Connection, createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import {
  createClient as callBack,
  type Host,
  implement,
  memoryBroker,
  topic,
} from "@trunkline/server"
import { systemHost } from "@trunkline/transport"
import * as z from "zod"
import { witnessContract, witnessHandlers } from "../support/witness.js"

/** A procedure of each make. */
export const fuzzed = contract({
  ...witnessContract,
  echo: call({ input: z.unknown(), output: z.unknown(), idempotency: "safe" }),
  add: call({ input: z.object({ a: z.number(), b: z.number() }), output: z.number() }),
  hang: call({ output: z.number() }),
  fails: call({ output: z.number() }),
  /** Has the server call its client, which serves the same. */
  back: call({}),
  count: subscription({ item: z.number(), restart: "fresh" }),
  latest: subscription({ item: z.number(), delivery: "latest", restart: "fresh" }),
  /** A short log: most cursors lead nowhere. */
  log: subscription({ item: z.number(), replay: "topic", state: z.number() }),
})

const broker = memoryBroker({ entries: 8 })
const log = topic(fuzzed.log, { broker, snapshot: { atLeastOnce: () => 0 } })

async function* count(): AsyncGenerator<number> {
  for (let next = 0; ; next++) yield next
}

export const router = implement(fuzzed, {
  ...witnessHandlers,
  echo: ({ input }) => input,
  add: ({ input: { a, b } }) => a + b,
  hang: () => new Promise<never>(() => {}),
  fails: () => {
    throw new Error("as it does")
  },
  back: ({ session }) => {
    const client = callBack(fuzzed, session)
    const read = async (): Promise<void> => {
      for await (const _ of client.count());
    }
    for (const end of [client.echo(1), client.hang(), read()]) end.catch(() => {})
  },
  count,
  log: (request) => {
    for (let next = 0; next < 4; next++) void log.publish(next)
    return log(request)
  },
  async *latest() {
    for (let next = 0; ; next++) {
      yield next
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  },
})

export const clientOf = (connection: Connection) => createClient(fuzzed, connection)

/** The same hash, without the detour through the thread pool: a run makes tens of thousands of sessions. */
export const host: Host = {
  ...systemHost,
  hash: async (text) => createHash("sha256").update(text).digest("base64url"),
}
