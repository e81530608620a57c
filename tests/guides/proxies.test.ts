import { setTimeout as sleep } from "node:timers/promises"
import { type Connection, connect, createClient, type WebSocketClass } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement, type SessionTiming, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { afterEach, expect, test } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"
import { codeBlocksOf } from "../support/markdown.js"
import { describeWith, type ProxyKind, proxies, RunningProxy } from "../support/proxy.js"
import { read } from "../support/repository.js"

/* Real proxies, with the configurations of the guide. */

const blocks = codeBlocksOf(read("docs/guides/proxies.md"))

const service = contract({
  remote: call({ output: z.string().optional() }),
  /** Answers when the test says so. */
  later: call({}),
  count: subscription({ item: z.number() }),
})

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function serveBehind(
  proxy: ProxyKind,
  change: (block: string) => string = (block) => block,
  session: Partial<SessionTiming> = {},
) {
  let entered = 0
  let answer = (): void => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const router = implement(service, {
    remote: ({ session: { remote } }) => remote,
    later: () => {
      entered++
      return answered
    },
    async *count({ signal }) {
      for (let next = 0; !signal.aborted; next++) {
        yield next
        if (next % 10 === 0) await sleep(5)
      }
    },
  })
  const server = await listen(serve(router, { session }), {
    port: 0,
    hostname: "127.0.0.1",
    address: ({ headers }) => headers["x-real-ip"]?.toString(),
    handler: (_, response) => void response.end(),
  })
  endings.push(() => server.close())
  const block = blocks.find(({ language }) => language === proxy.language)?.code ?? ""
  const running = await RunningProxy.start(proxy, change(block), server.port)
  endings.push(() => running.stop())
  return { running, answer, entered: () => entered }
}

function connected(url: string, Socket: typeof WebSocket = WebSocket): Connection {
  const connection = connect(url, {
    WebSocket: Socket as unknown as WebSocketClass,
    reconnect: { base: 50, cap: 500 },
  })
  endings.push(() => connection.close())
  return connection
}

function becomes(connection: Connection, state: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.on("state", ({ to }) => {
      if (to !== state) return
      stop()
      resolve()
    })
  })
}

/** Reads on until there are so many items more, each behind the one before it. */
async function readOn(items: AsyncIterator<number>, from: number, count: number): Promise<number> {
  for (let next = from; next < from + count; next++) {
    expect(await items.next()).toEqual({ done: false, value: next })
  }
  return from + count
}

for (const proxy of proxies) {
  describeWith(proxy.name)(`behind ${proxy.name}`, () => {
    test("calls, streams, the page's origin and the client's address pass", async () => {
      const { running } = await serveBehind(proxy)
      const forged = { "x-real-ip": "192.0.2.1" }
      class Page extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { origin: `http://127.0.0.1:${running.port}`, headers: forged })
        }
      }
      const client = createClient(service, connected(running.url, Page as typeof WebSocket))
      expect(await client.remote()).toBe("127.0.0.1")
      await readOn(client.count()[Symbol.asyncIterator](), 0, 1_000)
    })

    test("a page of elsewhere is refused", async () => {
      const { running } = await serveBehind(proxy)
      class Foreign extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { origin: "https://elsewhere.example" })
        }
      }
      const connection = connected(running.url, Foreign as typeof WebSocket)
      const closed = new Promise((resolve) => {
        connection.on("state", ({ to, code }) => to === "closed" && resolve(code))
      })
      expect(await closed).toBe(4403)
    })

    test("heartbeats keep a quiet line open", async () => {
      const { running } = await serveBehind(proxy, shortened, { heartbeat: 300 })
      let sockets = 0
      let heard = (): void => {}
      class Counted extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols)
          this.on("open", () => sockets++)
          this.on("message", () => heard())
        }
      }
      const connection = connected(running.url, Counted as typeof WebSocket)
      await createClient(service, connection).remote()
      for (let pings = 0; pings < 8; pings++) {
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      }
      expect(sockets).toBe(1)
    })

    // Caddy cuts none.
    if (proxy.name !== "caddy")
      test("a quiet line that is cut loses nothing", async () => {
        const { running, answer, entered } = await serveBehind(proxy, shortened)
        const connection = connected(running.url)
        const client = createClient(service, connection)
        const later = client.later()
        await client.remote()
        const { session } = connection.info
        await becomes(connection, "waiting")
        answer()
        await later
        expect(connection.info.session).toBe(session)
        expect(entered()).toBe(1)
      })

    test("a reload while streams run loses nothing", async () => {
      const { running, answer, entered } = await serveBehind(proxy)
      const connection = connected(running.url)
      const client = createClient(service, connection)
      const items = client.count()[Symbol.asyncIterator]()
      const later = client.later()
      let next = await readOn(items, 0, 200)
      const { session } = connection.info
      for (let round = 0; round < 3; round++) {
        const cut = becomes(connection, "waiting")
        running.reload()
        await cut
        next = await readOn(items, next, 1_000)
      }
      answer()
      await later
      expect(connection.info.session).toBe(session)
      expect(entered()).toBe(1)
    })

    test("a restart loses nothing", async () => {
      const { running } = await serveBehind(proxy)
      const connection = connected(running.url)
      const items = createClient(service, connection).count()[Symbol.asyncIterator]()
      const next = await readOn(items, 0, 200)
      const { session } = connection.info
      await running.restart()
      await readOn(items, next, 2_000)
      expect(connection.info.session).toBe(session)
    })
  })
}

/** The timeouts of the guide, a second long. */
function shortened(block: string): string {
  return block.replaceAll("75s", "1s")
}
