/* Checked by the compiler and never run. */
import {
  call,
  contract,
  duplex,
  event,
  type RpcError,
  subscription,
  upload,
} from "@trunkline/contract"
import { expectTypeOf } from "vitest"
import * as z from "zod"
import {
  type Caller,
  type CallOptions,
  type Client,
  chunks,
  createClient,
  type DuplexStream,
  isRpcError,
  type Outline,
  type Pending,
  type ReplayOptions,
  type Stream,
  type StreamOptions,
  safe,
  type TopicStream,
} from "../index.js"

const Count = z.string().transform(Number)
const calls = contract({
  count: call({ input: Count, output: Count }),
  nothing: call({}),
  maybe: call({ input: z.string().optional(), output: z.string() }),
  fails: call({
    input: z.object({ id: z.string() }),
    errors: { FULL: z.object({ size: z.number() }), LOCKED: null },
  }),
})
const api = contract({
  ...calls,
  hosts: {
    deep: { watch: subscription({ input: z.object({ id: z.string() }), item: Count }) },
    list: call({ output: z.array(z.string()) }),
  },
  typing: event({ input: Count }),
  ping: event({}),
  alerts: subscription({ item: Count, errors: { DRY: z.object({ well: z.string() }) } }),
  board: subscription({ item: Count, replay: "topic", state: z.object({ total: Count }) }),
})
// biome-ignore lint/complexity/noBannedTypes: what the constructors infer
type NoErrors = {}

declare const connection: Caller
const client = createClient(api, connection)

/* What is passed, and what comes back. */
expectTypeOf(client.count).parameters.toEqualTypeOf<[input: string, options?: CallOptions]>()
expectTypeOf(client.count("1")).toEqualTypeOf<Pending<number, NoErrors>>()
expectTypeOf(await client.count("1")).toEqualTypeOf<number>()
expectTypeOf(await client.nothing()).toEqualTypeOf<undefined>()
expectTypeOf(await client.hosts.list(undefined, { timeout: 1 })).toEqualTypeOf<string[]>()
expectTypeOf(client.maybe).parameters.toEqualTypeOf<
  [input?: string | undefined, options?: CallOptions]
>()
expectTypeOf(client.hosts.deep.watch).parameters.toEqualTypeOf<
  [input: { id: string }, options?: StreamOptions]
>()
expectTypeOf(client.hosts.deep.watch({ id: "a" })).toEqualTypeOf<Stream<number, NoErrors>>()
for await (const item of client.alerts()) expectTypeOf(item).toEqualTypeOf<number>()
for await (const event of client.alerts().events()) {
  if ("item" in event) expectTypeOf(event.item).toEqualTypeOf<number>()
  else if (event.note.type === "dropped") expectTypeOf(event.note.count).toEqualTypeOf<number>()
}
client.alerts().subscribe({ item: (item) => expectTypeOf(item).toEqualTypeOf<number>() })
const heard: number[] = []
client.alerts().subscribe({ item: (item) => heard.push(item), note: async () => {} })
client.alerts().subscribe({ item: async (item) => void heard.push(item) })
// @ts-expect-error: nobody would hear the items
client.alerts().subscribe({ done: () => {} })

/* An event gives nothing, and takes no options. */
expectTypeOf(client.typing).parameters.toEqualTypeOf<[input: string]>()
expectTypeOf(client.typing("1")).toEqualTypeOf<void>()
expectTypeOf(client.ping()).toEqualTypeOf<void>()
// @ts-expect-error: the handler's side of the schema
client.typing(1)
// @ts-expect-error: no input
client.typing()
// @ts-expect-error: nothing to cancel
client.typing("1", { timeout: 1 })

/* Where the contract replays, a stream continues, and its events have cursors and the state. */
expectTypeOf(client.board).parameters.toEqualTypeOf<[input?: undefined, options?: ReplayOptions]>()
const board = client.board(undefined, { from: "c1" })
expectTypeOf(board).toEqualTypeOf<TopicStream<number, NoErrors, { total: number }>>()
for await (const event of board.events()) {
  if ("item" in event) expectTypeOf(event.cursor).toEqualTypeOf<string>()
  else if (event.note.type === "reset") {
    expectTypeOf(event.note.state).toEqualTypeOf<{ total: number }>()
  }
}
board.subscribe({
  item: (item, cursor) => expectTypeOf([item, cursor]).toEqualTypeOf<(string | number)[]>(),
  note: (note) => note.type === "reset" && expectTypeOf(note.state.total).toEqualTypeOf<number>(),
})
// @ts-expect-error: it does not replay
client.alerts(undefined, { from: "c1" })

// @ts-expect-error: the handler's side of the schema
client.count(1)
// @ts-expect-error: no input
client.count()
// @ts-expect-error: a field of another type
client.fails({ id: 1 })
// @ts-expect-error: a field too many
client.fails({ id: "a", name: "b" })
// @ts-expect-error: an input where none is
client.nothing("a")
// @ts-expect-error: a procedure that does not exist
client.cuont("1")
// @ts-expect-error: a group is no procedure
client.hosts()
// @ts-expect-error: a call has no events
client.count("1").events()
// @ts-expect-error: a stream is no promise
client.alerts().then(() => {})
// @ts-expect-error: a stream's option on a call
client.nothing(undefined, { from: "c1" })
// @ts-expect-error: a subscription has no timeout
client.alerts(undefined, { timeout: 1 })

