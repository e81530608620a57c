import { type Broker, readUnits, topicUnits } from "@trunkline/server"
import { type BrokerCase, brokerCase } from "./broker-case.js"
import { aMoment, demand, demandEqual, Finding, soon } from "./finding.js"
import { Reading } from "./reading.js"

/** Names that an engine with a syntax of its own would trip over. */
const names = [
  "a",
  "a.b",
  "a b",
  "a*b",
  "a>",
  "a:{b}",
  "ä😀",
  "a\nb",
  "%61",
  "$a",
  "x".repeat(topicUnits),
]

/** JSON as the codec writes it, at the edges of what a payload may be. */
const payloads = [
  "null",
  '""',
  "0",
  '{"a":[1,{"$":"d","v":0}]}',
  '"\\u00e9"',
  JSON.stringify('ä😀\u0000\n"\\\ud800'),
  JSON.stringify("x".repeat(readUnits)),
]

const numbers = (count: number, first = 0) =>
  Array.from({ length: count }, (_, n) => `${first + n}`)

const published = [
  brokerCase("brings what is published, in order and linked", async (bench) => {
    const broker = await bench.connect()
    const reading = await Reading.of(broker, "a")
    const cursors: string[] = []
    for (const payload of numbers(20)) {
      cursors.push(...(await bench.publish(broker, "a", payload)))
      demandEqual(await reading.entries(1), [payload], "the entry")
      demandEqual(reading.cursor, cursors.at(-1), "the cursor that publishing gave")
    }
    reading.close()
  }),

  brokerCase("begins at the tip", async (bench) => {
    const broker = await bench.connect()
    await bench.publish(broker, "a", "1", "2")
    const reading = await Reading.of(broker, "a")
    await bench.publish(broker, "a", "3")
    demandEqual(await reading.entries(1), ["3"], "what comes behind the tip")
    reading.close()
  }),

  brokerCase("keeps topics apart, whatever their names", async (bench) => {
    const broker = await bench.connect()
    const readings = await Promise.all(names.map((name) => Reading.of(broker, name)))
    await Promise.all(names.map((name, n) => bench.publish(broker, name, `${n}`)))
    for (const [n, reading] of readings.entries()) {
      demandEqual(await reading.entries(1), [`${n}`], `of the topic ${names[n]?.slice(0, 20)}`)
      reading.close()
    }
  }),

  brokerCase("hands payloads on as they are", async (bench) => {
    const broker = await bench.connect()
    const reading = await Reading.of(broker, "a")
    for (const payload of payloads) {
      await bench.publish(broker, "a", payload)
      demandEqual(await reading.entries(1), [payload], "the payload")
    }
    reading.close()
  }),

  brokerCase("tells a position that reading goes on from", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "replay")
    for (const topic of ["a", "b"]) {
      if (topic === "b") await bench.publish(broker, topic, "0")
      const position = await broker.position(topic)
      await bench.publish(broker, topic, "1")
      const reading = await Reading.of(broker, topic, position)
      demandEqual(await reading.entries(1), ["1"], "what comes behind the position")
      reading.close()
    }
  }),

  brokerCase("appends once for each dedupeId of a topic", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "dedupe")
    const [a, b] = [await Reading.of(broker, "a"), await Reading.of(broker, "b")]
    const first = await broker.publish("a", "1", { dedupeId: "x" })
    demandEqual(await broker.publish("a", "1", { dedupeId: "x" }), first, "the second cursor")
    await Promise.all(["y", "y", "y"].map((dedupeId) => broker.publish("a", "2", { dedupeId })))
    await broker.publish("b", "1", { dedupeId: "x" })
    await bench.publish(broker, "a", "3")
    demandEqual(await a.entries(3), ["1", "2", "3"], "the entries")
    demandEqual(await b.entries(1), ["1"], "the same id on another topic")
    a.close()
    b.close()
  }),

  brokerCase("has one order for all nodes that publish at once", async (bench) => {
    const [one, other] = [await bench.connect(), await bench.connect()]
    const readings = [await Reading.of(one, "a"), await Reading.of(other, "a")]
    const [mine, theirs] = [numbers(50), numbers(50, 1_000)]
    await Promise.all([bench.publish(one, "a", ...mine), bench.publish(other, "a", ...theirs)])
    const [here, there] = await Promise.all(readings.map((reading) => reading.entries(100)))
    demandEqual(there, here, "the order at the other node")
    demandEqual(
      here?.filter((entry) => mine.includes(entry)),
      mine,
      "the order of one publisher",
    )
    demandEqual(
      here?.filter((entry) => theirs.includes(entry)),
      theirs,
      "that of the other",
    )
    for (const reading of readings) reading.close()
  }),
]

