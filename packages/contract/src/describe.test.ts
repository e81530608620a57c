import { expect, test } from "vitest"
import * as z from "zod"
import {
  call,
  contract,
  describe,
  duplex,
  event,
  fingerprint,
  subscription,
  upload,
} from "./index.js"

const Host = z.object({ id: z.string(), name: z.string().min(1) })

const monitor = contract({
  hosts: {
    list: call({ output: z.array(Host), idempotency: "safe" }),
    rename: call({
      input: z.object({ id: z.string(), name: z.string().default("new") }),
      output: Host,
      errors: { HOST_UNKNOWN: z.object({ id: z.string() }), LOCKED: null },
    }),
  },
  samples: subscription({ item: Host, delivery: { conflate: "id" }, restart: "fresh" }),
})

const { hosts, samples } = monitor
const listing = { output: z.array(Host) }
const samplesOf = (definition: { restart?: "fresh"; delivery?: "latest" }) => ({
  hosts,
  samples: subscription({ item: Host, delivery: { conflate: "id" }, ...definition }),
})
const listOf = (list: unknown) => ({ hosts: { ...hosts, list }, samples })

test("tells a contract as JSON", () => {
  const described = describe(monitor)
  expect(JSON.parse(JSON.stringify(described))).toEqual(described)
  expect(described.procedures.map(({ path, kind }) => [path, kind])).toEqual([
    ["hosts.list", "call"],
    ["hosts.rename", "call"],
    ["samples", "subscription"],
  ])
  const [list, rename, samples] = described.procedures
  expect(list).toMatchObject({ idempotency: "safe", output: { type: "array" } })
  expect(list).not.toHaveProperty("input")
  expect(rename?.errors).toMatchObject({
    HOST_UNKNOWN: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
    LOCKED: null,
  })
  expect(samples).toMatchObject({ delivery: { conflate: "id" }, restart: "fresh" })
})

test("describes an event by what is passed", () => {
  const { procedures } = describe({ typing: event({ input: Host }), ping: event({}) })
  expect(procedures[0]).toMatchObject({ path: "typing", kind: "event", input: { type: "object" } })
  expect(procedures[1]).toEqual({ path: "ping", kind: "event" })
})

test("describes what goes up as it is sent, and what comes down as it is received", () => {
  const Counter = z.object({ from: z.int().default(0) })
  const errors = { FULL: z.object({ size: z.int() }), LOCKED: null }
  const [take, talk, bare] = describe({
    take: upload({ input: Counter, item: Counter, output: Counter, errors }),
    talk: duplex({ input: Counter, up: Counter, down: Counter, errors }),
    bare: upload({}),
  }).procedures
  expect(take).toMatchObject({ kind: "upload", errors: { LOCKED: null } })
  expect(talk).toMatchObject({ kind: "duplex", errors: { LOCKED: null } })
  for (const sent of [take?.input, take?.item, talk?.input, talk?.up]) {
    expect(sent).toMatchObject({ type: "object" })
    expect(sent).not.toHaveProperty("required")
  }
  for (const received of [take?.output, talk?.down]) {
    expect(received).toMatchObject({ required: ["from"] })
  }
  expect(bare).toEqual({ path: "bare", kind: "upload" })
})

test("describes an input as it is passed, and an output as it is received", () => {
  const counter = contract({
    count: call({
      input: z.object({ from: z.int().default(0) }),
      output: z.object({ total: z.int().default(0) }),
    }),
  })
  const [count] = describe(counter).procedures
  expect(count?.input).not.toHaveProperty("required")
  expect(count?.output).toMatchObject({ required: ["total"] })
})

test("describes delivery by a function as computed", () => {
  const item = z.object({ a: z.string() })
  const [samples] = describe({
    samples: subscription({ item, delivery: { conflate: (value) => value.a } }),
  }).procedures
  expect(samples?.delivery).toEqual({ conflate: "(computed)" })
})

