/* Checked by the compiler and never run. */
import { call, contract, duplex, event, RpcError, subscription, upload } from "@trunkline/contract"
import { expectTypeOf } from "vitest"
import * as z from "zod"
import { type Handlers, implement, type ReplaySource, type Router, scope } from "../index.js"

const Count = z.string().transform(Number)
const api = contract({
  count: call({ input: Count, output: Count }),
  nothing: call({}),
  fails: call({ errors: { FULL: z.object({ size: Count }), LOCKED: null } }),
  hosts: {
    list: call({ output: z.array(z.string()) }),
    watch: subscription({ input: z.object({ id: z.string() }), item: Count }),
    typing: event({ input: Count }),
  },
})

async function* texts(): AsyncGenerator<string> {
  yield "1"
}

/* A handler gets what the schema makes, and returns what it takes. */
const handlers = {
  count: ({ input, signal, session, context }) => {
    expectTypeOf(input).toEqualTypeOf<number>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(session.principal).toEqualTypeOf<string>()
    expectTypeOf(context).toEqualTypeOf<unknown>()
    return "1"
  },
  nothing: async () => {},
  fails: ({ errors, input }) => {
    expectTypeOf(input).toEqualTypeOf<undefined>()
    expectTypeOf(errors.FULL).parameters.toEqualTypeOf<[data: { size: string }]>()
    expectTypeOf(errors.LOCKED).parameters.toEqualTypeOf<[]>()
    // @ts-expect-error: an error that is not declared
    throw errors.EMPTY()
  },
  hosts: {
    list: async () => ["a"],
    watch: ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<{ id: string }>()
      return texts()
    },
    typing: async ({ input, signal }) => {
      expectTypeOf(input).toEqualTypeOf<number>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    },
  },
} satisfies Handlers<typeof api>
expectTypeOf(implement(api, handlers)).toEqualTypeOf<Router<unknown>>()

/* In place, with inference from the contract alone. */
implement(api, {
  ...handlers,
  count: async ({ input }) => String(input + 1),
  hosts: { ...handlers.hosts, watch: async () => texts() },
})

// @ts-expect-error: nobody hears what the handler of an event returns
implement(api, { ...handlers, hosts: { ...handlers.hosts, typing: () => "heard" } })
// @ts-expect-error: a handler is missing
implement(api, { count: handlers.count, nothing: handlers.nothing, hosts: handlers.hosts })
// @ts-expect-error: a handler is missing in a group
implement(api, { ...handlers, hosts: { list: handlers.hosts.list } })
// @ts-expect-error: a handler too many
implement(api, { ...handlers, extra: () => {} })
// @ts-expect-error: the caller's side of the schema
implement(api, { ...handlers, count: ({ input }) => input })
// @ts-expect-error: nothing is returned
implement(api, { ...handlers, count: () => {} })
// @ts-expect-error: a value where nothing is expected
implement(api, { ...handlers, nothing: () => 1 })
// @ts-expect-error: a stream returns an async iterable
implement(api, { ...handlers, hosts: { ...handlers.hosts, watch: () => ["1"] } })
implement(api, {
  ...handlers,
  hosts: {
    ...handlers.hosts,
    // @ts-expect-error: items of another type
    async *watch() {
      yield 1
    },
  },
})
// @ts-expect-error: not a handler
implement(api, { ...handlers, nothing: 1 })

/* Parts of a router in files of their own. */
interface Visitor {
  readonly user: { readonly name: string } | undefined
}
const hosts = {
  list: ({ context }) => [context.user?.name ?? ""],
  watch: () => texts(),
  typing: () => {},
} satisfies Handlers<typeof api.hosts, Visitor>
const app = scope<Visitor>()
expectTypeOf(app.implement(api, { ...handlers, hosts })).toEqualTypeOf<Router<Visitor>>()
// @ts-expect-error: nobody gives them their context
implement(api, { ...handlers, hosts })

