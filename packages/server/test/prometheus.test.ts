import { createClient } from "@trunkline/client"
import { call, contract, event, subscription } from "@trunkline/contract"
import { implement, RpcError, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { measureServer } from "@trunkline/server/prometheus"
import { connectedPair } from "@trunkline/testing"
import { Registry } from "prom-client"
import { expect, onTestFinished, test } from "vitest"
import * as z from "zod"

const service = contract({
  hosts: { rename: call({ input: z.string(), output: z.string(), errors: { LOCKED: null } }) },
  odd: call({}),
  numbers: subscription({ item: z.number() }),
  typing: event({ input: z.string() }),
})

const router = implement(service, {
  hosts: {
    rename: ({ input, errors }) => {
      if (input === "locked") throw errors.LOCKED()
      return input
    },
  },
  odd: () => {
    throw new RpcError(`CODE_${Math.random()}`)
  },
  async *numbers() {
    yield 1
    yield 2
  },
  typing: () => {},
})

function measured() {
  const register = new Registry()
  const pair = connectedPair(router)
  const stop = measureServer(pair.server, { register })
  onTestFinished(() => pair.close())
  return { register, pair, stop, client: createClient(service, pair.connection) }
}

/** The lines of one metric. */
async function linesOf(register: Registry, name: string): Promise<string[]> {
  const text = await register.getSingleMetricAsString(name)
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
}

test("tells how calls, streams and events went, by their paths", async () => {
  const { register, client } = measured()
  await client.hosts.rename("a")
  await client.hosts.rename("b")
  await client.hosts.rename("locked").catch(() => {})
  for await (const number of client.numbers()) if (number === 2) break
  client.typing("a")
  await client.hosts.rename("c")
  expect(await linesOf(register, "trunkline_served_total")).toEqual([
    'trunkline_served_total{path="hosts.rename",kind="call",code="OK",executed="yes"} 3',
    'trunkline_served_total{path="hosts.rename",kind="call",code="LOCKED",executed="yes"} 1',
    'trunkline_served_total{path="numbers",kind="subscription",code="OK",executed="yes"} 1',
    'trunkline_served_total{path="typing",kind="event",code="OK",executed="yes"} 1',
  ])
  const durations = await linesOf(register, "trunkline_call_duration_seconds")
  expect(durations).toContain(
    'trunkline_call_duration_seconds_count{path="hosts.rename",code="OK"} 3',
  )
  expect(await linesOf(register, "trunkline_serving")).toEqual([
    'trunkline_serving{path="hosts.rename",kind="call"} 0',
    'trunkline_serving{path="numbers",kind="subscription"} 0',
    'trunkline_serving{path="typing",kind="event"} 0',
  ])
})

test("has no label that a client or a handler could make up", async () => {
  const { register, pair } = measured()
  const others = contract({ made: { up: call({}) }, odd: call({}) })
  const client = createClient(others, pair.connection)
  await client.made.up().catch(() => {})
  await client.odd().catch(() => {})
  await client.odd().catch(() => {})
  expect(await linesOf(register, "trunkline_served_total")).toEqual([
    'trunkline_served_total{path="odd",kind="call",code="INTERNAL",executed="yes"} 2',
  ])
  expect(await linesOf(register, "trunkline_refused_total")).toEqual([
    'trunkline_refused_total{reason="path"} 1',
  ])
})

test("tells what the server holds, and what has been", async () => {
  const { register, pair, client } = measured()
  await client.hosts.rename("a")
  pair.drop()
  await client.hosts.rename("b")
  expect(await linesOf(register, "trunkline_sessions")).toEqual([
    'trunkline_sessions{state="attached"} 1',
    'trunkline_sessions{state="detached"} 0',
  ])
  expect(await linesOf(register, "trunkline_sessions_resumed_total")).toEqual([
    "trunkline_sessions_resumed_total 1",
  ])
  expect(await linesOf(register, "trunkline_sockets_closed_total")).toEqual([
    'trunkline_sockets_closed_total{code="1006"} 1',
  ])
  expect(await linesOf(register, "trunkline_frames_total")).toEqual([
    'trunkline_frames_total{direction="received"} 2',
    'trunkline_frames_total{direction="sent"} 2',
  ])
  // Totals are read anew each time, not added up.
  await register.metrics()
  expect(await linesOf(register, "trunkline_sessions_begun_total")).toEqual([
    "trunkline_sessions_begun_total 1",
  ])
})

test("everything has a help, a type, and the name that its type asks for", async () => {
  const { register } = measured()
  for (const { name, help, type } of await register.getMetricsAsJSON()) {
    expect(name).toMatch(/^trunkline_[a-z_]+$/)
    expect(help.length).toBeGreaterThan(10)
    expect(name.endsWith("_total"), name).toBe(String(type) === "counter")
  }
})

test("is served with its content type, and taken back", async () => {
  const register = new Registry()
  const server = serve(router)
  const stop = measureServer(server, { register })
  const { port, close } = await listen(server, {
    port: 0,
    hostname: "127.0.0.1",
    handler: async (_, response) => {
      response.setHeader("Content-Type", register.contentType).end(await register.metrics())
    },
  })
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  expect(await answer.text()).toContain("# TYPE trunkline_call_duration_seconds histogram")
  expect(() => measureServer(server, { register })).toThrow("already been registered")
  stop()
  expect(await register.getMetricsAsJSON()).toEqual([])
  measureServer(server, { register })()
  await close()
})
