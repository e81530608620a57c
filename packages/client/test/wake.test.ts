import { type Connection, type ConnectionState, connect, createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { implement, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { VirtualClock } from "@trunkline/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { FaultyProxy } from "../../server/test/support/faulty-proxy.js"
import { LogBook } from "../../server/test/support/log.js"

/* What a page's comings and goings do to its line (docs/protocol.md, "Liveness"). */

const service = contract({ echo: call({ input: z.string(), output: z.string() }) })

/** A page, as far as a connection looks at it. */
class FakePage extends EventTarget {
  visibilityState = "visible"
  readonly listeners = new Map<string, number>()

  override addEventListener(...parameters: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners.set(parameters[0], (this.listeners.get(parameters[0]) ?? 0) + 1)
    super.addEventListener(...parameters)
  }

  override removeEventListener(
    ...parameters: Parameters<EventTarget["removeEventListener"]>
  ): void {
    this.listeners.set(parameters[0], (this.listeners.get(parameters[0]) ?? 0) - 1)
    super.removeEventListener(...parameters)
  }

  tell(type: string, details: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), details))
  }
}

let document: FakePage
let window: FakePage
let server: Server
let listening: Listening
let proxy: FaultyProxy
let connection: Connection
/** The client's time. */
let clock: VirtualClock
let book: LogBook

beforeEach(async () => {
  clock = new VirtualClock()
  document = new FakePage()
  window = new FakePage()
  Object.assign(globalThis, {
    document,
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
  })
  book = new LogBook()
  server = serve(implement(service, { echo: ({ input }) => input }), {
    log: book.log,
    // Neither side looks after the line by itself.
    session: { heartbeat: 360_000_000 },
  })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  proxy = await FaultyProxy.to(listening.port)
})

afterEach(async () => {
  await connection.close()
  for (const page of [document, window]) {
    expect([...page.listeners.values()].every((count) => count === 0)).toBe(true)
  }
  for (const name of ["document", "addEventListener", "removeEventListener"]) {
    Reflect.deleteProperty(globalThis, name)
  }
  Reflect.deleteProperty(globalThis.navigator ?? {}, "onLine")
  await proxy.close()
  await listening.close()
})

function reached(state: ConnectionState): Promise<{ code?: number | undefined }> {
  return new Promise((resolve) => {
    const stop = connection.on("state", (change) => {
      if (change.to !== state) return
      stop()
      resolve(change)
    })
  })
}

/** An open line whose clock stands, so that only a wake-up gets anything done. */
async function dial(reconnect = { base: 3_600_000, cap: 3_600_000 }) {
  connection = connect(proxy.url, { host: clock, reconnect })
  const client = createClient(service, connection)
  await client.echo("there")
  // The answer to the first PING is in: what comes now was asked for later.
  while (connection.latency === undefined) await new Promise((resolve) => setImmediate(resolve))
  return client
}

describe("a page that is back asks whether its line still works", () => {
  test.each<[what: string, wake: () => void]>([
    ["online", () => window.tell("online")],
    ["pageshow", () => window.tell("pageshow")],
    ["resume", () => document.tell("resume")],
    ["visibilitychange", () => document.tell("visibilitychange")],
  ])("after %s", async (_, wake) => {
    await dial()
    const { messagesIn } = connection.info
    wake()
    while (connection.info.messagesIn === messagesIn) await new Promise((r) => setImmediate(r))
    expect(connection.state).toBe("open")
    expect(proxy.counts.connections).toBe(1)
  })

  test("and gives up one that does not, long before it would have found out", async () => {
    await dial({ base: 0, cap: 1 })
    proxy.freeze()
    const lost = reached("waiting")
    const open = lost.then(() => reached("open"))
    document.tell("visibilitychange")
    await clock.advance(4_000)
    expect(await lost).toMatchObject({ code: 4001 })
    await clock.advance(1)
    await open
    expect(proxy.counts.connections).toBe(2)
  })

  test("one that is hidden asks nothing", async () => {
    await dial()
    const { messagesOut } = connection.info
    document.visibilityState = "hidden"
    document.tell("visibilitychange")
    await clock.advance(4_000)
    expect(connection.info.messagesOut).toBe(messagesOut)
  })
})

test("a page that is back does not wait for the next attempt", async () => {
  const client = await dial()
  const session = connection.info.session
  const lost = reached("waiting")
  proxy.cut()
  await lost
  const open = reached("open")
  window.tell("online")
  await clock.advance(1_000)
  await open
  expect(connection.info.session).toBe(session)
  expect(await client.echo("again")).toBe("again")
})

test.each<[what: string, suspend: () => void, wake: () => void]>([
  ["frozen", () => document.tell("freeze"), () => document.tell("resume")],
  [
    "put aside",
    () => window.tell("pagehide", { persisted: true }),
    () => window.tell("pageshow", { persisted: true }),
  ],
])(
  "a page that is %s closes its line on purpose, and its session waits",
  async (_, suspend, wake) => {
    const client = await dial()
    const session = connection.info.session
    const lost = reached("waiting")
    suspend()
    expect(await lost).toMatchObject({ code: 4001 })
    while (server.stats().attached > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(server.stats().sessions).toBe(1)
    const open = reached("open")
    wake()
    await clock.advance(1_000)
    await open
    expect(connection.info.session).toBe(session)
    expect(await client.echo("awake")).toBe("awake")
  },
)

test("a page that is left for good says nothing", async () => {
  await dial()
  window.tell("pagehide", { persisted: false })
  expect(connection.state).toBe("open")
})

test("a page that knows it is offline makes its next attempt late, and at once when it is not", async () => {
  const client = await dial({ base: 0, cap: 3_600_000 })
  Object.defineProperty(globalThis, "navigator", {
    value: { onLine: false },
    configurable: true,
    writable: true,
  })
  const lost = reached("waiting")
  proxy.cut()
  await lost
  await clock.advance(3_599_999)
  expect(connection.state).toBe("waiting")
  Object.assign(globalThis.navigator, { onLine: true })
  window.tell("online")
  const back = client.echo("back")
  await clock.advance(1_000)
  expect(await back).toBe("back")
})
