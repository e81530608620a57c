/* Checked by the compiler and never run. */
import {
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useSuspenseQuery,
} from "@tanstack/react-query"
import { type connect, createClient, type FailureWith } from "@trunkline/client"
import { call, contract, duplex, subscription, upload } from "@trunkline/contract"
import {
  infiniteQueryOptions,
  liveOptions,
  mutationOptions,
  queryKey,
  queryOptions,
} from "@trunkline/react/tanstack-query"
import { expectTypeOf } from "vitest"
import * as z from "zod"

const Host = z.object({ id: z.string(), name: z.string() })
type Host = z.infer<typeof Host>
const api = contract({
  hosts: {
    list: call({ output: z.array(Host), idempotency: "safe" }),
    get: call({
      input: z.object({ id: z.string() }),
      output: Host,
      errors: { UNKNOWN: z.object({ id: z.string() }) },
      idempotency: "safe",
    }),
    page: call({
      input: z.object({ after: z.string().optional() }),
      output: z.object({ hosts: z.array(Host), next: z.string().optional() }),
      idempotency: "safe",
    }),
  },
  ping: call({ idempotency: "safe" }),
  samples: subscription({ input: z.object({ host: z.string() }), item: z.number() }),
  alerts: subscription({ item: z.string(), errors: { DRY: null } }),
  board: subscription({ item: Host, replay: "topic", state: z.array(Host) }),
  send: upload({}),
  shell: duplex({}),
})
declare const connection: ReturnType<typeof connect>
const client = createClient(api, connection)
type Unknown = FailureWith<{ UNKNOWN: { id: string } }>

/* Queries. */
const list = useQuery(queryOptions(client.hosts.list))
expectTypeOf(list.data).toEqualTypeOf<Host[] | undefined>()
const host = useQuery(queryOptions(client.hosts.get, { id: "a" }, { staleTime: 5, timeout: 9 }))
expectTypeOf(host.data).toEqualTypeOf<Host | undefined>()
expectTypeOf(host.error).toEqualTypeOf<Unknown | null>()
if (host.error?.code === "UNKNOWN") expectTypeOf(host.error.data.id).toEqualTypeOf<string>()
expectTypeOf(useSuspenseQuery(queryOptions(client.hosts.list)).data).toEqualTypeOf<Host[]>()
expectTypeOf(useSuspenseQuery(queryOptions(client.ping)).data).toEqualTypeOf<null>()
const named = useQuery(
  queryOptions(client.hosts.get, { id: "a" }, { select: ({ name }) => name, enabled: false }),
)
expectTypeOf(named.data).toEqualTypeOf<string | undefined>()
const spread = useQuery({ ...queryOptions(client.hosts.list), select: (hosts) => hosts.length })
expectTypeOf(spread.data).toEqualTypeOf<number | undefined>()
const both = useQueries({
  queries: [queryOptions(client.hosts.list), queryOptions(client.hosts.get, { id: "a" })],
})
expectTypeOf(both[1].data).toEqualTypeOf<Host | undefined>()
const cache = new QueryClient()
expectTypeOf(cache.getQueryData(queryOptions(client.hosts.list).queryKey)).toEqualTypeOf<
  Host[] | undefined
>()
expectTypeOf(await cache.fetchQuery(queryOptions(client.hosts.list))).toEqualTypeOf<Host[]>()
// @ts-expect-error: an input is needed
queryOptions(client.hosts.get)
// @ts-expect-error: another input
queryOptions(client.hosts.get, { id: 1 })
// @ts-expect-error: a subscription
queryOptions(client.alerts)
// @ts-expect-error: an upload
queryOptions(client.send)
// @ts-expect-error: a group
queryOptions(client.hosts)
// @ts-expect-error: no such option
queryOptions(client.hosts.get, { id: "a" }, { stale: 5 })

/* Mutations. */
const get = useMutation(mutationOptions(client.hosts.get))
get.mutate({ id: "a" })
expectTypeOf(get.data).toEqualTypeOf<Host | undefined>()
expectTypeOf(get.error).toEqualTypeOf<Unknown | null>()
const withExtras = useMutation(
  mutationOptions(client.hosts.get, {
    onMutate: ({ id }) => ({ before: id }),
    onError: (_error, _input, scope) =>
      expectTypeOf(scope?.before).toEqualTypeOf<string | undefined>(),
  }),
)
withExtras.mutate({ id: "a" })
useMutation(mutationOptions(client.ping)).mutate()
// @ts-expect-error: another input
get.mutate({ id: 1 })
// @ts-expect-error: a subscription
mutationOptions(client.alerts)

/* Pages. */
const pages = useInfiniteQuery(
  infiniteQueryOptions(client.hosts.page, {
    input: (after: string | undefined) => ({ after }),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next,
  }),
)
expectTypeOf(pages.data?.pages[0]?.hosts).toEqualTypeOf<Host[] | undefined>()
infiniteQueryOptions(client.hosts.page, {
  // @ts-expect-error: another input
  input: (before: string | undefined) => ({ before: 1, after: before?.length }),
  initialPageParam: undefined,
  getNextPageParam: () => undefined,
})

/* Live. */
expectTypeOf(useQuery(liveOptions(client.alerts)).data).toEqualTypeOf<
  readonly string[] | undefined
>()
expectTypeOf(useQuery(liveOptions(client.alerts)).error).toEqualTypeOf<FailureWith<{
  DRY: undefined
}> | null>()
const reduced = useQuery(
  liveOptions(client.alerts, undefined, { reduce: (all = [], alert) => [...all, alert] }),
)
expectTypeOf(reduced.data).toEqualTypeOf<readonly string[] | undefined>()
const sum = useSuspenseQuery(
  liveOptions(
    client.samples,
    { host: "a" },
    { reduce: (sum: number | undefined, sample) => (sum ?? 0) + sample },
  ),
)
expectTypeOf(sum.data).toEqualTypeOf<number>()
const board = useQuery(
  liveOptions(client.board, undefined, { reduce: (hosts = [], host) => [...hosts, host] }),
)
expectTypeOf(board.data).toEqualTypeOf<Host[] | undefined>()
// @ts-expect-error: an input is needed
liveOptions(client.samples)
// @ts-expect-error: a call
liveOptions(client.hosts.list)
// @ts-expect-error: a duplex
liveOptions(client.shell)

/* Keys. */
queryKey(client)
queryKey(client.hosts)
queryKey(client.hosts.get, { id: "a" })
queryKey(client.samples, { host: "a" })
// @ts-expect-error: another input
queryKey(client.hosts.get, { id: 1 })
