import { loadavg } from "node:os"
import { setTimeout } from "node:timers/promises"
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { monitor } from "./monitor.js"

const names = new Map([["a", "db-1"]])

const router = implement(monitor, {
  rename: ({ input, errors }) => {
    if (!names.has(input.id)) throw errors.HOST_UNKNOWN({ id: input.id })
    names.set(input.id, input.name)
    return input
  },
  load: async function* ({ signal }) {
    for (; !signal.aborted; await setTimeout(1_000)) yield { cpu: loadavg()[0] ?? 0 }
  },
})

await listen(serve(router), { port: 8080, path: "/rpc" })
