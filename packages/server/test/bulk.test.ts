import { connect, createClient } from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { expect, test } from "vitest"
import * as z from "zod"

/* Large values and small calls on one line (docs/protocol.md, "Scheduler"), over real sockets. */

const api = contract({
  echo: call({ input: z.int(), output: z.int() }),
  bulk: subscription({ input: z.int(), item: z.instanceof(Uint8Array) }),
})

/** As base64 it is still one frame. */
const size = 700_000
/** Units: what the window lets pass on the way there, as much on the way back, and two messages. */
const mostAhead = 2 * 262_144 + 2 * 65_536

test.each([
  ["json", 24],
  ["msgpack", 96],
])(
  "on %s small calls are answered while %i large items pass",
  { timeout: 120_000 },
  async (codec, items) => {
    const chunk = new Uint8Array(size).map((_, index) => index * 7)
    const router = implement(api, {
      echo: ({ input }) => input,
      async *bulk({ input }) {
        for (let item = 0; item < input; item++) yield chunk
      },
    })
    const { port, close } = await listen(serve(router), { port: 0 })
    const codecs = codec === "msgpack" ? [msgpack] : []
    const connection = connect(`ws://127.0.0.1:${port}/rpc`, { codecs })
    const client = createClient(api, connection)
    await client.echo(0)

    let received = 0
    let over = false
    const bulk = (async () => {
      for await (const bytes of client.bulk(items)) received += bytes.length
    })().finally(() => {
      over = true
    })
    // Each call waits for the one before: none is helped by another.
    const ahead: number[] = []
    while (!over) {
      const before = connection.info.unitsIn
      await client.echo(ahead.length)
      ahead.push(connection.info.unitsIn - before)
    }
    await bulk

    expect(received).toBe(items * size)
    expect(ahead.length).toBeGreaterThan(2 * items)
    expect(Math.max(...ahead)).toBeLessThanOrEqual(mostAhead)
    await connection.close()
    await close()
  },
)