test("describes a topic by what it replays", () => {
  const [plain, board] = describe({
    plain: subscription({ item: Host, replay: "topic" }),
    board: subscription({ item: Host, replay: "topic", state: z.array(Host), onGap: "continue" }),
  }).procedures
  expect(plain).toMatchObject({ replay: "topic", onGap: "error" })
  expect(plain).not.toHaveProperty("restart")
  expect(board).toMatchObject({ onGap: "continue", state: { type: "array" } })
})

test("says true of a payload that JSON Schema cannot tell", () => {
  const bare = { "~standard": { version: 1, vendor: "x", validate: () => ({ value: 1 }) } }
  const [a, b] = describe({
    a: call({ input: bare }),
    b: call({ input: z.bigint() }),
  }).procedures
  expect(a?.input).toBe(true)
  expect(b?.input).toBe(true)
})

test("the fingerprint does not depend on the order in which things are written", () => {
  const other = contract({
    samples: subscription({
      restart: "fresh",
      delivery: { conflate: "id" },
      item: z.object({ name: z.string().min(1), id: z.string() }),
    }),
    hosts: { rename: hosts.rename, list: hosts.list },
  })
  expect(fingerprint(other)).toBe(fingerprint(monitor))
  expect(fingerprint({ hosts, samples })).toBe(describe(monitor).fingerprint)
  expect(fingerprint(monitor)).toMatch(/^[0-9a-f]{16}$/)
})

test.each([
  ["a path", { hosts, sample: samples }],
  ["a procedure fewer", { hosts }],
  ["a kind", { hosts, samples: call({ output: Host }) }],
  ["a kind without an answer", listOf(event({}))],
  ["a kind that takes items", listOf(upload({ output: z.array(Host) }))],
  ["a kind that goes both ways", listOf(duplex({ down: z.array(Host) }))],
  ["a restart", samplesOf({})],
  ["a delivery", samplesOf({ restart: "fresh", delivery: "latest" })],
  ["an output", listOf(call({ output: Host, idempotency: "safe" }))],
  ["an idempotency", listOf(call(listing))],
  ["a key", listOf(call({ ...listing, idempotency: "key" }))],
  ["what follows a crash", listOf(call({ ...listing, idempotency: "key", onCrash: "rerun" }))],
  ["an error", listOf(call({ ...listing, idempotency: "safe", errors: { LOCKED: null } }))],
])("the fingerprint tells another contract by %s", (_, other) => {
  expect(fingerprint(other)).not.toBe(fingerprint(monitor))
})

test("the fingerprint is the same for the same contract, made anew", () => {
  expect(fingerprint(samplesOf({ restart: "fresh" }))).toBe(fingerprint(monitor))
  expect(fingerprint(listOf(call({ ...listing, idempotency: "safe" })))).toBe(fingerprint(monitor))
})

test("the order of a list of choices is told, that of required fields is not", () => {
  const of = (input: z.ZodType) => fingerprint({ a: call({ input }) })
  expect(of(z.tuple([z.string(), z.int()]))).not.toBe(of(z.tuple([z.int(), z.string()])))
  expect(of(z.object({ required: z.string(), a: z.int() }))).toBe(
    of(z.object({ a: z.int(), required: z.string() })),
  )
})

test("what becomes of a keyed call is told, and changes the fingerprint", () => {
  const of = (onCrash: "unknown" | "rerun") =>
    contract({ a: call({ idempotency: "key", onCrash }) })
  expect(describe(of("rerun")).procedures[0]).toMatchObject({
    idempotency: "key",
    onCrash: "rerun",
  })
  expect(describe(of("unknown")).procedures).toEqual(
    describe(contract({ a: call({ idempotency: "key" }) })).procedures,
  )
  expect(fingerprint(of("rerun"))).not.toBe(fingerprint(of("unknown")))
  expect(describe(contract({ a: call({}) })).procedures[0]).not.toHaveProperty("onCrash")
})
