import { readFileSync } from "node:fs"
import { type Connection, connect, type Stream } from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { jsonCodec } from "@trunkline/protocol"
import { serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { turn } from "../../server/test/fuzz/attacker.js"
import { Captor } from "../../server/test/fuzz/captor.js"
import { heldBytes } from "../../server/test/fuzz/memory.js"
import { hostileCaller, hostileServer, type Step } from "../../server/test/fuzz/script.js"
import { clientOf, host, router } from "../../server/test/fuzz/service.js"
import { Witness } from "../../server/test/support/witness.js"

/*
 * A hostile server, by the byte and by the frame: the client's process stays up, its memory bounded,
 * every call is settled and every stream ends, and a connection to another server notices nothing.
 * `FUZZ_SEED` and `FUZZ_MESSAGES` repeat a run or make it longer.
 */

const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31)
const messages = Number(process.env["FUZZ_MESSAGES"] ?? 25_000)
const corpus: { server: Step[][] } = JSON.parse(
  readFileSync(new URL("../../server/test/fuzz/corpus.json", import.meta.url), "utf8"),
)

/** How many of what a client did came to which end. */
class Ends {
  settled = 0
  readonly codes = new Set<string>()
  #open = 0

  get open(): number {
    return this.#open
  }

  expect(end: Promise<unknown>): void {
    this.#open++
    const over = (): void => {
      this.#open--
      this.settled++
    }
    end.then(over, ({ code }) => {
      this.codes.add(code)
      over()
    })
  }
}

/** A client with something of each kind under way, and a reader that stops reading. */
function begin(connection: Connection, ends: Ends): void {
  const client = clientOf(connection)
  const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream);
  }
  const hear = (stream: Stream<number>): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.subscribe({ item: () => {}, note: () => {}, error: reject, done: resolve })
    })
  ends.expect(client.echo(1))
  ends.expect(read(client.count()))
  ends.expect(hear(client.latest()))
  ends.expect(hear(client.log(undefined, { from: "e1.7" })))
  ends.expect(client.add({ a: 1, b: 2 }))
  const unread = client.count()[Symbol.asyncIterator]()
  ends.expect(unread.next())
}

test.each([
  ["a client", hostileServer, undefined, messages, jsonCodec],
  ["a client that serves", hostileCaller, router, messages / 2, jsonCodec],
  ["a client of msgpack", hostileServer, undefined, messages / 2, msgpack],
  ["a client of msgpack that serves", hostileCaller, router, messages / 4, msgpack],
])(
  `%s takes ${messages} hostile messages or a part of them, seed ${seed}`,
  {
    timeout: 600_000,
  },
  async (_, hostile, served, most, codec) => {
    const server = serve(router, { host })
    const listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
    const witness = await Witness.watch(`ws://127.0.0.1:${listening.port}/rpc`)
    const ends = new Ends()
    let taken = 0
    let welcomes = 0
    let results = 0

    const run = async (script: readonly Step[]): Promise<void> => {
      const captor = new Captor(codec)
      const connection = connect("ws://hostile", {
        host,
        WebSocket: captor.WebSocket,
        codecs: [codec],
        reconnect: { base: 0, cap: 1 },
        serve: served,
        limits: { calls: 16, streams: 8, handlers: 32 },
      })
      connection.on("error", () => {})
      begin(connection, ends)
      await captor.run(script, () => connection.state !== "closed")
      await connection.close()
      await turn()
      taken += captor.messages
      welcomes += captor.welcomes
      results += captor.results
      expect(ends.open).toBe(0)
      expect(connection.info.retained).toBeLessThanOrEqual(2 * 65_536)
      await witness.undisturbed(1)
    }

    for (const script of corpus.server) await run(script)
    const before = heldBytes()
    for (let round = 0; taken < most; round++) {
      await fc.assert(fc.asyncProperty(hostile, run), { seed: seed + round, numRuns: 200 })
    }
    await witness.undisturbed()
    await witness.close()
    await listening.close()

    expect(heldBytes() - before).toBeLessThan(32 * 1_048_576)
    expect(results).toBeGreaterThan(served ? most / 100 : -1)
    expect(welcomes).toBeGreaterThan(most / 100)
    expect([...ends.codes]).toEqual(expect.arrayContaining(["CLOSED", "OUTCOME_UNKNOWN"]))
  },
)
