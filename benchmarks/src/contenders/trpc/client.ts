import { createTRPCClient, createWSClient, wsLink } from "@trpc/client"
import type { Caller } from "../../contender.js"
import type { BenchRouter } from "./server.js"

export async function dial(url: string): Promise<Caller> {
  const { promise, resolve } = opened()
  const line = createWSClient({ url, onOpen: resolve })
  const client = createTRPCClient<BenchRouter>({ links: [wsLink({ client: line })] })
  await promise
  return {
    echo: (sample) => client.echo.mutate(sample),
    flow: (count, units, onData) =>
      new Promise((onComplete, onError) => {
        client.flow.subscribe({ count, units }, { onData, onComplete, onError })
      }),
    watch: (onData) => void client.watch.subscribe(undefined, { onData }),
    close: () => void line.close(),
  }
}

function opened(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
