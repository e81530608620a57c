import type { Server as HttpServer } from "node:http"
import { implement, serve as serveRouter, topic } from "@trunkline/server"
import { attach } from "@trunkline/server/node"
import type { Service } from "../../contender.js"
import type { Workload } from "../../workload.js"
import { bench } from "./contract.js"

export function serve(http: HttpServer, workload: Workload): Service {
  const watch = topic(bench.watch)
  const router = implement(bench, {
    echo: ({ input }) => workload.echo(input),
    flow: ({ input }) => workload.flow(input),
    watch,
  })
  attach(serveRouter(router), http, { path: "/" })
  return {
    publish: (sample) => void watch.publish(sample),
    get watchers() {
      return watch.readers
    },
  }
}
