import { EventEmitter, on } from "node:events"
import type { Server as HttpServer } from "node:http"
import { initTRPC } from "@trpc/server"
import { applyWSSHandler } from "@trpc/server/adapters/ws"
import { WebSocketServer } from "ws"
import type { Service } from "../../contender.js"
import { Flow, Sample, type Workload } from "../../workload.js"

const { procedure, router } = initTRPC.create()

function routerOf(workload: Workload, published: EventEmitter) {
  return router({
    echo: procedure
      .input(Sample)
      .output(Sample)
      .mutation(({ input }) => workload.echo(input)),
    flow: procedure.input(Flow).subscription(({ input }) => workload.flow(input)),
    watch: procedure.subscription(async function* ({ signal }) {
      for await (const [event] of on(published, "sample", signal ? { signal } : {})) {
        const sample: Sample = event
        yield sample
      }
    }),
  })
}

export type BenchRouter = ReturnType<typeof routerOf>

export function serve(server: HttpServer, workload: Workload): Service {
  const published = new EventEmitter().setMaxListeners(0)
  applyWSSHandler({
    wss: new WebSocketServer({ server }),
    router: routerOf(workload, published),
  })
  return {
    publish: (sample) => void published.emit("sample", Sample.parse(sample)),
    get watchers() {
      return published.listenerCount("sample")
    },
  }
}
