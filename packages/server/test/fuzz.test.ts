import { readFileSync } from "node:fs"
import { jsonCodec } from "@trunkline/protocol"
import { serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { msgpack } from "@trunkline/transport"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { Attacker } from "./fuzz/attacker.js"
import { heldBytes } from "./fuzz/memory.js"
import { hostileClient, Moment, type Step, wireOf } from "./fuzz/script.js"
import { host, router } from "./fuzz/service.js"
import { RawClient } from "./support/raw-client.js"
import { Witness } from "./support/witness.js"

/*
 * Hostile messages, by the byte and by the frame: the process stays up, memory bounded, and whoever else
 * is on the server notices nothing. `FUZZ_SEED` and `FUZZ_MESSAGES` repeat a run or make it longer; a
 * script that found something is kept in fuzz/corpus.json and runs first.
 */

const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31)
const messages = Number(process.env["FUZZ_MESSAGES"] ?? 65_000)
const corpus: { client: Step[][]; server: Step[][] } = JSON.parse(
  readFileSync(new URL("./fuzz/corpus.json", import.meta.url), "utf8"),
)

test.each([
  ["json", jsonCodec, messages],
  ["msgpack", msgpack, messages / 2],
])(
  `on %s a server takes hostile messages, seed ${seed}`,
  {
    timeout: 600_000,
  },
  async (_, codec, most) => {
    const log: unknown[] = []
    const server = serve(router, {
      host,
      // All attackers have one address, and come as quickly as they are thrown out.
      limits: {
        ...{ calls: 16, streams: 8, handlers: 32, messageBytes: 65_536 },
        entrance: { hellos: 1_000_000 },
      },
      session: { grace: 1_000 },
      log: (entry) => {
        if (entry.level === "error") log.push(entry.error)
      },
    })
    const listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
    const witness = await Witness.watch(`ws://127.0.0.1:${listening.port}/rpc`)
    const attackers: Attacker[] = []
    const sum = (of: (attacker: Attacker) => number) =>
      attackers.reduce((total, one) => total + of(one), 0)

    const run = async (script: readonly Step[]): Promise<void> => {
      const attacker = new Attacker(server, codec)
      attackers.push(attacker)
      await attacker.run(script)
      await witness.undisturbed(1)
      const { sessions, channels, retained } = server.stats()
      expect(channels).toBeLessThanOrEqual(sessions * 24 + 1)
      expect(retained).toBeLessThanOrEqual(sessions * 2 * 262_144)
    }

    for (const script of corpus.client) await run(script)
    const before = heldBytes()
    for (let round = 0; sum((attacker) => attacker.messages) < most; round++) {
      await fc.assert(fc.asyncProperty(hostileClient, run), { seed: seed + round, numRuns: 200 })
    }
    await witness.undisturbed()
    await witness.close()
    await listening.close()

    expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, retained: 0, handshakes: 0 })
    expect(heldBytes() - before).toBeLessThan(64 * 1_048_576)
    expect(sum((attacker) => attacker.welcomes)).toBeGreaterThan(most / 100)
    expect(sum((attacker) => attacker.resumed)).toBeGreaterThan(0)
  },
)

test(`the same over real sockets, seed ${seed}`, { timeout: 600_000 }, async () => {
  const server = serve(router, { limits: { calls: 16, streams: 8, messageBytes: 65_536 } })
  const listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  const url = `ws://127.0.0.1:${listening.port}/rpc`
  const witness = await Witness.watch(url)
  let sent = 0

  const run = async (script: readonly Step[]): Promise<void> => {
    const client = await RawClient.welcomed(url)
    const moment = new Moment()
    for (const step of script) {
      const wire = wireOf(step, moment)
      if (wire === undefined) break
      client.sendRaw(wire)
      sent++
    }
    client.send([0, 0, [4, 424_242]])
    await Promise.race([client.closed, client.nextOf(5)]).catch(() => {})
    await client.close()
    await witness.undisturbed(1)
  }

  for (let round = 0; sent < messages / 20; round++) {
    await fc.assert(fc.asyncProperty(hostileClient, run), { seed: seed + round, numRuns: 50 })
  }
  await witness.undisturbed()
  await witness.close()
  await listening.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, retained: 0, handshakes: 0 })
})
