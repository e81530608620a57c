import { readUnits } from "@trunkline/server"
import { type BrokerCase, brokerCase, numbers } from "./broker-case.js"
import { demandEqual, soon } from "./finding.js"
import { Reading } from "./reading.js"

/** What those get who read, at whatever pace. */
export const readCases: readonly BrokerCase[] = [
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
      const { entries, gaps } = await reading.follow("999")
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
