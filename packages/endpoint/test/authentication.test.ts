import { createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { type Credentials, type Identity, RpcError, scope } from "@trunkline/server"
import { VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { Feed, failure, pairOf, Signal } from "./support.js"

/* Who a client is while its line is open (docs/protocol.md, "AUTH"). */

const service = contract({
  who: call({ output: z.string() }),
  wait: call({ output: z.string() }),
  open: subscription({ item: z.number() }),
  guarded: subscription({ input: z.string(), item: z.number() }),
})

interface User {
  readonly name: string
  readonly mayWatch: boolean
}

/** One client, its token, and a server that believes tokens for a while. */
class Scene {
  readonly clock = new VirtualClock()
  readonly feed = new Feed<number>()
  readonly release = new Signal()
  /** Each token that the server looked at. */
  readonly shown: (string | undefined)[] = []
  /** What each connection state was left for. */
  readonly states: string[] = []
  /** Names that the middleware saw, with the input. */
  readonly asked: string[] = []
  waited: AbortSignal | undefined
  life: number | undefined
  /** The user's name, perhaps a word on his rights: `ada`, `ada:blind`. */
  user = "ada"
  token: () => string | undefined | Promise<string | undefined> = () => this.user
  identify: (credentials: Credentials) => Identity<User> | Promise<Identity<User>> = (given) =>
    this.believe(given)
  check: () => void | Promise<void> = () => {}

  believe({ token }: Credentials): Identity<User> {
    this.shown.push(token)
    if (token === undefined || token === "bad") throw new RpcError("UNAUTHORIZED")
    const [name = "", right] = token.split(":")
    const expires = this.life === undefined ? undefined : new Date(this.clock.wall() + this.life)
    return { principal: name, context: { name, mayWatch: right !== "blind" }, expires }
  }

  readonly pair = (() => {
    const app = scope<User>()
    const watchers = app.use(async ({ context, input, next }) => {
      this.asked.push(`${context.name} ${input}`)
      await this.check()
      if (!context.mayWatch) throw new RpcError("FORBIDDEN", { message: "blind" })
      return next()
    })
    const router = app.implement(service, {
      who: ({ context }) => context.name,
      wait: async ({ context, signal }) => {
        this.waited = signal
        await this.release.promise
        return context.name
      },
      open: ({ signal }) => this.feed.read(signal),
      guarded: watchers(({ signal }) => this.feed.read(signal)),
    })
    return pairOf(router, {
      clock: this.clock,
      serve: { authenticate: (credentials) => this.identify(credentials) },
      connect: { token: () => this.token() },
    })
  })()

  readonly client = createClient(service, this.pair.connection)

  constructor() {
    this.pair.connection.on("state", ({ from, to, code }) => {
      this.states.push(`${from} ${to}${code ? ` ${code}` : ""}`)
    })
  }

  /** Until the handshake and whatever else needs no time is done. */
  async settled(): Promise<this> {
    await this.clock.advance(0)
    return this
  }
}

describe("a token that runs out", () => {
  test("is shown anew in time, and the line stays", async () => {
    const scene = new Scene()
    scene.life = 300_000
    await scene.settled()
    await scene.clock.advance(239_000)
    expect(scene.shown).toEqual(["ada"])
    await scene.clock.advance(2_000)
    expect(scene.shown).toEqual(["ada", "ada"])
    await scene.clock.advance(1_000_000)
    expect(scene.shown).toHaveLength(6)
    expect(scene.states).toEqual(["connecting open"])
  })

  test("is shown at half of its life where that is short", async () => {
    const scene = new Scene()
    scene.life = 60_000
    await scene.settled()
    await scene.clock.advance(29_000)
    expect(scene.shown).toHaveLength(1)
    await scene.clock.advance(2_000)
    expect(scene.shown).toHaveLength(2)
  })

  test("never comes sooner than the server takes it, however short its life", async () => {
    const scene = new Scene()
    scene.life = 1_000
    await scene.settled()
    await scene.clock.advance(60_000)
    expect(scene.states).toEqual(["connecting open"])
    expect(scene.shown.length).toBeLessThanOrEqual(14)
  })

  test("closes the socket five seconds later, and nothing is lost", async () => {
    const scene = new Scene()
    scene.life = 100_000
    await scene.settled()
    const items: number[] = []
    const stop = scene.client.open().subscribe({ item: (item) => items.push(item) })
    const waiting = scene.client.wait(undefined, { timeout: 600_000 })
    await scene.settled()
    scene.feed.put(1)
    scene.life = undefined
    scene.token = () => new Promise(() => {})
    await scene.clock.advance(104_000)
    expect(scene.states).toEqual(["connecting open"])
    scene.token = () => scene.user
    await scene.clock.advance(2_000)
    expect(scene.states[1]).toBe("open waiting 4401")
    scene.feed.put(2)
    scene.release.fire()
    await scene.clock.advance(2_000)
    expect(await waiting).toBe("ada")
    expect(items).toEqual([1, 2])
    expect(scene.waited?.aborted).toBe(false)
    stop()
  })

  test("that is out already lets nobody in", async () => {
    const scene = new Scene()
    scene.life = -1
    await scene.clock.advance(200_000)
    expect(scene.states.at(-1)).toBe("connecting closed 4401")
  })
})

describe("another token on an open line", () => {
  test("is what handlers know from then on", async () => {
    const scene = await new Scene().settled()
    expect(await scene.client.who()).toBe("ada")
    const names: string[] = []
    const renamed = { principal: "ada", context: { name: "countess", mayWatch: true } }
    scene.identify = () => renamed
    await scene.pair.connection.refreshToken()
    names.push(await scene.client.who())
    expect(names).toEqual(["countess"])
    expect(scene.states).toEqual(["connecting open"])
  })

  test("that is refused closes the socket, and the next one goes on with the session", async () => {
    const scene = await new Scene().settled()
    const waiting = scene.client.wait()
    await scene.settled()
    const tokens = ["bad", "ada"]
    scene.token = () => tokens.shift()
    const refreshed = scene.pair.connection.refreshToken()
    await scene.clock.advance(10)
    await refreshed
    expect(scene.states.slice(1)).toEqual([
      "open waiting 4401",
      "waiting connecting",
      "connecting open",
    ])
    scene.release.fire()
    expect(await waiting).toBe("ada")
  })

  test("that may never come in closes the connection", async () => {
    const scene = await new Scene().settled()
    scene.identify = () => {
      throw new RpcError("FORBIDDEN")
    }
    await expect(scene.pair.connection.refreshToken()).rejects.toMatchObject({ code: "CLOSED" })
    expect(scene.states.at(-1)).toBe("open closed 4403")
  })

  test("ends the streams that its middleware would not let begin, and lets calls finish", async () => {
    const scene = await new Scene().settled()
    const open: number[] = []
    const stop = scene.client.open().subscribe({ item: (item) => open.push(item) })
    const ended = failure(scene.client.guarded("x")[Symbol.asyncIterator]().next())
    const waiting = scene.client.wait()
    await scene.settled()
    scene.user = "ada:blind"
    await scene.pair.connection.refreshToken()
    expect(await ended).toMatchObject({ code: "FORBIDDEN", message: "blind", executed: "unknown" })
    expect(scene.asked).toEqual(["ada x", "ada x"])
    await scene.feed.left.promise
    scene.feed.put(1)
    scene.release.fire()
    expect(await waiting).toBe("ada")
    await scene.settled()
    expect(open).toEqual([1])
    stop()
  })

  test("leaves the streams that it still allows as they are", async () => {
    const scene = await new Scene().settled()
    const items: number[] = []
    const stop = scene.client.guarded("x").subscribe({ item: (item) => items.push(item) })
    await scene.settled()
    await scene.pair.connection.refreshToken()
    scene.feed.put(1)
    await scene.settled()
    expect(scene.asked).toHaveLength(2)
    expect(items).toEqual([1])
    stop()
  })

  test("asks as well when the line was lost in between", async () => {
    const scene = await new Scene().settled()
    const ended = failure(scene.client.guarded("x")[Symbol.asyncIterator]().next())
    await scene.settled()
    scene.user = "ada:blind"
    scene.pair.drop()
    await scene.clock.advance(1_000)
    expect(await ended).toMatchObject({ code: "FORBIDDEN", executed: "unknown" })
  })

  test("takes a middleware that does not answer for one that does not agree", async () => {
    const scene = await new Scene().settled()
    const ended = failure(scene.client.guarded("x")[Symbol.asyncIterator]().next())
    await scene.settled()
    scene.check = () => new Promise(() => {})
    await scene.pair.connection.refreshToken()
    await scene.clock.advance(10_000)
    expect(await ended).toMatchObject({ code: "FORBIDDEN", executed: "unknown" })
  })

  test("counts when it is the last, and not when an earlier answer comes late", async () => {
    const scene = await new Scene().settled()
    const items: number[] = []
    const stop = scene.client.guarded("x").subscribe({ item: (item) => items.push(item) })
    await scene.settled()
    const late = new Signal()
    scene.check = () => late.promise
    scene.user = "ada:blind"
    await scene.pair.connection.refreshToken()
    scene.check = () => {}
    scene.user = "ada"
    const again = scene.pair.connection.refreshToken()
    await scene.clock.advance(5_000)
    await again
    late.fire()
    await scene.settled()
    scene.feed.put(1)
    await scene.settled()
    expect(items).toEqual([1])
    stop()
  })

  test("of another user ends the session and everything in it", async () => {
    const scene = await new Scene().settled()
    const waiting = failure(scene.client.wait())
    const stream = failure(scene.client.open()[Symbol.asyncIterator]().next())
    await scene.settled()
    scene.user = "bob"
    const refreshed = scene.pair.connection.refreshToken()
    await scene.clock.advance(2_000)
    await refreshed
    expect(scene.states[1]).toBe("open waiting 4409")
    expect(await waiting).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
    expect(await stream).toMatchObject({ code: "PRINCIPAL_CHANGED", executed: "unknown" })
    expect(await scene.client.who()).toBe("bob")
    expect(scene.waited?.aborted).toBe(true)
  })

  test("that takes too long to be looked at costs a reconnect", async () => {
    const scene = await new Scene().settled()
    scene.identify = () => new Promise(() => {})
    const refreshed = scene.pair.connection.refreshToken()
    await scene.clock.advance(9_000)
    expect(scene.states).toHaveLength(1)
    scene.identify = (credentials) => scene.believe(credentials)
    await scene.clock.advance(3_000)
    await refreshed
    expect(scene.states[1]).toBe("open waiting 4408")
    expect(scene.states.at(-1)).toBe("connecting open")
  })
})

describe("refreshToken", () => {
  test("tells of a token that cannot be had, and the line stays", async () => {
    const scene = await new Scene().settled()
    scene.token = () => {
      throw new Error("no token today")
    }
    const failed = await failure(scene.pair.connection.refreshToken())
    expect(failed).toMatchObject({ code: "UNAVAILABLE", executed: "no" })
    expect(scene.states).toEqual(["connecting open"])
    expect(await scene.client.who()).toBe("ada")
  })

  test("asks once for all who ask together, and again for who comes later", async () => {
    const scene = await new Scene().settled()
    const { connection } = scene.pair
    const together = [connection.refreshToken(), connection.refreshToken()]
    await scene.settled()
    const later = connection.refreshToken()
    await Promise.all(together)
    expect(scene.shown).toHaveLength(2)
    await scene.clock.advance(5_000)
    await later
    expect(scene.shown).toHaveLength(3)
  })

  test("waits for the line", async () => {
    const scene = await new Scene().settled()
    scene.pair.unplug()
    await scene.clock.advance(100)
    const refreshed = scene.pair.connection.refreshToken()
    scene.pair.plug()
    await scene.clock.advance(1_000)
    await refreshed
    expect(scene.pair.connection.state).toBe("open")
  })

  test("is over with the connection", async () => {
    const scene = await new Scene().settled()
    scene.identify = () => new Promise(() => {})
    const refreshed = failure(scene.pair.connection.refreshToken())
    await scene.settled()
    await scene.pair.connection.close()
    expect(await refreshed).toMatchObject({ code: "CLOSED", executed: "no" })
    await expect(scene.pair.connection.refreshToken()).rejects.toMatchObject({ code: "CLOSED" })
  })

  test("logs somebody out with no token at all", async () => {
    const scene = await new Scene().settled()
    scene.identify = ({ token }) => {
      scene.shown.push(token)
      return { context: { name: "nobody", mayWatch: false } }
    }
    scene.token = () => undefined
    const refreshed = scene.pair.connection.refreshToken()
    await scene.clock.advance(2_000)
    await refreshed
    expect(scene.shown).toEqual(["ada", undefined, undefined])
    expect(await scene.client.who()).toBe("nobody")
  })
})

describe("revoke", () => {
  test("closes the sockets of a principal for good, and of nobody else", async () => {
    const scene = await new Scene().settled()
    const waiting = failure(scene.client.wait())
    await scene.settled()
    expect(scene.pair.server.revoke("bob")).toBe(0)
    expect(scene.pair.server.revoke("ada")).toBe(1)
    await scene.settled()
    expect(scene.states.at(-1)).toBe("open closed 4403")
    expect(scene.waited?.aborted).toBe(true)
    expect(await waiting).toMatchObject({ code: "OUTCOME_UNKNOWN", executed: "unknown" })
  })

  test("ends a session that waits for its client", async () => {
    const scene = await new Scene().settled()
    const waiting = failure(scene.client.wait())
    await scene.settled()
    scene.pair.unplug()
    await scene.clock.advance(100)
    expect(scene.pair.server.revoke("ada")).toBe(1)
    await scene.settled()
    expect(scene.waited?.aborted).toBe(true)
    scene.identify = () => {
      throw new RpcError("FORBIDDEN")
    }
    scene.pair.plug()
    await scene.clock.advance(1_000)
    expect(scene.states.at(-1)).toBe("connecting closed 4403")
    expect(await waiting).toMatchObject({ executed: "unknown" })
  })

  test("is not overtaken by an attempt to connect that was believed before", async () => {
    const scene = new Scene()
    const believed = new Signal()
    scene.identify = async (credentials) => {
      await believed.promise
      return scene.believe(credentials)
    }
    await scene.settled()
    expect(scene.pair.server.revoke("ada")).toBe(0)
    believed.fire()
    await scene.settled()
    expect(scene.states).toEqual(["connecting closed 4403"])
  })
})
