import { createORPCClient } from "@orpc/client"
import { RPCLink } from "@orpc/client/websocket"
import type { ContractRouterClient } from "@orpc/contract"
import type { Caller } from "../../contender.js"
import type { Sample } from "../../workload.js"
import type { bench } from "./contract.js"

export async function dial(url: string): Promise<Caller> {
  const websocket = new WebSocket(url)
  const client: ContractRouterClient<typeof bench> = createORPCClient(new RPCLink({ websocket }))
  await new Promise((resolve, reject) => {
    websocket.onopen = resolve
    websocket.onerror = reject
  })
  const read = async (stream: AsyncIterable<Sample>, item: (sample: Sample) => void) => {
    for await (const sample of stream) item(sample)
  }
  return {
    echo: (sample) => client.echo(sample),
    flow: async (count, units, item) => read(await client.flow({ count, units }), item),
    watch: (item) => void client.watch().then((stream) => read(stream, item), ended),
    close: () => websocket.close(),
  }
}

/** The connection was closed while it watched. */
function ended(): void {}
