import type { Caller } from "../../contender.js"
import type { Sample } from "../../workload.js"
import type { Request, Response } from "./message.js"

interface Reader {
  item(sample: Sample): void
  end(): void
}

export async function dial(url: string): Promise<Caller> {
  const socket = new WebSocket(url)
  const calls = new Map<number, (sample: Sample) => void>()
  const streams = new Map<number, Reader>()
  let watcher = (_: Sample): void => {}
  let last = 0
  const send = (request: Request): void => socket.send(JSON.stringify(request))
  socket.onmessage = ({ data }) => {
    const { i, v, end }: Response = JSON.parse(data)
    if (i === undefined) {
      if (v) watcher(v)
      return
    }
    const settle = calls.get(i)
    if (settle && v) {
      calls.delete(i)
      return settle(v)
    }
    const stream = streams.get(i)
    if (v) return stream?.item(v)
    if (!end) return
    streams.delete(i)
    stream?.end()
  }
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  return {
    echo: (v) =>
      new Promise((resolve) => {
        const i = ++last
        calls.set(i, resolve)
        send({ i, p: "echo", v })
      }),
    flow: (count, units, item) =>
      new Promise((end) => {
        const i = ++last
        streams.set(i, { item, end })
        send({ i, p: "flow", v: { count, units } })
      }),
    watch(item) {
      watcher = item
      send({ p: "watch" })
    },
    close: () => socket.close(),
  }
}