/* Errors. */
const result = await safe(client.fails({ id: "a" }))
if (result.ok) expectTypeOf(result.value).toEqualTypeOf<undefined>()
else {
  expectTypeOf(result.error.executed).toEqualTypeOf<"no" | "yes" | "unknown">()
  switch (result.error.code) {
    case "FULL":
      expectTypeOf(result.error.data).toEqualTypeOf<{ size: number }>()
      break
    case "LOCKED":
    case "TIMEOUT":
      expectTypeOf(result.error.data).toEqualTypeOf<undefined>()
      break
    case "VALIDATION":
      expectTypeOf(result.error.data?.issues[0]?.path[0]).toEqualTypeOf<
        string | number | undefined
      >()
      break
    // @ts-expect-error: a code that it cannot have
    case "DRY":
      break
  }
}

function inCatch(caught: unknown): void {
  if (isRpcError(caught)) expectTypeOf(caught).toExtend<RpcError>()
  if (isRpcError(caught, client.fails) && caught.code === "FULL") {
    expectTypeOf(caught.data).toEqualTypeOf<{ size: number }>()
  }
  if (isRpcError(caught, client.alerts) && caught.code === "DRY") {
    expectTypeOf(caught.data).toEqualTypeOf<{ well: string }>()
  }
  // @ts-expect-error: a code of another procedure
  if (isRpcError(caught, client.nothing) && caught.code === "FULL") throw caught
}
inCatch(undefined)

/* Without the contract: nothing to tell where all are calls, everything else is told, and no more. */
expectTypeOf(createClient<typeof calls>(connection)).toEqualTypeOf<Client<typeof calls>>()
const outline = {
  alerts: "subscription",
  board: "subscription",
  hosts: { deep: { watch: "subscription" } },
  typing: "event",
  ping: "event",
} satisfies Outline<typeof api>
expectTypeOf(createClient<typeof api>(connection, outline)).toEqualTypeOf<Client<typeof api>>()
// @ts-expect-error: it has streams
createClient<typeof api>(connection)
// @ts-expect-error: not told all
createClient<typeof api>(connection, { alerts: "subscription" })
// @ts-expect-error: not told all of a group
createClient<typeof api>(connection, { alerts: "subscription", hosts: { deep: {} } })
// @ts-expect-error: another kind
createClient<typeof api>(connection, { ...outline, alerts: "upload" })
createClient<typeof api>(connection, {
  ...outline,
  // @ts-expect-error: a call is not told
  count: "call",
})

/* An interface for a contract does as well as a value. */
interface Api {
  readonly count: typeof calls.count
  readonly hosts: { readonly list: typeof api.hosts.list }
}
expectTypeOf(createClient<Api>(connection).hosts.list).toEqualTypeOf(client.hosts.list)

/* An upload takes what its schema takes, from any iterable, and is a call that sends. */
const both = contract({
  sum: upload({
    input: z.object({ name: z.string() }),
    item: Count,
    output: Count,
    errors: { FULL: z.object({ size: Count }) },
  }),
  bare: upload({ item: z.instanceof(Uint8Array) }),
  talk: duplex({ up: Count, down: Count, errors: { DRY: null } }),
  shell: duplex({ input: z.object({ host: z.string() }), up: z.string(), down: z.string() }),
})
const ways = createClient(both, connection)
declare const asyncStrings: AsyncIterable<string>
const summing = ways.sum({ name: "a" }, ["1"], { timeout: 5, signal: AbortSignal.abort() })
expectTypeOf(summing).toEqualTypeOf<Pending<number, { FULL: { size: number } }>>()
ways.sum({ name: "a" }, new Set(["1"]))
ways.sum({ name: "a" }, asyncStrings)
ways.bare(undefined, chunks(new Blob([])))
// @ts-expect-error: no items
ways.sum({ name: "a" })
// @ts-expect-error: items of another type
ways.sum({ name: "a" }, [1])
// @ts-expect-error: no input
ways.sum(undefined, ["1"])
// @ts-expect-error: a stream has no deadline
ways.talk(undefined, { timeout: 5 })

/* A duplex is a stream that can be sent to. */
const talk = ways.talk()
expectTypeOf(talk).toEqualTypeOf<DuplexStream<string, number, { DRY: undefined }>>()
expectTypeOf(talk).toExtend<Stream<number, { DRY: undefined }>>()
expectTypeOf(talk.send).parameters.toEqualTypeOf<[item: string]>()
expectTypeOf(talk.send("1")).toEqualTypeOf<Promise<void>>()
ways.shell({ host: "a" })
// @ts-expect-error: no input
ways.shell()
// @ts-expect-error: an item of another type
ways.talk().send(1)

function ofBoth(caught: unknown): void {
  if (isRpcError(caught, ways.sum) && caught.code === "FULL") {
    expectTypeOf(caught.data).toEqualTypeOf<{ size: number }>()
  }
  if (isRpcError(caught, ways.talk) && caught.code === "DRY") {
    expectTypeOf(caught.data).toEqualTypeOf<undefined>()
  }
}
ofBoth(undefined)

createClient<typeof both>(connection, {
  sum: "upload",
  bare: "upload",
  talk: "duplex",
  shell: "duplex",
})
// @ts-expect-error: not told all
createClient<typeof both>(connection, { sum: "upload" })
