import { type Client, createClient, isRpcError, type StreamEvent } from "@trunkline/client"
import { call, contract, duplex, event, subscription, upload } from "@trunkline/contract"
import { implement, type KeyStore, memoryBroker, memoryKeys, topic } from "@trunkline/server"
import { connectedPair, type Pair, VirtualClock } from "@trunkline/testing"
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { read } from "../support/repository.js"

/* The table of what is lost, measured: each kind of thing in each kind of trouble. */

const service = contract({
  mark: call({}),
  plain: call({}),
  safe: call({ idempotency: "safe" }),
  keyed: call({ idempotency: "key" }),
  every: subscription({ item: z.number() }),
  fresh: subscription({ item: z.number(), restart: "fresh" }),
  log: subscription({ item: z.number(), replay: "topic" }),
  up: upload({ item: z.number(), output: z.number() }),
  both: duplex({ up: z.number(), down: z.number() }),
  tell: event({ input: z.number() }),
})

/** A client and a server, and what the handlers saw. */
class Stage {
  readonly clock = new VirtualClock()
  readonly told: number[] = []
  readonly log = topic(service.log, { broker: memoryBroker({ host: this.clock }) })
  entered = 0
  published = 0
  lost = 0
  #hasEntered = (): void => {}
  readonly hasEntered = new Promise<void>((resolve) => {
    this.#hasEntered = resolve
  })
  open = (): void => {}
  readonly gate = new Promise<void>((resolve) => {
    this.open = resolve
  })
  #deaths = 0
  readonly pair: Pair
  readonly client: Client<typeof service>

