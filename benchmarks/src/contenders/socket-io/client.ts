import { io, type Socket } from "socket.io-client"
import type { Caller } from "../../contender.js"
import type { ToClient, ToServer } from "./events.js"

export async function dial(url: string): Promise<Caller> {
  const options = { transports: ["websocket"], forceNew: true }
  const socket: Socket<ToClient, ToServer> = io(url.replace(/^ws/, "http"), options)
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve)
    socket.once("connect_error", reject)
  })
  return {
    echo: (sample) => socket.emitWithAck("echo", sample),
    flow: (count, units, item) =>
      new Promise((resolve) => {
        socket.on("item", item)
        socket.once("end", () => {
          socket.off("item", item)
          resolve()
        })
        socket.emit("flow", { count, units })
      }),
    watch(item) {
      socket.on("published", item)
      socket.emit("watch")
    },
    close: () => void socket.close(),
  }
}
