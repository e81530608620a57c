import type { Server as HttpServer } from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import type { Service } from "../../contender.js"
import type { Flow, Workload } from "../../workload.js"
import type { Request, Response } from "./message.js"

/** What one writes without a library, in an afternoon: no validation, no errors, no way back. */
export function serve(server: HttpServer, workload: Workload): Service {
  const watching = new Set<WebSocket>()
  new WebSocketServer({ server }).on("connection", (socket) => {
    const send = (response: Response): void => socket.send(JSON.stringify(response))
    const flow = async (i: number, request: Flow): Promise<void> => {
      for await (const v of workload.flow(request)) send({ i, v })
      send({ i, end: true })
    }
    socket.on("message", (data) => {
      const request: Request = JSON.parse(data.toString())
      if (request.p === "echo") send({ i: request.i, v: workload.echo(request.v) })
      else if (request.p === "flow") void flow(request.i, request.v)
      else watching.add(socket)
    })
    socket.on("close", () => watching.delete(socket))
  })
  return {
    publish(v) {
      const text = JSON.stringify({ v } satisfies Response)
      for (const socket of watching) socket.send(text)
    },
    get watchers() {
      return watching.size
    },
  }
}