const read = [
  brokerCase("reads no more at a time than it is asked for", async (bench) => {
    const broker = await bench.connect()
    const reading = await Reading.of(broker, "a")
    await bench.publish(broker, "a", ...numbers(20))
    for (const most of [1, 3, 16]) await reading.entries(most, most)
    const large = JSON.stringify("x".repeat(readUnits * 0.4))
    await bench.publish(broker, "a", large, large, large)
    await reading.entries(3)
    reading.close()
  }),

  brokerCase("lets a read wait until something comes, or it is closed", async (bench) => {
    const broker = await bench.connect()
    const reading = await Reading.of(broker, "a")
    const waits = reading.read()
    await bench.publish(broker, "a", "1")
    demandEqual((await soon(waits, "the entry")).length, 1, "entries of the read")
    const last = reading.read()
    reading.close()
    reading.close()
    demandEqual(await soon(last, "the end"), [], "what a closed reader gives")
    demandEqual(await soon(reading.read(), "the end"), [], "what it gives later")
  }),

  brokerCase("makes nobody wait for a slow reader", async (bench) => {
    const broker = await bench.connect()
    const [slow, quick] = [await Reading.of(broker, "a"), await Reading.of(broker, "a")]
    const all = numbers(1_000)
    await bench.publish(broker, "a", ...all)
    for (const reading of [quick, slow]) {
      const { entries, gaps } = await follow(reading, "999")
      demandEqual(entries, gaps ? all.slice(-entries.length) : all, "what a reader got at last")
    }
    slow.close()
    quick.close()
  }),

  brokerCase("is over once it is closed", async (bench) => {
    const broker = await bench.connect()
    const reading = await Reading.of(broker, "a")
    const waits = reading.read().then(
      (steps) => steps.length,
      () => 0,
    )
    await broker.close()
    demandEqual(await soon(waits, "the end"), 0, "steps of a reader whose broker was closed")
    for (const ask of [
      () => broker.publish("a", "1", { dedupeId: "late" }),
      () => broker.open("a"),
      () => broker.position("a"),
    ]) {
      const outcome = await soon(Promise.allSettled([ask()]), "an answer")
      demandEqual(outcome[0].status, "rejected", "what a closed broker says")
    }
    await broker.close()
  }),
]

const replayed = [
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
      await follow(reading, "2")
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
      const { entries } = await follow(reading, "more")
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
      await follow(reading, "more")
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

const bounded = [
  brokerCase("keeps no more than it says", async (bench) => {
    const broker = await bench.connect()
    const { entries, kept } = bench.need("bound", bench.engine.bound)
    const reading = await Reading.of(broker, "a")
    for (let n = 0; n < 3; n++) await bench.publish(broker, "a", ...numbers(entries))
    const now = await kept("a")
    demand(now <= entries, `${now} entries where ${entries} are the most`)
    reading.close()
  }),
]

/** What every broker has to do right, by itself. */
export const engineCases: readonly BrokerCase[] = [...published, ...read, ...replayed, ...bounded]

/** Reads until this payload, over gaps. */
async function follow(
  reading: Reading,
  last: string,
): Promise<{ entries: string[]; gaps: number }> {
  const entries: string[] = []
  let gaps = 0
  while (entries.at(-1) !== last) {
    const step = await reading.step()
    if ("gap" in step) gaps++
    else entries.push(step.payload)
  }
  return { entries, gaps }
}

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
