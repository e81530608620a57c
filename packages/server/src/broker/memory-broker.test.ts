import { systemHost } from "@trunkline/transport"
import { expect, test } from "vitest"
import type { Broker } from "./broker.js"
import { type MemoryBrokerOptions, memoryBroker } from "./memory-broker.js"

let ids = 0
const publish = (broker: Broker, topic: string, payload: string) =>
  broker.publish(topic, payload, { dedupeId: `${ids++}` })

/** What a reader from nowhere gets: all that is there. */
async function kept(broker: Broker, topic: string): Promise<string[]> {
  const reader = await broker.open(topic, "no.where")
  const steps = await Promise.race([reader.read(1_000), none()])
  reader.close()
  return steps.flatMap((step) => ("gap" in step ? [] : [step.payload]))
}

const none = () => new Promise<readonly never[]>((resolve) => setImmediate(() => resolve([])))

function broker(options: MemoryBrokerOptions) {
  const clock = { now: 0 }
  const made = memoryBroker({ ...options, host: { ...systemHost, now: () => clock.now } })
  return { clock, made }
}

test("keeps the newest entries of each topic", async () => {
  const { made } = broker({ entries: 2 })
  for (const payload of ["1", "2", "3"]) await publish(made, "a", payload)
  await publish(made, "b", "4")
  expect(await kept(made, "a")).toEqual(["2", "3"])
  expect(await kept(made, "b")).toEqual(["4"])
})

test("keeps no more than so many units of a topic, an entry counting 128 more than its text", async () => {
  const { made } = broker({ units: 300 })
  for (const payload of ["11", "22", "33"]) await publish(made, "a", payload)
  expect(await kept(made, "a")).toEqual(["22", "33"])
  await publish(made, "a", "4".repeat(100))
  expect(await kept(made, "a")).toEqual(["4".repeat(100)])
})

test("refuses an entry larger than what it keeps", async () => {
  const { made } = broker({ units: 300 })
  const refused = { code: "TOO_LARGE", executed: "no" }
  await expect(publish(made, "a", "x".repeat(173))).rejects.toMatchObject(refused)
  await publish(made, "a", "x".repeat(172))
})

test("of all topics together the oldest entries go first", async () => {
  const { made } = broker({ totalUnits: 400 })
  for (const topic of ["a", "b", "a", "c"]) await publish(made, topic, "1")
  expect(await kept(made, "a")).toEqual(["1"])
  expect(await kept(made, "b")).toEqual(["1"])
  expect(await kept(made, "c")).toEqual(["1"])
  await publish(made, "a", "2")
  expect(await kept(made, "b")).toEqual([])
  expect(await kept(made, "a")).toEqual(["1", "2"])
})

test("forgets entries of an age, and knows who missed none of them", async () => {
  const { made, clock } = broker({ age: 100 })
  const first = await publish(made, "a", "1")
  clock.now = 60
  const second = await publish(made, "a", "2")
  clock.now = 120
  expect(await kept(made, "a")).toEqual(["2"])
  const behind = await made.open("a", first)
  expect(await behind.read(10)).toMatchObject([{ payload: "2", prev: first }])
  clock.now = 200
  expect(await kept(made, "a")).toEqual([])
  const still = await made.open("a", second)
  expect(still).toMatchObject({ start: second, gap: false })
  const read = still.read(10)
  const third = await publish(made, "a", "3")
  expect(await read).toEqual([expect.objectContaining({ payload: "3", prev: second })])
  const late = await made.open("a", first)
  expect(late).toMatchObject({ gap: true, start: second })
  expect(third).not.toBe(second)
})

test("forgets topics that nobody reads, and then cannot say what was missed there", async () => {
  const { made } = broker({ topics: 2 })
  const early = await made.position("quiet")
  const a = await publish(made, "a", "1")
  await publish(made, "b", "1")
  const reader = await made.open("a")
  await publish(made, "c", "1")
  await publish(made, "d", "1")
  expect(await kept(made, "a")).toEqual(["1"])
  reader.close()
  await publish(made, "e", "1")
  await publish(made, "f", "1")
  const gone = await made.open("a", a)
  expect(gone.gap).toBe(true)
  const quiet = await made.open("quiet", early)
  expect(quiet.gap).toBe(true)
})

test("a reader that stands still hears of what was dropped behind it", async () => {
  const { made } = broker({ entries: 2 })
  const reader = await made.open("a")
  for (const payload of ["1", "2", "3"]) await publish(made, "a", payload)
  const [gap] = await reader.read(10)
  expect(gap).toMatchObject({ gap: true })
  expect(await reader.read(10)).toMatchObject([
    { payload: "2", prev: gap?.cursor },
    { payload: "3" },
  ])
})

test("a dedupeId is remembered for two minutes", async () => {
  const { made, clock } = broker({})
  const first = await made.publish("a", "1", { dedupeId: "x" })
  clock.now = 119_999
  expect(await made.publish("a", "1", { dedupeId: "x" })).toBe(first)
  clock.now = 400_000
  expect(await made.publish("a", "1", { dedupeId: "x" })).not.toBe(first)
})

test("another broker has another epoch", async () => {
  const cursor = await publish(memoryBroker(), "a", "1")
  const reader = await memoryBroker().open("a", cursor)
  expect(reader.gap).toBe(true)
})

test.each(["entries", "units", "age", "totalUnits", "topics"])("refuses %s below one", (name) => {
  expect(() => memoryBroker({ [name]: 0 })).toThrow(
    new TypeError(`memoryBroker: ${name} cannot be 0`),
  )
})

test("refuses a topic's name beyond the longest", async () => {
  await expect(memoryBroker().open("x".repeat(1_025))).rejects.toMatchObject({ executed: "no" })
})
