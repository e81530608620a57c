/*
 * A key store that stands in one process and is used by others, over TCP: a line of JSON for each request
 * and for each answer. It is atomic because one process does one thing at a time.
 */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { createInterface } from "node:readline"
import type { KeyStore } from "@trunkline/server"

type Method = "claim" | "renew" | "complete" | "release"

interface Asked {
  readonly id: number
  readonly method: Method
  readonly arguments_: readonly unknown[]
}

export interface OfferedKeys {
  readonly port: number
  close(): void
}

/** Lets others use a store of this process. `done` hears of each request that was carried out, before its answer. */
export async function offerKeys(
  store: KeyStore,
  done: (method: Method) => boolean = () => true,
): Promise<OfferedKeys> {
  const sockets = new Set<Socket>()
  const { signal } = new AbortController()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => socket.destroy())
    const { epoch, ttlMs, outcomeUnits } = store
    socket.write(`${JSON.stringify({ epoch, ttlMs, outcomeUnits })}\n`)
    createInterface(socket).on("line", async (line) => {
      const { id, method, arguments_ }: Asked = JSON.parse(line)
      const run: (...given: readonly never[]) => Promise<unknown> = store[method]
      const answer = await Reflect.apply(run, store, [...arguments_, signal]).then(
        (value: unknown) => ({ id, value }),
        (error: unknown) => ({ id, error: String(error) }),
      )
      if (done(method) && socket.writable) socket.write(`${JSON.stringify(answer)}\n`)
    })
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  const close = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** The store of another process. */
export async function reachKeys(port: number): Promise<KeyStore & { close(): void }> {
  const socket = connect(port, "127.0.0.1")
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  const lines = createInterface(socket)
  const [terms] = await once(lines, "line")
  let ids = 0
  lines.on("line", (line) => {
    const { id, value, error } = JSON.parse(line)
    if (error === undefined) waiting.get(id)?.resolve(value as never)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
  })
  socket.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the store is gone"))
  })
  socket.on("error", () => socket.destroy())
  const ask = (method: Method, ...arguments_: readonly unknown[]): Promise<never> =>
    new Promise((resolve, reject) => {
      const id = ++ids
      waiting.set(id, { resolve, reject })
      socket.write(`${JSON.stringify({ id, method, arguments_ })}\n`)
    })
  return {
    ...JSON.parse(terms),
    claim: (claim) => ask("claim", claim),
    renew: (key, owner, leaseMs) => ask("renew", key, owner, leaseMs),
    complete: (key, owner, outcome) => ask("complete", key, owner, outcome),
    release: (key, owner) => ask("release", key, owner),
    close: () => socket.destroy(),
  }
}
