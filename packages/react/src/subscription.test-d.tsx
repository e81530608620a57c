/* Checked by the compiler and never run. */
import { createClient, type FailureWith, type StreamNote } from "@trunkline/client"
import { call, contract, duplex, event, subscription, upload } from "@trunkline/contract"
import { useCall, useConnection, useSubscription, useSuspenseSubscription } from "@trunkline/react"
import { expectTypeOf } from "vitest"
import * as z from "zod"

const Sample = z.object({ host: z.string(), cpu: z.number() })
const api = contract({
  samples: subscription({
    input: z.object({ hosts: z.array(z.string()) }),
    item: Sample,
    errors: { FELL_BEHIND: z.object({ by: z.number() }) },
  }),
  beats: subscription({ item: z.number() }),
  alerts: subscription({ item: z.string(), replay: "topic", onGap: "continue" }),
  orders: subscription({
    item: z.object({ id: z.string(), count: z.number() }),
    replay: "topic",
    state: z.array(z.object({ id: z.string(), count: z.number() })),
  }),
  rename: call({
    input: z.object({ id: z.string() }),
    output: z.object({ name: z.string() }),
    errors: { UNKNOWN: z.object({ id: z.string() }) },
  }),
  restart: call({}),
  send: upload({ input: z.string(), item: z.number(), output: z.boolean() }),
  shell: duplex({ up: z.string(), down: z.string() }),
  typing: event({}),
})
declare const connection: Parameters<typeof useConnection>[0]
const client = createClient(api, connection)
type Sample = z.infer<typeof Sample>
type Order = { id: string; count: number }

/* Items, errors and notes come from the contract. */
const samples = useSubscription(client.samples, { hosts: ["a"] }, { keep: 120 })
expectTypeOf(samples.latest).toEqualTypeOf<Sample | undefined>()
expectTypeOf(samples.items).toEqualTypeOf<readonly Sample[]>()
expectTypeOf(samples.error).toEqualTypeOf<
  FailureWith<{ FELL_BEHIND: { by: number } }> | undefined
>()
if (samples.error?.code === "FELL_BEHIND") {
  expectTypeOf(samples.error.data).toEqualTypeOf<{ by: number }>()
}
expectTypeOf(useSubscription(client.beats).latest).toEqualTypeOf<number | undefined>()
expectTypeOf(useSubscription(client.orders).note).toEqualTypeOf<StreamNote<Order[]> | undefined>()
useSubscription(client.beats, undefined, { enabled: false })
// @ts-expect-error: an input is needed
useSubscription(client.samples)
// @ts-expect-error: another input
useSubscription(client.samples, { hosts: [1] })
// @ts-expect-error: a field too many
useSubscription(client.samples, { hosts: [], all: true })
// @ts-expect-error: no such option
useSubscription(client.beats, undefined, { keeps: 1 })
// @ts-expect-error: nothing is reduced
useSubscription(client.beats).data
// @ts-expect-error: a call
useSubscription(client.rename, { id: "a" })
// @ts-expect-error: a duplex
useSubscription(client.shell)
// @ts-expect-error: a stream, not its procedure
useSubscription(client.beats())

/* A reduction is a list unless it says otherwise. */
const list = useSubscription(client.beats, undefined, {
  reduce: (all = [], beat) => [...all, beat],
})
expectTypeOf(list.data).toEqualTypeOf<readonly number[] | undefined>()
const total = useSubscription(client.beats, undefined, {
  reduce: (sum: number | undefined, beat) => (sum ?? 0) + beat,
})
expectTypeOf(total.data).toEqualTypeOf<number | undefined>()
expectTypeOf(total.latest).toEqualTypeOf<number | undefined>()
const byHost = (hosts: ReadonlyMap<string, Sample> | undefined, sample: Sample) =>
  new Map([...(hosts ?? []), [sample.host, sample]])
const hosts = useSubscription(client.samples, { hosts: [] }, { reduce: byHost })
expectTypeOf(hosts.data?.get("a")).toEqualTypeOf<Sample | undefined>()
useSubscription(client.beats, undefined, {
  // @ts-expect-error: it gives a text where it gets a number
  reduce: (_: number | undefined, beat) => `${beat}`,
})

/* Of a topic it is the state, which may be made into something else. */
const orders = useSubscription(client.orders, undefined, {
  reduce: (all = [], order) => [...all, order],
})
expectTypeOf(orders.data).toEqualTypeOf<Order[] | undefined>()
type Counts = Record<string, number>
const count = (counts: Counts = {}, { id, count }: Order): Counts => ({ ...counts, [id]: count })
const counts = useSubscription(client.orders, undefined, {
  reduce: count,
  reset: (all) => Object.fromEntries(all.map(({ id, count }) => [id, count])),
})
expectTypeOf(counts.data).toEqualTypeOf<Counts | undefined>()
// @ts-expect-error: the state is no record, and nothing makes one of it
useSubscription(client.orders, undefined, { reduce: count })
const rows = useSubscription(client.alerts, undefined, {
  reduce: (rows: readonly (string | null)[] = [], alert) => [...rows, alert],
  note: (rows = [], note) => (note.type === "gap" ? [...rows, null] : rows),
})
expectTypeOf(rows.data).toEqualTypeOf<readonly (string | null)[] | undefined>()

/* What is selected. */
const cpu = useSubscription(client.samples, { hosts: [] }, { select: ({ latest }) => latest?.cpu })
expectTypeOf(cpu.data).toEqualTypeOf<number | undefined>()
// @ts-expect-error: it renders for what was selected only
cpu.items
const size = useSubscription(
  client.samples,
  { hosts: [] },
  {
    reduce: byHost,
    select: ({ data }) => data?.size ?? 0,
  },
)
expectTypeOf(size.data).toEqualTypeOf<number>()

/* Something has come. */
const arrived = useSuspenseSubscription(client.orders, undefined, {
  reduce: (all = [], order) => [...all, order],
})
expectTypeOf(arrived.data).toEqualTypeOf<Order[]>()
// @ts-expect-error: it is always followed
useSuspenseSubscription(client.beats, undefined, { enabled: false })

/* Calls. */
const rename = useCall(client.rename)
expectTypeOf(rename.data).toEqualTypeOf<{ name: string } | undefined>()
const result = await rename.run({ id: "a" }, { timeout: 5 })
if (result.ok) expectTypeOf(result.value).toEqualTypeOf<{ name: string }>()
else if (result.error.code === "UNKNOWN") expectTypeOf(result.error.data.id).toEqualTypeOf<string>()
if (rename.error?.code === "UNKNOWN") expectTypeOf(rename.error.data.id).toEqualTypeOf<string>()
await useCall(client.restart).run()
const send = await useCall(client.send, { onLeave: "cancel" }).run("a", [1, 2])
if (send.ok) expectTypeOf(send.value).toEqualTypeOf<boolean>()
const named = useCall((id: string) => client.rename({ id }))
expectTypeOf(named.run).parameter(0).toEqualTypeOf<string>()
// @ts-expect-error: an input is needed
await rename.run()
// @ts-expect-error: another input
await rename.run({ id: 1 })
// @ts-expect-error: a subscription
useCall(client.beats)
// @ts-expect-error: an event gives nothing
useCall(client.typing)

expectTypeOf(useConnection(connection).latency).toEqualTypeOf<number | undefined>()
