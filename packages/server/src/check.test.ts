import { call, contract, subscription } from "@trunkline/contract"
import express from "express"
import { expect, test } from "vitest"
import { attach, listen } from "./adapters/node.js"
import { implement, serve, topic } from "./index.js"

const service = contract({ ping: call({}), ticks: subscription({}) })
const router = implement(service, { ping: () => {}, async *ticks() {} })

/** As somebody without types might. */
const loose = <T = never>(value: unknown): T => value as T

test.each<[options: object, complaint: string]>([
  [{ origins: "https://app.example.com" }, "serve: origins is no list of texts"],
  [{ origins: [/example/] }, "serve: origins is no list of texts"],
  [{ authenticate: "ada" }, "serve: authenticate is no function"],
  [{ log: console }, "serve: log is no function"],
  [{ contract: 5 }, "serve: contract is no text"],
  [{ codecs: "json" }, "serve: codecs is no list of msgpack and json"],
  [{ codecs: [] }, "serve: codecs is no list of msgpack and json"],
  [{ codecs: ["json", "xml"] }, "serve: codecs is no list of msgpack and json"],
  [{ session: { heartbeat: Number.NaN } }, "session.heartbeat is no integer from 1: NaN"],
  [{ session: { heartbeat: Number.POSITIVE_INFINITY } }, "from 1: Infinity"],
  [{ session: { heartbeat: 0 } }, "from 1: 0"],
  [{ session: { grace: -1 } }, "session.grace is no integer from 0: -1"],
  [{ session: { grace: "60000" } }, "session.grace is no integer from 0: 60000"],
  [{ limits: { handlers: Number.NaN } }, "limits.handlers is no integer from 1: NaN"],
  [{ limits: { handlers: 0 } }, "limits.handlers is no integer from 1: 0"],
  [{ limits: { rates: { events: 0 } } }, "limits.rates.events is no number from 1: 0"],
  [{ limits: { rates: { bytes: 10 } } }, "limits.rates.bytes is no number from 524800: 10"],
  [{ limits: { rates: { opens: 639 } } }, "limits.rates.opens is no number from 640: 639"],
  [{ limits: { entrance: { hellos: 0 } } }, "limits.entrance.hellos is no number from 1: 0"],
  [{ limits: { entrance: { handshakeBytes: 9 } } }, "handshakeBytes is no number from 262144: 9"],
  [{ limits: { memory: { units: -1 } } }, "limits.memory.units is no number from 0: -1"],
  [{ limits: { window: Number.NaN } }, "impossible limits: window NaN, calls 256"],
])("serve refuses %o where it is given", (options, complaint) => {
  expect(() => serve(router, loose(options))).toThrow(TypeError)
  expect(() => serve(router, loose(options))).toThrow(complaint)
})

test("drain and listen refuse what is no number", async () => {
  const server = serve(router)
  await expect(server.drain({ within: loose("abc") })).rejects.toThrow("drain: within is no number")
  await expect(server.drain({ spread: Number.NaN })).rejects.toThrow("drain: spread is no number")
  for (const within of [Number.POSITIVE_INFINITY, 1e300]) {
    const complaint = `drain: within is no number of milliseconds up to 86400000: ${within}`
    await expect(server.drain({ within })).rejects.toThrow(complaint)
  }
  for (const options of [8080, {}, { port: "abc" }, { port: 65_536 }]) {
    await expect(listen(server, loose(options))).rejects.toThrow("listen: this is no port")
  }
})

test("what was not made for it is refused by its name", async () => {
  expect(() => serve(loose(service))).toThrow("serve: not a router, which `implement` makes")
  expect(() => serve(loose(undefined))).toThrow("serve: not a router")
  expect(() => Reflect.apply(topic, undefined, [service.ping])).toThrow("topic: not a subscription")
  expect(() => attach(loose(router), loose({}))).toThrow("not a server, which `serve` makes")
  expect(() => attach(serve(router), loose(express()))).toThrow("attach: no http.Server")
  expect(() => attach(serve(router), loose(undefined))).toThrow("attach: no http.Server")
  await expect(listen(loose(router), { port: 0 })).rejects.toThrow("not a server")
  for (const [option, complaint] of [
    [{ path: 5 }, "a path begins with a slash: 5"],
    [{ path: null }, "a path begins with a slash: null"],
    [{ address: "x-real-ip" }, "attach: address is no function"],
    [{ address: null }, "attach: address is no function"],
    [{ deflate: true }, "attach: deflate.threshold is no number of bytes: undefined"],
    [{ deflate: { threshold: Number.NaN } }, "deflate.threshold is no number of bytes: NaN"],
    [{ handler: null }, "listen: handler is no function"],
  ] as const) {
    const listening = listen(serve(router), { port: 0, ...loose<object>(option) })
    await expect(listening).rejects.toThrow(complaint)
  }
  await expect(listen(serve(router), { port: 0, path: "rpc" })).rejects.toThrow(
    "a path begins with a slash: rpc",
  )
})
