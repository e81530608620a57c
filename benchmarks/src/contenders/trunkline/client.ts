import { connect, createClient } from "@trunkline/client"
import type { Caller } from "../../contender.js"
import type { bench } from "./contract.js"

export async function dial(url: string): Promise<Caller> {
  const connection = connect(url)
  const outline = { flow: "subscription", watch: "subscription" } as const
  const client = createClient<typeof bench>(connection, outline)
  await new Promise<void>((resolve) => {
    connection.on("state", ({ to }) => to === "open" && resolve())
  })
  return {
    echo: (sample) => client.echo(sample),
    async flow(count, units, item) {
      for await (const sample of client.flow({ count, units })) item(sample)
    },
    watch: (item) => void client.watch().subscribe({ item }),
    close: () => void connection.close(),
  }
}
