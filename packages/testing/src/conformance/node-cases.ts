import { subscription } from "@trunkline/contract"
import { type ReplayReader, ReplaySource } from "@trunkline/endpoint"
import { jsonCodec } from "@trunkline/protocol"
import { type Broker, type BrokerTopic, topic } from "@trunkline/server"
import * as z from "zod"
import { type BrokerCase, brokerCase, numbers } from "./broker-case.js"
import { demand, demandEqual, soon } from "./finding.js"

/* The broker under the node that reads it: one reader for all streams, a ring, and streams that catch up. */

const log = subscription({ item: z.string(), replay: "topic" })
type Log = BrokerTopic<undefined, z.ZodString, object, "topic", undefined>

const logAt = (broker: Broker): Log => topic(log, { broker, name: "log" })
const aTurn = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

/** Fails where it is awaited, and not before. */
function kept(done: Promise<void>): Promise<void> {
  done.catch(() => {})
  return done
}

/** A stream that reads at its own pace, and keeps what it gets. */
class Stream {
  readonly items: string[] = []
  cursor: string | undefined
  #reader: ReplayReader | undefined
  #wake: () => void = () => {}

  async open(at: Log, from: string | undefined): Promise<void> {
    const source: unknown = Reflect.apply(at, undefined, [{ input: undefined }])
    demand(source instanceof ReplaySource, "the topic is no log")
    this.#reader = await soon(
      source.open(from, () => this.#wake()),
      "a stream",
    )
    this.cursor = from ?? this.#reader.start
  }

  /** Reads until it has so many items in all, this many at a time. */
  async read(count: number, most: number): Promise<void> {
    while (this.items.length < count) {
      const wait = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const step = this.#reader?.read(most)
      if (!step) await soon(wait, `item ${this.items.length}`)
      demand(step?.type !== "gap", `a gap after ${this.items.length} items`)
      if (step?.type !== "entries") continue
      for (const entry of step.entries) {
        this.items.push(String(JSON.parse(String(entry.encode(jsonCodec)))))
        this.cursor = entry.cursor
      }
    }
  }

  close(): void {
    this.#reader?.close()
  }
}

/** What every broker has to do right for the node that reads it. */
export const nodeCases: readonly BrokerCase[] = [
  brokerCase("streams join a node's ring while others publish", async (bench) => {
    const [broker, other] = [await bench.connect(), await bench.connect()]
    bench.can(broker, "replay")
    const log = logAt(broker)
    const publishing = logAt(other)
    const all = numbers(300)
    const cursors = [await log.position()]
    const streams: {
      readonly stream: Stream
      readonly from: number
      readonly done: Promise<void>
    }[] = []
    for (const [n, item] of all.entries()) {
      cursors.push(await (n % 2 ? log : publishing).publish(item))
      if (n % 30 === 15) {
        const stream = new Stream()
        const from = Math.floor(n / 2)
        await stream.open(log, cursors[from])
        streams.push({ stream, from, done: kept(stream.read(all.length - from, 1 + (n % 7))) })
      }
    }
    for (const { stream, from, done } of streams) {
      await done
      demandEqual(stream.items, all.slice(from), "what a stream got")
      stream.close()
    }
  }),

  brokerCase("a stream that fell behind catches up, and goes on in the ring", async (bench) => {
    const broker = await bench.connect()
    bench.can(broker, "replay")
    const log = logAt(broker)
    const [slow, quick] = [new Stream(), new Stream()]
    await slow.open(log, undefined)
    await quick.open(log, undefined)
    const large = numbers(30).map((n) => `${n} ${"x".repeat(90_000)}`)
    for (const [n, item] of large.entries()) {
      await log.publish(item)
      await quick.read(n + 1, 10)
    }
    await slow.read(large.length, 3)
    demandEqual(slow.items, large, "what the slow stream got")
    demandEqual(quick.items, large, "what the quick one got")
    await log.publish("the last")
    await slow.read(large.length + 1, 3)
    demandEqual(slow.items.at(-1), "the last", "what comes behind")
    slow.close()
    quick.close()
  }),

  brokerCase("a stream moves between nodes", async (bench) => {
    const brokers = [await bench.connect(), await bench.connect()]
    for (const broker of brokers) bench.can(broker, "replay")
    const logs = brokers.map(logAt)
    const all = numbers(60)
    let cursor: string | undefined = await logs[0]?.position()
    const items: string[] = []
    for (const [n, item] of all.entries()) {
      await logs[n % 2]?.publish(item)
      if (n % 10 !== 9) continue
      const log = logs[n % 20 === 9 ? 0 : 1]
      demand(log !== undefined, "no node")
      const stream = new Stream()
      await stream.open(log, cursor)
      await stream.read(n + 1 - items.length, 4)
      items.push(...stream.items)
      cursor = stream.cursor
      stream.close()
    }
    demandEqual(items, all, "what the stream got")
  }),

  brokerCase("streams go on when the connection was broken", async (bench) => {
    const [broker, other] = [await bench.connect(), await bench.connect()]
    bench.can(broker, "replay")
    const disconnect = bench.need("disconnect", bench.engine.disconnect)
    const [log, publishing] = [logAt(broker), logAt(other)]
    const stream = new Stream()
    await stream.open(log, undefined)
    const all = numbers(40)
    const done = kept(stream.read(all.length, 5))
    for (const [n, item] of all.entries()) {
      await publishing.publish(item)
      if (n % 10 === 5) await disconnect(broker)
      if (n % 3 === 0) await aTurn()
    }
    await done
    demandEqual(stream.items, all, "what the stream got")
    stream.close()
  }),
]
