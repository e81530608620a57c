import {
  type Connection,
  type ConnectOptions,
  connect,
  createClient,
  safe,
} from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import { call, contract, duplex, event, subscription, upload } from "@trunkline/contract"
import { memoryBroker, RpcError, scope, topic } from "@trunkline/server"
import { mockServer, type PartialHandlers } from "@trunkline/testing/msw"
import { setupServer } from "msw/node"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"

// Node has one of its own from version 22 on.
Reflect.set(globalThis, "WebSocket", globalThis.WebSocket ?? WebSocket)

const monitor = contract({
  hosts: {
    list: call({ output: z.array(z.string()) }),
    rename: call({ input: z.string(), errors: { LOCKED: z.object({ by: z.string() }) } }),
  },
  samples: subscription({ item: z.int() }),
  alerts: subscription({ item: z.string(), replay: "topic", onGap: "continue" }),
  importLog: upload({ item: z.instanceof(Uint8Array), output: z.int() }),
  shell: duplex({ up: z.string(), down: z.string() }),
  typing: event({ input: z.string() }),
})

const url = "ws://mock.test/rpc"
const line = mockServer(monitor, url, {})
const interception = setupServer(...line.handlers)
beforeAll(() => interception.listen({ onUnhandledRequest: "error" }))
afterAll(() => interception.close())

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const open of closing.splice(0)) await open.close()
  interception.resetHandlers()
  line.reset()
  // Of a client that left while its line was down the server keeps the session.
  line.restart()
})

function mocked(handlers: PartialHandlers<typeof monitor>, options: ConnectOptions = {}) {
  line.use(handlers)
  const connection = connect(url, { reconnect: { base: 10, cap: 20 }, ...options })
  closing.push(connection)
  return { connection, client: createClient(monitor, connection) }
}

/** One of its own, for what a reset does not take back. */
function another<Context>(...arguments_: Parameters<typeof mockServer<typeof monitor, Context>>) {
  const other = mockServer<typeof monitor, Context>(...arguments_)
  interception.use(...other.handlers)
  closing.push(other)
  return other
}

function until(connection: Connection, wanted: Connection["state"]): Promise<void> {
  return new Promise((resolve) => {
    if (connection.state === wanted) return resolve()
    const off = connection.on("state", ({ to }) => {
      if (to !== wanted) return
      off()
      resolve()
    })
  })
}

