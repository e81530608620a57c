import type { Broker } from "@trunkline/server"
import { type BrokerCase, brokerCase, numbers } from "./broker-case.js"
import { aMoment, demand, demandEqual, Finding } from "./finding.js"
import { Reading } from "./reading.js"

/** Where a reader goes on that comes back, whatever befell the engine meanwhile. */
export const replayCases: readonly BrokerCase[] = [
  brokerCase("continues after each of its cursors", async (bench) => {
    const [broker, other] = [await bench.connect(), await bench.connect()]
    bench.can(broker, "replay")
    const before = await broker.position("a")
    const cursors = [before, ...(await bench.publish(broker, "a", ...numbers(10)))]
    for (const [n, from] of cursors.entries()) {
      const reading = await Reading.of(n % 2 ? broker : other, "a", from)
      demandEqual(await reading.entries(10 - n), numbers(10 - n, n), "what follows the cursor")
      reading.close()
    }
  }),

  brokerCase("knows a cursor of a topic on which nothing was published", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "replay")
    const first = await Reading.of(broker, "a")
    first.close()
    await bench.publish(broker, "b", "0")
    const reading = await Reading.of(broker, "a", first.start)
    await bench.publish(broker, "a", "1")
    demandEqual(await reading.entries(1), ["1"], "what comes behind the cursor")
    reading.close()
  }),

  brokerCase("tells of a gap where a cursor was never given out", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "replay")
    const [cursor = ""] = await bench.publish(broker, "a", "1")
    for (const from of ["never.1", "0", "~", "x".repeat(64), `${cursor.slice(0, 62)}.9`]) {
      const reading = await Reading.of(broker, "a", from)
      await reading.gap()
      await bench.publish(broker, "a", "2")
      await reading.follow("2")
      reading.close()
    }
  }),

  brokerCase("tells of a gap where the log was trimmed", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "replay")
    const trim = bench.need("trim", bench.engine.trim)
    const cursors = await bench.publish(broker, "a", ...numbers(10))
    const behind = await Reading.of(broker, "a", cursors[2])
    demandEqual(await behind.entries(1, 1), ["3"], "the entry before the trim")
    await trim("a", 4)
    for (const reading of [await Reading.of(broker, "a", cursors[2]), behind]) {
      await gapThen(reading, numbers(4, 6))
      reading.close()
    }
    for (const [place, from] of cursors.slice(5).entries()) {
      const reading = await Reading.of(broker, "a", from)
      await bench.publish(broker, "a", "more")
      const wanted = [...numbers(4 - place, 6 + place), "more"]
      demandEqual(await reading.entries(5 - place), wanted, "what is left behind the cursor")
      reading.close()
    }
  }),

  brokerCase("tells of a gap where the log began anew", async (bench) => {
    const before = await bench.connect()
    bench.can(before, "replay")
    const reset = bench.need("reset", bench.engine.reset)
    const cursors = await bench.publish(before, "a", ...numbers(5))
    await reset()
    const broker = await bench.connect()
    const anew = await bench.publish(broker, "a", ...numbers(5, 100))
    demand(!anew.some((cursor) => cursors.includes(cursor)), "a cursor was given out twice")
    for (const from of cursors) {
      const reading = await Reading.of(broker, "a", from)
      await reading.gap()
      await bench.publish(broker, "a", "more")
      const { entries } = await reading.follow("more")
      demand(!entries.some((entry) => numbers(5).includes(entry)), "an entry of the old log")
      reading.close()
    }
  }),

  brokerCase("tells of a gap where the end of the log was taken back", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "replay")
    const rollBack = bench.need("rollBack", bench.engine.rollBack)
    const cursors = await bench.publish(broker, "a", ...numbers(5))
    const live = await Reading.of(broker, "a", cursors[1])
    demandEqual(await live.entries(3), ["2", "3", "4"], "the entries before")
    await rollBack("a", 2)
    const anew = await bench.publish(broker, "a", "new 3", "new 4", "new 5")
    demand(!anew.some((cursor) => cursors.includes(cursor)), "a cursor was given out twice")
    for (const from of cursors.slice(3)) {
      const reading = await Reading.of(broker, "a", from)
      await reading.gap()
      await bench.publish(broker, "a", "more")
      await reading.follow("more")
      reading.close()
    }
    const kept = await Reading.of(broker, "a", cursors[2])
    demandEqual(
      await kept.entries(3),
      ["new 3", "new 4", "new 5"],
      "what follows an entry that stayed",
    )
    kept.close()
    await bench.publish(broker, "a", "last")
    demand(await hearsOfGap(broker, live), "a reader heard nothing of what was taken back")
    live.close()
  }),

  brokerCase("waits for an entry that this node does not see yet", async (bench) => {
    const [leader, follower] = [await bench.connect(), await bench.connect()]
    bench.can(leader, "replay")
    const lag = bench.need("lag", bench.engine.lag)
    await bench.publish(leader, "a", "0")
    const early = await Reading.of(follower, "a")
    const catchUp = await lag(follower)
    const [first] = await bench.publish(leader, "a", "1", "2")
    const opening = Reading.of(follower, "a", first)
    await Promise.race([opening, aMoment()])
    await catchUp()
    const reading = await opening
    demandEqual(await reading.entries(1), ["2"], "what follows the entry that it waited for")
    demandEqual(await early.entries(2), ["1", "2"], "what a reader gets that was there before")
    reading.close()
    early.close()
  }),

  brokerCase("does not wait for ever for what it does not see", async (bench) => {
    const [leader, follower] = [await bench.connect(), await bench.connect()]
    bench.can(leader, "replay")
    const lag = bench.need("lag", bench.engine.lag)
    await bench.publish(leader, "a", "0")
    const catchUp = await lag(follower)
    const [first] = await bench.publish(leader, "a", "1", "2")
    const reading = await Reading.of(follower, "a", first)
    await reading.gap()
    await catchUp()
    reading.close()
  }),

  brokerCase("loses nothing when its connection breaks", async (bench) => {
    const [broker, other] = [await bench.connect(), await bench.connect()]
    bench.can(broker, "replay")
    const disconnect = bench.need("disconnect", bench.engine.disconnect)
    await bench.publish(other, "a", "0")
    let reading = await Reading.of(broker, "a")
    const seen: string[] = []
    for (let n = 1; n <= 20; n++) {
      if (n % 5 === 0) await disconnect(broker)
      await bench.publish(other, "a", `${n}`)
      for (let tries = 0; seen.length < n; tries++) {
        demand(tries < 10, "the engine was not reached again")
        try {
          seen.push(...(await reading.entries(1)))
        } catch (error) {
          if (error instanceof Finding) throw error
          reading.close()
          reading = await again(broker, "a", reading.cursor)
        }
      }
    }
    demandEqual(seen, numbers(20, 1), "the entries")
    reading.close()
  }),
]

async function gapThen(reading: Reading, entries: readonly string[]): Promise<void> {
  await reading.gap()
  demandEqual(await reading.entries(entries.length), entries, "what is left behind the gap")
}

/** Whether a reader that has read what was taken back is told, at the latest when something comes. */
async function hearsOfGap(broker: Broker, reading: Reading): Promise<boolean> {
  try {
    for (;;) {
      const step = await reading.step()
      if ("gap" in step) return true
      if (step.payload === "last") return false
    }
  } catch (error) {
    if (error instanceof Finding) throw error
    const anew = await again(broker, "a", reading.cursor)
    return "gap" in (await anew.step())
  }
}

async function again(broker: Broker, topic: string, from: string): Promise<Reading> {
  for (let tries = 0; ; tries++) {
    try {
      return await Reading.of(broker, topic, from)
    } catch (error) {
      if (error instanceof Finding || tries === 10) throw error
    }
  }
}
