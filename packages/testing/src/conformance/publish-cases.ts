import { readUnits, topicUnits } from "@trunkline/server"
import { type BrokerCase, brokerCase, numbers } from "./broker-case.js"
import { demand, demandEqual } from "./finding.js"
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

/** What becomes of whatever is published. */
export const publishCases: readonly BrokerCase[] = [
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
