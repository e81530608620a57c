import { setTimeout as sleep } from "node:timers/promises"
import { type Connection, connect, createClient, isRpcError } from "@trunkline/client"
import { type Broker, memoryBroker, topic } from "@trunkline/server"
import { afterEach, beforeEach, expect, test } from "vitest"
import { service } from "./programs/rolling-service.js"
import { offer } from "./programs/tcp-broker.js"
import { Balancer } from "./support/balancer.js"
import { type Running, start } from "./support/program.js"

/*
 * Two processes behind a balancer, restarted one after the other under load: no call fails, none runs
 * twice, and of a topic nothing is missed and nothing comes twice.
 */

const clients = 4
const restarts = 6

interface Node extends Running {
  readonly port: number
}

let broker: Broker
let offered: Awaited<ReturnType<typeof offer>>
let balancer: Balancer
let nodes: Node[]
let everStarted: Node[]
/** How often each handler was entered that must not be twice. */
let entered: Map<string, number>

beforeEach(async () => {
  broker = memoryBroker({ entries: 100_000 })
  offered = await offer(broker)
  balancer = await Balancer.open()
  entered = new Map()
  nodes = []
  everStarted = []
})

afterEach(async () => {
  balancer.close()
  for (const { child, ending } of everStarted) {
    child.kill("SIGKILL")
    await ending
  }
  offered.close()
  await broker.close()
})

async function startNode(): Promise<void> {
  const running = await start("rolls", String(offered.port))
  const port = Number((await running.line()).split(" ")[1])
  const node = { ...running, port }
  nodes.push(node)
  everStarted.push(node)
  void listenTo(node)
  await balancer.add(port)
}

async function listenTo({ line }: Node): Promise<void> {
  for (let said = await line(); said !== ""; said = await line()) {
    entered.set(said, (entered.get(said) ?? 0) + 1)
  }
}

/** Ends the oldest process as an orchestrator does, and starts another. */
async function restartOldest(): Promise<void> {
  const oldest = nodes.shift()
  oldest?.child.kill("SIGTERM")
  const { code, signal, output } = (await oldest?.ending) ?? {}
  expect({ code, signal, errors: output?.match(/.*rror.*/g) }).toEqual({
    code: 0,
    signal: null,
    errors: null,
  })
  balancer.remove(oldest?.port ?? 0)
  await startNode()
}

/** One page: it calls all the time, and reads. */
class Page {
  readonly connection: Connection
  readonly failures: string[] = []
  readonly calls: string[] = []
  readonly sessions = new Set<string>()
  readonly seen: number[] = []
  restarts = 0
  readonly #client: ReturnType<typeof createClient<typeof service>>
  readonly #number: number
  readonly #done: Promise<unknown>
  #made = 0
  #stopped = false

  constructor(number: number) {
    this.#number = number
    this.connection = connect(balancer.url)
    this.connection.on("state", () => this.sessions.add(this.connection.info.session ?? ""))
    this.#client = createClient(service, this.connection)
    this.#done = Promise.all([
      this.#callOn("add"),
      this.#callOn("add"),
      this.#callOn("slow"),
      this.#look(),
      this.#read(),
      this.#watch(),
    ])
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
    await this.connection.close()
  }

  async #callOn(what: "add" | "slow"): Promise<void> {
    while (!this.#stopped) {
      const input = ++this.#made * clients + this.#number
      this.calls.push(`entered ${what} ${input}`)
      await this.#attempt(what, async () => {
        const output = await this.#client[what](input)
        if (output !== input) this.failures.push(`${what} ${input} gave ${output}`)
      })
      await sleep(1)
    }
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      await this.#attempt("look", () => this.#client.look())
      await sleep(5)
    }
  }

  async #read(): Promise<void> {
    await this.#attempt("feed", async () => {
      for await (const item of this.#client.feed()) {
        this.seen.push(item)
        if (this.#stopped) return
      }
    })
  }

  async #watch(): Promise<void> {
    await this.#attempt("ticks", async () => {
      for await (const event of this.#client.ticks().events()) {
        if ("note" in event && event.note.type === "restarted") this.restarts++
        if (this.#stopped) return
      }
    })
  }

  async #attempt(what: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
    } catch (error) {
      this.failures.push(
        isRpcError(error) ? `${what} ${error.code} ${error.executed}` : String(error),
      )
    }
  }
}

test(`${restarts} restarts of two processes under load harm nothing`, {
  timeout: 90_000,
}, async () => {
  await Promise.all([startNode(), startNode()])
  const pages = Array.from({ length: clients }, (_, number) => new Page(number))
  const feed = topic(service.feed, { broker, name: "feed" })
  let published = 0
  let stopped = false
  const publishing = (async () => {
    while (!stopped) {
      await feed.publish(++published)
      await sleep(3)
    }
  })()
  while (!pages.every(({ seen }) => seen.length > 0)) await sleep(5)
  for (let round = 0; round < restarts; round++) await restartOldest()
  const last = published + 1
  while (!pages.every(({ seen }) => (seen.at(-1) ?? 0) >= last)) await sleep(5)
  await Promise.all(pages.map((page) => page.stop()))
  stopped = true
  await publishing

  for (const { failures, seen, calls, sessions, restarts: told } of pages) {
    expect(failures).toEqual([])
    expect(seen).toEqual(seen.map((_, index) => (seen[0] ?? 0) + index))
    expect(calls.map((call) => entered.get(call))).toEqual(calls.map(() => 1))
    expect(sessions.size).toBeGreaterThan(restarts / 2)
    expect(told).toBeGreaterThan(0)
    expect(calls.length).toBeGreaterThan(500)
  }
})
