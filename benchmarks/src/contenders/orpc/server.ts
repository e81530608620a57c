import type { Server as HttpServer } from "node:http"
import { EventPublisher, implement } from "@orpc/server"
import { RPCHandler } from "@orpc/server/ws"
import { WebSocketServer } from "ws"
import type { Service } from "../../contender.js"
import type { Sample, Workload } from "../../workload.js"
import { bench } from "./contract.js"

export function serve(server: HttpServer, workload: Workload): Service {
  const published = new EventPublisher<{ sample: Sample }>()
  const os = implement(bench)
  const router = os.router({
    echo: os.echo.handler(({ input }) => workload.echo(input)),
    flow: os.flow.handler(({ input }) => workload.flow(input)),
    watch: os.watch.handler(async function* ({ signal }) {
      for await (const sample of published.subscribe("sample", { signal })) yield sample
    }),
  })
  const handler = new RPCHandler(router)
  const upgraded = new WebSocketServer({ server })
  upgraded.on("connection", (socket) => void handler.upgrade(socket, { context: {} }))
  return {
    publish: (sample) => published.publish("sample", sample),
    get watchers() {
      return published.size
    },
  }
}
