import type { Server as HttpServer } from "node:http"
import { EventPublisher, implement } from "@orpc/server"
import { RPCHandler } from "@orpc/server/ws"
import { WebSocketServer } from "ws"
import type { Service } from "../../contender.js"
import type { Sample, Workload } from "../../workload.js"
import { bench } from "./contract.js"

export function serve(server: HttpServer, workload: Workload): Service {
  const published = new EventPublisher<{ sample: Sample }>()
  let watchers = 0
  const os = implement(bench)
  const router = os.router({
    echo: os.echo.handler(({ input }) => workload.echo(input)),
    flow: os.flow.handler(({ input }) => workload.flow(input)),
    watch: os.watch.handler(({ signal }) => {
      watchers++
      signal?.addEventListener("abort", () => watchers--)
      return published.subscribe("sample", { signal })
    }),
  })
  const handler = new RPCHandler(router)
  const upgraded = new WebSocketServer({ server })
  upgraded.on("connection", (socket) => void handler.upgrade(socket, { context: {} }))
  return {
    publish: (sample) => published.publish("sample", sample),
    get watchers() {
      return watchers
    },
  }
}
