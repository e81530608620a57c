import { QueryClient, QueryClientProvider, useMutation, useQuery } from "@tanstack/react-query"
import { connect, createClient } from "@trunkline/client"
import { useCall, useConnection, useSubscription } from "@trunkline/react"
import { liveOptions, mutationOptions, queryOptions } from "@trunkline/react/tanstack-query"
import { type ReactNode, StrictMode, useState } from "react"
import { createRoot } from "react-dom/client"
import type { counting } from "./contract.js"

const connection = connect(new URL("/rpc", location.href), { reconnect: { base: 10, cap: 20 } })
const client = createClient<typeof counting>(connection, { count: "subscription" })

/** What the test compares. A frame paints at most one render. */
const counted = { frames: 0, renders: 0 }
Object.assign(globalThis, { counted, close: () => connection.close() })
const count = (): void => {
  counted.frames++
  requestAnimationFrame(count)
}
requestAnimationFrame(count)

interface Total {
  readonly items: number
  readonly sum: number
}

const add = (total: Total = { items: 0, sum: 0 }, item: number): Total => ({
  items: total.items + 1,
  sum: total.sum + item,
})

function Sum(): ReactNode {
  const {
    data,
    latest = 0,
    status,
    stale,
  } = useSubscription(client.count, undefined, {
    reduce: add,
  })
  counted.renders++
  return (
    <p id="sum" data-latest={latest} data-items={data?.items ?? 0} data-sum={data?.sum ?? 0}>
      {status} {stale ? "stale" : "fresh"}
    </p>
  )
}

function Latest(): ReactNode {
  const { latest = 0 } = useSubscription(client.count)
  return <p id="latest">{latest}</p>
}

function Live(): ReactNode {
  const { data } = useQuery(liveOptions(client.count, undefined, { reduce: add }))
  return <p id="live" data-items={data?.items ?? 0} data-sum={data?.sum ?? 0} />
}

function Calls(): ReactNode {
  const { data } = useQuery(queryOptions(client.double, 21))
  const mutation = useMutation(mutationOptions(client.double))
  const double = useCall(client.double)
  const click = () => {
    mutation.mutate(1)
    void double.run(2)
  }
  return (
    <button type="button" onClick={click}>
      {data} {mutation.data} {double.data}
    </button>
  )
}

function Page(): ReactNode {
  const [shown, setShown] = useState("hooks")
  const { state } = useConnection(connection)
  return (
    <>
      <p id="line">{state}</p>
      {["hooks", "queries", "nothing"].map((name) => (
        <button key={name} type="button" id={name} onClick={() => setShown(name)} />
      ))}
      {shown === "hooks" && [<Sum key="sum" />, <Latest key="latest" />]}
      {shown === "queries" && [<Live key="live" />, <Calls key="calls" />]}
    </>
  )
}

const root = document.createElement("main")
document.body.append(root)
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient()}>
      <Page />
    </QueryClientProvider>
  </StrictMode>,
)
