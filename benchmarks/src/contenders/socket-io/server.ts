import type { Server as HttpServer } from "node:http"
import { Server } from "socket.io"
import type { Service } from "../../contender.js"
import type { Workload } from "../../workload.js"
import type { ToClient, ToServer } from "./events.js"

export function serve(http: HttpServer, workload: Workload): Service {
  const io = new Server<ToServer, ToClient>(http, {
    transports: ["websocket"],
    serveClient: false,
  })
  io.on("connection", (socket) => {
    socket.on("echo", (sample, answer) => answer(workload.echo(sample)))
    socket.on("watch", () => void socket.join("watchers"))
    socket.on("flow", async (flow) => {
      for await (const sample of workload.flow(flow)) socket.emit("item", sample)
      socket.emit("end")
    })
  })
  return {
    publish: (sample) => void io.to("watchers").emit("published", sample),
    get watchers() {
      return io.sockets.adapter.rooms.get("watchers")?.size ?? 0
    },
  }
}