describe("a mock server", () => {
  test("serves every kind of procedure over the real protocol", async () => {
    const typed = vi.fn()
    const { client, connection } = mocked({
      hosts: { list: () => ["a", "b"] },
      async *samples() {
        yield* [1, 2, 3]
      },
      importLog: async ({ items }) => {
        let bytes = 0
        for await (const item of items) bytes += item.length
        return bytes
      },
      async *shell({ items }) {
        for await (const line of items) yield `${line}!`
      },
      typing: ({ input }) => typed(input),
    })
    expect(await client.hosts.list()).toEqual(["a", "b"])
    const samples: number[] = []
    for await (const sample of client.samples()) samples.push(sample)
    expect(samples).toEqual([1, 2, 3])
    expect(await client.importLog(undefined, [new Uint8Array(3), new Uint8Array(4)])).toBe(7)
    const shell = client.shell()
    await shell.send("ls")
    shell.finish()
    const echoed: string[] = []
    for await (const text of shell) echoed.push(text)
    expect(echoed).toEqual(["ls!"])
    client.typing("ada")
    await vi.waitUntil(() => typed.mock.calls.length > 0)
    expect(typed).toHaveBeenCalledWith("ada")
    expect(connection.info.subprotocol).toBe("trunkline.v1.json")
    expect(line.server.stats()).toMatchObject({ sessions: 1 })
  })

  test("checks what the contract says", async () => {
    const { client } = mocked({ hosts: { rename: () => {} } })
    await expect(Reflect.apply(client.hosts.rename, undefined, [7])).rejects.toMatchObject({
      code: "VALIDATION",
    })
  })

  test("speaks msgpack to whoever offers it, in bytes as a browser has them", async () => {
    const { client, connection } = mocked(
      {
        importLog: async ({ items }) => {
          let sum = 0
          for await (const [byte = 0] of items) sum += byte
          return sum
        },
      },
      { codecs: [msgpack] },
    )
    expect(await client.importLog(undefined, [new Uint8Array([3]), new Uint8Array([4])])).toBe(7)
    expect(connection.info.subprotocol).toBe("trunkline.v1.msgpack")
  })

  test.each([{ codecs: [] }, { codecs: [msgpack] }])(
    "turns away in whatever codec msw has chosen",
    async ({ codecs }) => {
      const { client, connection } = mocked({}, { codecs })
      line.refuse("forbidden")
      const closed = vi.fn()
      connection.on("state", closed)
      expect(await safe(client.hosts.list())).toMatchObject({ error: { code: "CLOSED" } })
      expect(closed).toHaveBeenLastCalledWith(expect.objectContaining({ to: "closed", code: 4403 }))
    },
  )

  test("says why before it closes", async () => {
    line.refuse("busy")
    const heard: unknown[] = []
    const socket = new globalThis.WebSocket(url, ["trunkline.v1.json", "trunkline.reject"])
    socket.addEventListener("message", ({ data }) => heard.push(JSON.parse(data)))
    await new Promise<void>((resolve) =>
      socket.addEventListener("close", ({ code }) => {
        heard.push(code)
        resolve()
      }),
    )
    const message = expect.stringContaining("busy")
    expect(heard).toEqual([[0, 0, [3, { code: "busy", message }]], 4503])
  })

  test("names what has no handler, whatever its kind", async () => {
    const { client } = mocked({ hosts: { list: () => [] } })
    const missing = { code: "NOT_FOUND", executed: "no" }
    const named = (path: string) =>
      expect.objectContaining({ ...missing, message: expect.stringContaining(`for ${path}`) })
    await expect(client.hosts.rename("a")).rejects.toEqual(named("hosts.rename"))
    await expect(client.samples()[Symbol.asyncIterator]().next()).rejects.toEqual(named("samples"))
    await expect(client.alerts()[Symbol.asyncIterator]().next()).rejects.toEqual(named("alerts"))
    await expect(client.importLog(undefined, [])).rejects.toEqual(named("importLog"))
    await expect(client.shell()[Symbol.asyncIterator]().next()).rejects.toEqual(named("shell"))
    client.typing("nobody hears it")
    expect(await client.hosts.list()).toEqual([])
    expect(line.server.stats().sessions).toBe(1)
  })

  test("shows whoever wrote a mock what is wrong with it", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {})
    const { client } = mocked({
      hosts: {
        list: () => {
          throw new Error("a mistake in a mock")
        },
      },
    })
    await expect(client.hosts.list()).rejects.toMatchObject({ code: "INTERNAL" })
    expect(error).toHaveBeenCalledWith(
      "trunkline: a handler failed",
      expect.objectContaining({ path: "hosts.list", error: new Error("a mistake in a mock") }),
    )
    error.mockRestore()
  })

  test("takes other handlers for a test, and gives them back", async () => {
    const line = another(monitor, "*://mock.test/other", { hosts: { list: () => ["first"] } })
    const connection = connect("wss://mock.test/other")
    closing.push(connection)
    const client = createClient(monitor, connection)
    line.use({
      hosts: {
        list: () => ["other"],
        rename: ({ errors }) => {
          throw errors.LOCKED({ by: "ada" })
        },
      },
    })
    expect(await client.hosts.list()).toEqual(["other"])
    const renamed = await safe(client.hosts.rename("a"))
    expect(renamed).toMatchObject({ error: { code: "LOCKED", data: { by: "ada" } } })
    line.use({ hosts: { list: () => ["third"] } })
    expect(await client.hosts.list()).toEqual(["third"])
    await expect(client.hosts.rename("a")).rejects.toMatchObject({ code: "LOCKED" })
    line.reset()
    expect(await client.hosts.list()).toEqual(["first"])
    await expect(client.hosts.rename("a")).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test("lets a test push what streams bring", async () => {
    const samples = topic(monitor.samples)
    const alerts = topic(monitor.alerts, { broker: memoryBroker() })
    const { client } = mocked({ samples, alerts })
    const numbers = client.samples()[Symbol.asyncIterator]()
    const first = numbers.next()
    await vi.waitUntil(() => samples.readers === 1)
    await samples.publish(1)
    expect(await first).toEqual({ value: 1, done: false })
    const events = client.alerts().events()
    const alert = events.next()
    await vi.waitUntil(() => alerts.readers === 1)
    line.drop()
    await alerts.publish("while the line was down")
    expect(await alert).toMatchObject({ value: { item: "while the line was down" } })
    line.gap(monitor.alerts)
    expect(await events.next()).toMatchObject({ value: { note: { type: "gap" } } })
    await numbers.return?.()
    await events.return?.()
  })

  test("refuses to mock what the contract does not have", () => {
    const mock = (handlers: object) =>
      Reflect.apply(mockServer, undefined, [monitor, url, handlers])
    expect(() => mock({ host: { list: () => [] } })).toThrow("the contract has no host.list")
    expect(() => mock({ hosts: { list: [] } })).not.toThrow()
    expect(() => mock({ hosts: { list: "none" } })).toThrow("hosts.list is no handler")
    expect(() => mock({ samples: undefined })).not.toThrow()
  })

  test("knows who its client is, where it is told how", async () => {
    const app = scope<{ user: string }>()
    const me = contract({ me: call({ output: z.string() }) })
    const signedIn = app.use(({ next }) => next())
    const line = mockServer(
      me,
      "http://mock.test/me",
      { me: signedIn(({ context }) => context.user) },
      {
        authenticate: ({ token }) => {
          if (token !== "ada") throw new RpcError("FORBIDDEN")
          return { principal: token, context: { user: token } }
        },
      },
    )
    interception.use(...line.handlers)
    const ada = connect("ws://mock.test/me", { token: () => "ada" })
    const bob = connect("ws://mock.test/me", { token: () => "bob" })
    closing.push(ada, bob, line)
    expect(await createClient(me, ada).me()).toBe("ada")
    await until(bob, "closed")
  })
})

