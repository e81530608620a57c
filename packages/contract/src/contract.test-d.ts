/* Checked by the compiler and never run. */
import { expectTypeOf } from "vitest"
import * as z from "zod"
import {
  type Call,
  call,
  contract,
  duplex,
  event,
  type Failure,
  type Input,
  type InputOf,
  type Issue,
  type Item,
  type NotASchema,
  type Output,
  type OutputOf,
  subscription,
  type Up,
  upload,
} from "./index.js"

const Count = z.string().transform(Number)
const Host = z.object({ id: z.string(), seen: z.date().default(new Date(0)) })

const tree = contract({
  count: call({ input: Count, output: Count }),
  nothing: call({}),
  maybe: call({ input: z.string().optional() }),
  watch: subscription({ input: z.object({ id: z.string() }), item: Host }),
  typing: event({ input: Count }),
  ping: event({}),
  sum: upload({ input: Count, item: Count, output: Count }),
  bare: upload({}),
  talk: duplex({ input: Count, up: Count, down: Host, errors: { LOCKED: null } }),
  fails: call({ errors: { FULL: z.object({ size: Count }), LOCKED: null } }),
})

/* The caller passes what a schema takes, and gets what it makes. */
expectTypeOf<Input<typeof tree.count>>().toEqualTypeOf<string>()
expectTypeOf<Output<typeof tree.count>>().toEqualTypeOf<number>()
expectTypeOf<Input<typeof tree.nothing>>().toEqualTypeOf<undefined>()
expectTypeOf<Output<typeof tree.nothing>>().toEqualTypeOf<undefined>()
expectTypeOf<Input<typeof tree.maybe>>().toEqualTypeOf<string | undefined>()
expectTypeOf<Input<typeof tree.watch>>().toEqualTypeOf<{ id: string }>()
expectTypeOf<Item<typeof tree.watch>>().toEqualTypeOf<{ id: string; seen: Date }>()
expectTypeOf<Input<typeof tree.typing>>().toEqualTypeOf<string>()
expectTypeOf<Input<typeof tree.ping>>().toEqualTypeOf<undefined>()
expectTypeOf<Output<typeof tree.typing>>().toBeNever()
expectTypeOf<Item<typeof tree.typing>>().toBeNever()
expectTypeOf<Item<typeof tree.count>>().toBeNever()
expectTypeOf<Output<typeof tree.watch>>().toBeNever()

/* What goes up is what a schema takes, what comes down what it makes. */
expectTypeOf<Input<typeof tree.sum>>().toEqualTypeOf<string>()
expectTypeOf<Up<typeof tree.sum>>().toEqualTypeOf<string>()
expectTypeOf<Output<typeof tree.sum>>().toEqualTypeOf<number>()
expectTypeOf<Item<typeof tree.sum>>().toBeNever()
expectTypeOf<Up<typeof tree.bare>>().toEqualTypeOf<undefined>()
expectTypeOf<Input<typeof tree.talk>>().toEqualTypeOf<string>()
expectTypeOf<Up<typeof tree.talk>>().toEqualTypeOf<string>()
expectTypeOf<Item<typeof tree.talk>>().toEqualTypeOf<{ id: string; seen: Date }>()
expectTypeOf<Output<typeof tree.talk>>().toBeNever()
expectTypeOf<Up<typeof tree.watch>>().toBeNever()
expectTypeOf<
  Extract<Failure<typeof tree.talk>, { code: "LOCKED" }>["data"]
>().toEqualTypeOf<undefined>()

/* Failures: the declared ones with their data, and the reserved ones of any procedure. */
type Fails = Failure<typeof tree.fails>
expectTypeOf<Extract<Fails, { code: "FULL" }>["data"]>().toEqualTypeOf<{ size: number }>()
expectTypeOf<Extract<Fails, { code: "LOCKED" }>["data"]>().toEqualTypeOf<undefined>()
expectTypeOf<Extract<Fails, { code: "VALIDATION" }>["data"]>().toEqualTypeOf<
  { readonly issues: readonly Issue[] } | undefined
>()
expectTypeOf<Extract<Failure<typeof tree.count>, { code: "FULL" }>>().toBeNever()

// biome-ignore lint/complexity/noBannedTypes: what the constructors infer
type NoErrors = {}

/* The tree is handed back as it is: nested, merged, imported. */
const merged = contract({ ...tree, inner: { tree } })
expectTypeOf(merged.inner.tree).toEqualTypeOf(tree)
expectTypeOf(merged.count).toEqualTypeOf<Call<typeof Count, typeof Count, NoErrors>>()

/* Any Standard Schema, of whatever make. */
interface HandMade<I, O> {
  readonly "~standard": {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => { readonly value: O }
    readonly types?: { readonly input: I; readonly output: O } | undefined
  }
}
declare const made: HandMade<"a", 1>
const own = call({ input: made, output: made })
expectTypeOf<Input<typeof own>>().toEqualTypeOf<"a">()
expectTypeOf<Output<typeof own>>().toEqualTypeOf<1>()
expectTypeOf<InputOf<null>>().toEqualTypeOf<undefined>()
expectTypeOf<OutputOf<string>>().toEqualTypeOf<NotASchema>()

/* What is no schema is refused where it stands. */
// @ts-expect-error: a class
call({ input: String })
// @ts-expect-error: a shape without z.object around it
call({ input: { id: z.string() } })
// @ts-expect-error: a shape of an item
subscription({ item: { id: z.string() } })
// @ts-expect-error: an event has no answer
event({ output: z.string() })
// @ts-expect-error: nor an error
event({ errors: { FULL: null } })
// @ts-expect-error: an option of another kind
call({ item: z.string() })
// @ts-expect-error: an option misspelt
call({ inputs: z.string() })
// @ts-expect-error: an idempotency that does not exist
call({ idempotency: "always" })
// @ts-expect-error: a restart that does not exist
subscription({ restart: "again" })
// @ts-expect-error: a reserved code
call({ errors: { TIMEOUT: null } })
// @ts-expect-error: data that is no schema
call({ errors: { FULL: Number } })
// @ts-expect-error: a contract is a tree
contract("hosts")

/* A topic has a state, or none, and goes on by itself. */
const board = subscription({ item: Host, replay: "topic", state: Count })
expectTypeOf(board.replay).toEqualTypeOf<"topic">()
expectTypeOf<OutputOf<typeof board.state>>().toEqualTypeOf<number>()
expectTypeOf<Item<typeof board>>().toEqualTypeOf<{ id: string; seen: Date }>()
expectTypeOf(subscription({ item: Host }).replay).toEqualTypeOf<undefined>()
// @ts-expect-error: a replay that does not exist
subscription({ replay: "log" })
// @ts-expect-error: a word for gaps that does not exist
subscription({ replay: "topic", onGap: "ignore" })
// @ts-expect-error: a state that is no schema
subscription({ replay: "topic", state: Number })

/* Delivery knows the item. */
subscription({ item: Host, delivery: { conflate: "id" } })
subscription({ item: Host, delivery: { conflate: ({ seen }) => seen.getTime() } })
subscription({ item: Host, delivery: "latest" })
// @ts-expect-error: no field of the item
subscription({ item: Host, delivery: { conflate: "name" } })
// @ts-expect-error: a delivery that does not exist
subscription({ item: Host, delivery: "newest" })
// @ts-expect-error: a function of something else
subscription({ item: Host, delivery: { conflate: (item: string) => item } })