/* Middleware narrows the context, before one handler, a group or all. */
const authed = app.use(({ context, next }) => {
  if (!context.user) throw new RpcError("UNAUTHORIZED")
  return next({ user: context.user })
})
const admin = authed.use(async ({ context, next }) => {
  expectTypeOf(context.user).toEqualTypeOf<{ readonly name: string }>()
  return next({ since: new Date(0) })
})
app.implement(api, {
  ...handlers,
  count: authed(({ input, context }) => {
    expectTypeOf(input).toEqualTypeOf<number>()
    expectTypeOf(context).toEqualTypeOf<{ readonly user: { readonly name: string } }>()
    return context.user.name
  }),
  fails: admin(({ context, errors }) => {
    expectTypeOf(context).toEqualTypeOf<{
      readonly user: { readonly name: string }
      readonly since: Date
    }>()
    throw errors.LOCKED()
  }),
  hosts: authed({
    list: ({ context }) => [context.user.name],
    watch: ({ context, input }) => {
      expectTypeOf(context.user.name).toEqualTypeOf<string>()
      expectTypeOf(input).toEqualTypeOf<{ id: string }>()
      return texts()
    },
    typing: ({ context, input }) => {
      expectTypeOf(context.user.name).toEqualTypeOf<string>()
      expectTypeOf(input).toEqualTypeOf<number>()
    },
  }),
})
app.implement(api, app.use(({ next }) => next())(handlers))

app.implement(api, {
  ...handlers,
  // @ts-expect-error: a result of another type, through a middleware
  count: authed(() => 1),
})
// @ts-expect-error: it forgot to call on
app.use(async () => {})
// @ts-expect-error: it does not return what next gave
app.use(async ({ next }) => {
  await next()
})
// @ts-expect-error: the context is not there yet
app.use(({ context, next }) => next({ name: context.user.name }))

/* What is replayed stands in a log, of these items and this state. */
const replayed = contract({
  alerts: subscription({ item: Count, replay: "topic" }),
  board: subscription({ item: Count, replay: "topic", state: Count }),
})
declare const log: ReplaySource<string, undefined>
declare const board: ReplaySource<string, string>
implement(replayed, { alerts: () => log, board: async () => board })
// @ts-expect-error: nothing to replay from
implement(replayed, { alerts: () => texts(), board: () => board })
declare const numbers: ReplaySource<number, undefined>
// @ts-expect-error: a log of something else
implement(replayed, { alerts: () => numbers, board: () => board })
// @ts-expect-error: a log without a state
implement(replayed, { alerts: () => log, board: () => log })

/* What the caller sends comes as the schema makes it, and what goes back is what the schema takes. */
const both = contract({
  sum: upload({ input: Count, item: Count, output: Count, errors: { LOCKED: null } }),
  talk: duplex({ up: Count, down: Count }),
})
const ways = {
  sum: async ({ input, items, errors }) => {
    expectTypeOf(input).toEqualTypeOf<number>()
    expectTypeOf(items).toEqualTypeOf<AsyncIterable<number>>()
    expectTypeOf(errors.LOCKED).parameters.toEqualTypeOf<[]>()
    return "1"
  },
  talk: async function* ({ items }) {
    expectTypeOf(items).toEqualTypeOf<AsyncIterable<number>>()
    for await (const item of items) yield String(item)
  },
} satisfies Handlers<typeof both>
implement(both, ways)
implement(both, { ...ways, talk: async () => texts() })
// @ts-expect-error: a result of another type
implement(both, { ...ways, sum: () => 1 })
// @ts-expect-error: it yields nothing
implement(both, { ...ways, talk: () => "1" })
app.implement(both, {
  sum: authed(async ({ items, context }) => {
    expectTypeOf(items).toEqualTypeOf<AsyncIterable<number>>()
    return context.user.name
  }),
  talk: admin(async function* ({ items, context }) {
    expectTypeOf(context.since).toEqualTypeOf<Date>()
    for await (const item of items) yield String(item)
  }),
})
app.implement(both, authed(ways))
implement(api, {
  ...handlers,
  // @ts-expect-error: nobody sends a call items
  nothing: async ({ items }) => void items.at(0),
})