describe("a bad day", () => {
  test("a drop heals in the same session, and what was under way arrives once", async () => {
    let renamed = 0
    const { client, connection } = mocked({
      hosts: { list: () => [], rename: () => void renamed++ },
    })
    await client.hosts.list()
    const { session } = connection.info
    const codes: unknown[] = []
    connection.on("state", ({ to, code }) => to === "waiting" && codes.push(code))
    line.drop({ after: client.hosts.rename })
    await client.hosts.rename("a")
    expect(renamed).toBe(1)
    line.drop({ before: { answer: monitor.hosts.rename } })
    await client.hosts.rename("b")
    expect(renamed).toBe(2)
    expect(connection.info.session).toBe(session)
    expect(codes).toEqual([1006, 1006])
  })

  test("unplugged, nobody answers", async () => {
    const { client, connection } = mocked({ hosts: { list: () => [] } })
    await client.hosts.list()
    line.unplug()
    await until(connection, "waiting")
    const call = client.hosts.list()
    await until(connection, "connecting")
    await until(connection, "waiting")
    line.plug()
    expect(await call).toEqual([])
  })

  test("a restart loses the session", async () => {
    const { client, connection } = mocked({
      hosts: { list: () => [], rename: () => new Promise<void>(() => {}) },
    })
    const renaming = safe(client.hosts.rename("a"))
    await client.hosts.list()
    const { session } = connection.info
    line.restart()
    expect(await renaming).toMatchObject({ error: { code: "OUTCOME_UNKNOWN" } })
    expect(connection.info.session).not.toBe(session)
  })

  test("a rolling restart fails nothing", async () => {
    const { client, connection } = mocked({ hosts: { list: () => [] } })
    await client.hosts.list()
    const lost = vi.fn()
    connection.on("state", ({ to }) => to === "waiting" && lost())
    const replaced = line.replace({ spread: 0 })
    for (let n = 0; n < 20; n++) await client.hosts.list()
    await replaced
    await client.hosts.list()
    expect(lost).not.toHaveBeenCalled()
  })

  test("a refusal lasts as long as it was said to", async () => {
    const { client } = mocked({ hosts: { list: () => [] } })
    line.refuse("busy", { times: 2 })
    line.refuse(client.hosts.list, "FORBIDDEN", { times: 1 })
    await expect(client.hosts.list()).rejects.toMatchObject({ code: "FORBIDDEN" })
    expect(await client.hosts.list()).toEqual([])
  })

  test("a delay passes under fake timers", async () => {
    const { client } = mocked({ hosts: { list: () => [] } })
    await client.hosts.list()
    vi.useFakeTimers()
    line.delay(200)
    const answered = vi.fn()
    const listing = client.hosts.list().then(answered)
    await vi.advanceTimersByTimeAsync(399)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await listing
    line.delay(0)
  })

  test("all of it goes under fake timers that were there before", async () => {
    vi.useFakeTimers()
    const { client } = mocked({
      hosts: { list: () => [], rename: () => new Promise<void>(() => {}) },
    })
    const renaming = expect(client.hosts.rename("a", { timeout: 5_000 })).rejects.toMatchObject({
      code: "TIMEOUT",
      executed: "unknown",
    })
    // Timers wait for no message: time is not to pass before this has come.
    await client.hosts.list()
    await vi.advanceTimersByTimeAsync(4_999)
    line.drop()
    await vi.advanceTimersByTimeAsync(1)
    await renaming
  })

  test("a server that is closed answers nobody", async () => {
    const line = another(monitor, "ws://mock.test/closing", { hosts: { list: () => [] } })
    const connection = connect("ws://mock.test/closing")
    closing.push(connection)
    const client = createClient(monitor, connection)
    await client.hosts.list()
    await line.close()
    await expect(client.hosts.list(undefined, { timeout: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
    })
  })

  test("a client that is none of ours is turned away, and harms nobody", async () => {
    const { client } = mocked({ hosts: { list: () => [] } })
    const codes: number[] = []
    for (const protocols of [undefined, "graphql-transport-ws", ["a", "b"]]) {
      const stranger = new globalThis.WebSocket(url, protocols)
      stranger.addEventListener("message", () => {})
      await new Promise<void>((resolve) =>
        stranger.addEventListener("close", ({ code }) => {
          codes.push(code)
          resolve()
        }),
      )
    }
    expect(codes).toEqual([4406, 4406, 4406])
    const rude = new globalThis.WebSocket(url, "trunkline.v1.json")
    const closed = new Promise<number>((resolve) =>
      rude.addEventListener("close", ({ code }) => resolve(code)),
    )
    rude.addEventListener("open", () => rude.send("no frame at all"))
    expect(await closed).toBe(4400)
    expect(await client.hosts.list()).toEqual([])
  })

  test("sockets leave nothing behind", async () => {
    const { client, connection } = mocked({ hosts: { list: () => [] } })
    await client.hosts.list()
    for (let n = 0; n < 20; n++) {
      line.drop()
      await client.hosts.list()
    }
    await connection.close()
    await vi.waitUntil(() => line.server.stats().sessions === 0)
    expect(line.server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
  })
})
