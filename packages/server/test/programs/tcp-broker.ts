/*
 * A broker that stands in one process and is used by others, over TCP: a line of JSON for each request
 * and for each answer. As little of one as servers need that come and go while their topics stay.
 */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { createInterface } from "node:readline"
import {
  type Broker,
  type BrokerReader,
  type BrokerStep,
  isRpcError,
  RpcError,
} from "@trunkline/server"

interface Asked {
  readonly id: number
  readonly what: "publish" | "open" | "position" | "read" | "close"
  /** The reader that is meant. */
  readonly reader: number
  readonly arguments_: readonly unknown[]
}

interface Answered {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly code?: string; readonly message: string }
}

/** Lets others use a broker of this process. */
export async function offer(broker: Broker): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    new Counter(broker, socket)
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** Serves one socket; its readers end with it. */
class Counter {
  readonly #broker: Broker
  readonly #readers = new Map<number, BrokerReader>()

  constructor(broker: Broker, socket: Socket) {
    this.#broker = broker
    socket.on("error", () => socket.destroy())
    socket.on("close", () => {
      for (const reader of this.#readers.values()) reader.close()
    })
    linesOf(socket, (line) => {
      const asked: Asked = JSON.parse(line)
      const say = (answered: Omit<Answered, "id">) =>
        socket.writable && socket.write(`${JSON.stringify({ id: asked.id, ...answered })}\n`)
      this.#serve(asked).then(
        (value) => say({ value }),
        (error) => {
          const { message } = Object(error)
          const code = isRpcError(error) && error.executed === "no" ? error.code : undefined
          say({ error: { message, ...(code !== undefined && { code }) } })
        },
      )
    })
  }

  async #serve({ id, what, reader, arguments_: [first, second, third] }: Asked): Promise<unknown> {
    switch (what) {
      case "publish":
        return this.#broker.publish(String(first), String(second), { dedupeId: String(third) })
      case "position":
        return this.#broker.position(String(first))
      case "open": {
        const opened = await this.#broker.open(
          String(first),
          second == null ? undefined : `${second}`,
        )
        this.#readers.set(id, opened)
        return { start: opened.start, gap: opened.gap }
      }
      case "read":
        return (await this.#readers.get(reader)?.read(Number(first)))?.map(plain) ?? []
      case "close":
        this.#readers.get(reader)?.close()
        return this.#readers.delete(reader)
    }
  }
}

/** A socket that breaks is heard of by its end. */
function linesOf(socket: Socket, hear: (line: string) => void): void {
  const lines = createInterface(socket)
  lines.on("line", hear)
  lines.on("error", () => socket.destroy())
}

/** What may hold on to more in its own process. */
function plain(step: BrokerStep): BrokerStep {
  if ("gap" in step) return { gap: true, cursor: step.cursor }
  const { cursor, prev, payload } = step
  return { cursor, prev, payload }
}

/** The broker behind a port of this machine. */
export async function brokerAt(port: number): Promise<Broker> {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "connect")
  const waiting = new Map<number, (answered: Answered) => void>()
  let ids = 0
  let closed = false
  socket.on("error", () => socket.destroy())
  socket.on("close", () => {
    closed = true
    for (const settle of waiting.values()) settle({ id: 0, error: { message: "the line is cut" } })
    waiting.clear()
  })
  linesOf(socket, (line) => {
    const answered: Answered = JSON.parse(line)
    waiting.get(answered.id)?.(answered)
    waiting.delete(answered.id)
  })

  const ask = (what: Asked["what"], reader: number, ...arguments_: readonly unknown[]) => {
    const id = ++ids
    const answer = new Promise<unknown>((resolve, reject) => {
      if (closed) return reject(new Error("the line is cut"))
      waiting.set(id, ({ value, error }) => {
        if (!error) return resolve(value)
        const { code, message } = error
        reject(code ? new RpcError(code, { message, executed: "no" }) : new Error(message))
      })
      socket.write(`${JSON.stringify({ id, what, reader, arguments_ })}\n`)
    })
    return { id, answer }
  }

  const reading = (id: number, start: string, gap: boolean): BrokerReader => {
    let over = false
    let end = () => {}
    return {
      start,
      gap,
      read: async (most) => {
        if (over) return []
        const { answer } = ask("read", id, most)
        const ended = new Promise<readonly BrokerStep[]>((resolve) => {
          end = () => resolve([])
        })
        return Promise.race([answer as Promise<readonly BrokerStep[]>, ended])
      },
      close: () => {
        if (over) return
        over = true
        end()
        ask("close", id).answer.catch(() => {})
      },
    }
  }

  return {
    capabilities: { replay: true, durable: true, dedupe: 60_000 },
    publish: async (topic, payload, { dedupeId }) =>
      String(await ask("publish", 0, topic, payload, dedupeId).answer),
    position: async (topic) => String(await ask("position", 0, topic).answer),
    open: async (topic, from) => {
      const { id, answer } = ask("open", 0, topic, from)
      const { start, gap } = Object(await answer)
      return reading(id, start, gap)
    },
    close: async () => {
      socket.destroy()
    },
  }
}