  constructor() {
    const { clock } = this
    const enter = async (): Promise<void> => {
      this.entered++
      this.#hasEntered()
      const entered = this.#deaths
      await this.gate
      // A server that has died answers nobody.
      if (entered !== this.#deaths) await new Promise(() => {})
    }
    const numbers = async function* () {
      for (let next = 0; ; next++) {
        yield next
        await new Promise<void>((resolve) => clock.wakeAt(clock.now() + 100, resolve))
      }
    }
    const router = implement(service, {
      mark: () => {},
      ...{ plain: enter, safe: enter, keyed: enter },
      ...{ every: numbers, fresh: numbers, log: this.log },
      up: async ({ items }) => {
        let sum = 0
        for await (const item of items) sum += item
        return sum
      },
      both: async function* ({ items }) {
        for await (const item of items) yield item
      },
      tell: ({ input }) => void this.told.push(input),
    })
    const keys = mortal(memoryKeys({ host: clock }), () => this.#deaths)
    this.pair = connectedPair(router, { clock, serve: { keys } })
    this.pair.connection.on("lost", ({ events }) => {
      this.lost += events
    })
    this.client = createClient(service, this.pair.connection)
  }

  died(): void {
    this.#deaths++
  }
}

/** A store in which nobody renews what was claimed by a server that has died since. */
function mortal(store: KeyStore, deaths: () => number): KeyStore {
  const claimed = new Map<string, number>()
  const lives = (owner: string): boolean => claimed.get(owner) === deaths()
  return {
    ...{ epoch: store.epoch, ttlMs: store.ttlMs, outcomeUnits: store.outcomeUnits },
    claim: (claim, signal) => {
      claimed.set(claim.owner, deaths())
      return store.claim(claim, signal)
    },
    renew: async (key, owner, leaseMs, signal) =>
      lives(owner) && (await store.renew(key, owner, leaseMs, signal)),
    complete: (...of) => store.complete(...of),
    release: (...of) => store.release(...of),
  }
}

type Trouble = (stage: Stage) => Promise<unknown>

/** The columns. */
const troubles: Readonly<Record<string, Trouble>> = {
  "The line breaks": async ({ pair, clock }) => {
    pair.unplug()
    await clock.advance(30_000)
    pair.plug()
    await clock.advance(30_000)
  },
  "Away for longer than the grace": async ({ pair, clock }) => {
    pair.unplug()
    await clock.advance(150_000)
    pair.plug()
    await clock.advance(60_000)
  },
  "The server dies": async (stage) => {
    const { pair, clock } = stage
    pair.restart()
    stage.died()
    await clock.advance(60_000)
  },
  "The server is replaced": async ({ pair, clock }) => {
    pair.replace()
    await clock.advance(25_000)
  },
}

const options = { timeout: Number.POSITIVE_INFINITY }
const failure = (error: unknown) => (isRpcError(error) ? `\`${error.code}\`` : String(error))

/** A call whose handler is entered before the trouble, and let go behind it. */
async function called(stage: Stage, name: "plain" | "safe" | "keyed", trouble: Trouble) {
  const calling = stage.client[name](undefined, options).then(() => "answered", failure)
  await stage.hasEntered
  await trouble(stage)
  stage.open()
  await stage.clock.advance(60_000)
  const outcome = await calling
  return stage.entered > 1 ? `${outcome}, run again` : outcome
}

/** What a reader sees of items that count up, until it has seen some that came behind the trouble. */
async function watched(stage: Stage, name: "every" | "fresh", trouble: Trouble) {
  const events: StreamEvent<number, never>[] = []
  let ended: string | undefined
  stage.client[name]().subscribe({
    item: (item) => void events.push({ item } as StreamEvent<number, never>),
    note: (note) => void events.push({ note } as StreamEvent<number, never>),
    error: (error) => {
      ended = failure(error)
    },
  })
  await stage.clock.advance(500)
  await trouble(stage)
  const before = events.length
  await stage.clock.advance(500)
  if (ended) return ended
  expect(events.length).toBeGreaterThan(before)
  const restarted = events.findIndex((event) => "note" in event)
  const items = events.slice(0, restarted === -1 ? undefined : restarted)
  expect(items).toEqual(items.map((_, item) => ({ item })))
  return restarted === -1 ? "goes on" : "begins anew, with a note"
}

/** The rows. */
const rows: Readonly<Record<string, (stage: Stage, trouble: Trouble) => Promise<string>>> = {
  "a call that has not left": async (stage, trouble) => {
    await stage.client.mark()
    stage.pair.unplug()
    await stage.clock.advance(1_000)
    const calling = stage.client.plain(undefined, options).then(() => "answered", failure)
    await trouble(stage)
    stage.pair.plug()
    stage.open()
    await stage.clock.advance(60_000)
    return calling
  },
  "a call, `safe` or `idempotent`": (stage, trouble) => called(stage, "safe", trouble),
  "a call with a `key`": (stage, trouble) => called(stage, "keyed", trouble),
  "any other call": (stage, trouble) => called(stage, "plain", trouble),
  "a stream of a topic with `replay`": async (stage, trouble) => {
    const seen: number[] = []
    let ended = "goes on"
    stage.client.log().subscribe({
      item: (item) => void seen.push(item),
      error: (error) => {
        ended = failure(error)
      },
    })
    await stage.client.mark()
    for (let round = 0; round < 5; round++) await stage.log.publish(stage.published++)
    const publishing = trouble(stage)
    for (let round = 0; round < 5; round++) await stage.log.publish(stage.published++)
    await publishing
    await stage.log.publish(stage.published++)
    await stage.clock.advance(10_000)
    expect(seen).toEqual(Array.from({ length: 11 }, (_, item) => item))
    return ended
  },
  'a subscription with `restart: "fresh"`': (stage, trouble) => watched(stage, "fresh", trouble),
  "any other subscription": (stage, trouble) => watched(stage, "every", trouble),
  "an upload": async (stage, trouble) => {
    let more = (): void => {}
    const waiting = new Promise<void>((resolve) => {
      more = resolve
    })
    async function* items() {
      yield 1
      await waiting
      yield 2
    }
    const calling = stage.client.up(undefined, items()).then((sum) => {
      expect(sum).toBe(3)
      return "goes on"
    }, failure)
    await stage.client.mark()
    await trouble(stage)
    more()
    await stage.clock.advance(60_000)
    return calling
  },
  "a duplex": async (stage, trouble) => {
    const both = stage.client.both()
    const echoes = both[Symbol.asyncIterator]()
    await both.send(1)
    expect(await echoes.next()).toEqual({ done: false, value: 1 })
    await trouble(stage)
    both.send(2).catch(() => {})
    return echoes.next().then(({ value }) => {
      expect(value).toBe(2)
      return "goes on"
    }, failure)
  },
  "an event": async (stage, trouble) => {
    await stage.client.mark()
    stage.client.tell(1)
    const going = trouble(stage)
    stage.client.tell(2)
    await going
    await stage.clock.advance(10_000)
    expect(stage.told.length + stage.lost).toBe(2)
    return stage.lost === 0 ? "arrives" : "may be lost: `lost` counts it"
  },
}

const table = read("docs/guides/line-drops.md")
  .text.split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()))
const columns = table.find((cells) => cells[1] === "What is under way")?.slice(2, -1) ?? []

const stages: Stage[] = []
afterEach(async () => {
  for (const { pair } of stages.splice(0)) await pair.close()
})

test("the table of the guide has every trouble and every row", () => {
  expect(columns).toEqual(Object.keys(troubles))
  const named = table.map(([, name = ""]) => name)
  expect(named).toEqual(expect.arrayContaining(Object.keys(rows)))
})

describe.each(Object.entries(rows))("%s", (name, row) => {
  const cells = table.find((cells) => cells[1] === name)?.slice(2, -1) ?? []

  test.each(Object.entries(troubles))("%s", async (trouble, happens) => {
    const stage = new Stage()
    stages.push(stage)
    expect(await row(stage, happens)).toBe(cells[columns.indexOf(trouble)])
  })
})
