import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base"
import { createClient } from "@trunkline/client"
import { traceConnection } from "@trunkline/client/opentelemetry"
import { call, contract, event, subscription } from "@trunkline/contract"
import { implement, RpcError } from "@trunkline/server"
import { traceServer } from "@trunkline/server/opentelemetry"
import { connectedPair } from "@trunkline/testing"
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest"
import * as z from "zod"

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer("test")

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
beforeEach(() => exporter.reset())
afterAll(() => context.disable())

const service = contract({
  hosts: { list: call({ output: z.string(), idempotency: "safe" }) },
  slow: call({ output: z.string(), idempotency: "safe" }),
  broken: call({ errors: { LOCKED: null }, input: z.string() }),
  numbers: subscription({ item: z.string() }),
  endless: subscription({ item: z.number() }),
  typing: event({}),
})

/** The trace that the code runs in. */
function here(): string {
  return trace.getActiveSpan()?.spanContext().traceId ?? "none"
}

let entered = 0
let release: () => void = () => {}

const router = implement(service, {
  hosts: {
    list: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      tracer.startSpan("inner").end()
      return here()
    },
  },
  slow: async () => {
    entered++
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return here()
  },
  broken: ({ input, errors }) => {
    if (input === "locked") throw errors.LOCKED()
    if (input === "forbidden") throw new RpcError("FORBIDDEN")
    throw new Error("a bug")
  },
  async *numbers() {
    try {
      yield here()
      await new Promise((resolve) => setImmediate(resolve))
      yield here()
    } finally {
      tracer.startSpan("cleanup").end()
    }
  },
  async *endless() {
    for (let next = 0; ; next++) yield next
  },
  typing: () => {},
})

function traced() {
  const pair = connectedPair(router)
  traceServer(pair.server, { tracer })
  traceConnection(pair.connection, { tracer })
  onTestFinished(() => pair.close())
  return { pair, client: createClient(service, pair.connection) }
}

async function spans(count: number): Promise<readonly ReadableSpan[]> {
  while (exporter.getFinishedSpans().length < count) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  return exporter.getFinishedSpans()
}

function ofKind(all: readonly ReadableSpan[], kind: SpanKind): ReadableSpan {
  const [span, ...more] = all.filter((one) => one.kind === kind)
  if (!span || more.length > 0) throw new Error(`${more.length + 1} spans of kind ${kind}`)
  return span
}

test("a call is one trace over client and server, and its handler runs in it", async () => {
  const { client, pair } = traced()
  const parent = tracer.startSpan("page")
  const traceId = await context.with(trace.setSpan(context.active(), parent), () =>
    client.hosts.list(),
  )
  parent.end()
  const all = await spans(4)
  expect(new Set(all.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]))
  const caller = ofKind(all, SpanKind.CLIENT)
  const callee = ofKind(all, SpanKind.SERVER)
  const inner = all.find(({ name }) => name === "inner")
  expect(caller.parentSpanContext?.spanId).toBe(parent.spanContext().spanId)
  expect(callee.parentSpanContext?.spanId).toBe(caller.spanContext().spanId)
  expect(inner?.parentSpanContext?.spanId).toBe(callee.spanContext().spanId)
  expect([caller.name, callee.name]).toEqual(["hosts.list", "hosts.list"])
  expect(callee.attributes).toEqual({
    "rpc.system": "trunkline",
    "rpc.method": "hosts.list",
    "trunkline.kind": "call",
    "trunkline.correlation_id": `${pair.connection.info.session}.1`,
    "client.address": "memory",
  })
})

test("a call that is issued again in another session keeps its trace", async () => {
  const { pair, client } = traced()
  const result = client.slow()
  while (entered < 1) await new Promise((resolve) => setImmediate(resolve))
  pair.drop()
  const { session } = pair.connection.info
  pair.restart()
  traceServer(pair.server, { tracer })
  while (entered < 2) await new Promise((resolve) => setImmediate(resolve))
  release()
  const traceId = await result
  expect(pair.connection.info.session).not.toBe(session)
  const all = await spans(3)
  const caller = ofKind(all, SpanKind.CLIENT)
  expect(caller.spanContext().traceId).toBe(traceId)
  const servers = all.filter(({ kind }) => kind === SpanKind.SERVER)
  expect(servers.map(({ attributes }) => attributes["error.type"])).toEqual(["CLOSED", undefined])
  for (const span of servers) {
    expect(span.parentSpanContext?.spanId).toBe(caller.spanContext().spanId)
  }
})

test("a stream is a span from its beginning to its end, and its generator runs in it", async () => {
  const { client } = traced()
  const seen: string[] = []
  for await (const traceId of client.numbers()) seen.push(traceId)
  const all = await spans(3)
  const callee = ofKind(all, SpanKind.SERVER)
  const { traceId, spanId } = callee.spanContext()
  expect(seen).toEqual([traceId, traceId])
  expect(all.find(({ name }) => name === "cleanup")?.parentSpanContext?.spanId).toBe(spanId)
})

test("a reader who leaves ends both spans, and nothing is wrong", async () => {
  const { client } = traced()
  for await (const _ of client.endless()) break
  const all = await spans(2)
  for (const kind of [SpanKind.CLIENT, SpanKind.SERVER]) {
    const { attributes, status } = ofKind(all, kind)
    expect(attributes).toMatchObject({ "error.type": "CANCELLED" })
    expect(status.code).toBe(SpanStatusCode.UNSET)
  }
})

test.each([
  ["locked", "LOCKED", SpanStatusCode.UNSET],
  ["forbidden", "FORBIDDEN", SpanStatusCode.UNSET],
  ["bug", "INTERNAL", SpanStatusCode.ERROR],
])(
  "%s: the caller's span has the error %s, the server's its status by whose fault it is",
  async (input, code, status) => {
    const { client } = traced()
    await client.broken(input).catch(() => {})
    const all = await spans(2)
    expect(ofKind(all, SpanKind.CLIENT)).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: code },
      attributes: { "error.type": code, "trunkline.executed": "yes" },
    })
    expect(ofKind(all, SpanKind.SERVER)).toMatchObject({
      status: { code: status },
      attributes: { "error.type": code, "trunkline.executed": "yes" },
    })
  },
)

test("an event is a span of the server", async () => {
  const { client } = traced()
  client.typing()
  const [span] = await spans(1)
  expect(span).toMatchObject({ kind: SpanKind.SERVER, name: "typing" })
})

test("without a tracer at the client the server begins a trace of its own", async () => {
  const pair = connectedPair(router)
  const stop = traceServer(pair.server, { tracer })
  const client = createClient(service, pair.connection)
  const traceId = await client.hosts.list()
  const callee = ofKind(await spans(2), SpanKind.SERVER)
  expect(callee.parentSpanContext).toBeUndefined()
  expect(callee.spanContext().traceId).toBe(traceId)
  stop()
  expect(await client.hosts.list()).toBe("none")
  await pair.close()
})

test.each([
  "",
  "00-0",
  "00-00000000000000000000000000000000-0000000000000000-01",
  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
])("a parent that is none, %j, is not believed", async (traceparent) => {
  const pair = connectedPair(router)
  traceServer(pair.server, { tracer })
  pair.connection.observe({ started: () => ({ traceparent, ended: () => {} }) })
  await createClient(service, pair.connection).hosts.list()
  expect(ofKind(await spans(2), SpanKind.SERVER).parentSpanContext).toBeUndefined()
  await pair.close()
})
