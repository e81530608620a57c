import type { ContenderName } from "./contenders/index.js"
import { type Launch, RemoteClient, RemoteServer } from "./remote.js"
import type { Done } from "./replies.js"

/** What a stretch of work took. */
export interface Cost {
  readonly operations: number
  readonly seconds: number
  /** Seconds of processor time. */
  readonly serverCpu: number
  readonly clientCpu: number
}

/** Milliseconds in which every connection has become a watcher, or never will. */
const watchingTakes = 30_000

/** The two processes of one contender. */
export class Pair {
  readonly name: ContenderName
  readonly server: RemoteServer
  readonly client: RemoteClient
  #port = 0

  constructor(name: ContenderName, launch: Launch) {
    this.name = name
    this.server = new RemoteServer(name, launch)
    this.client = new RemoteClient(name, launch)
  }

  async listen(): Promise<void> {
    this.#port = await this.server.listen()
  }

  async connect(connections: number): Promise<void> {
    await this.client.connect(this.#port, connections)
  }

  /** Connections from the given one on watch, and the server knows of all of them. */
  async watch(from: number, to: number): Promise<void> {
    await this.client.watch(from)
    const latest = performance.now() + watchingTakes
    for (;;) {
      const watchers = await this.server.watchers()
      if (watchers >= to) return
      if (performance.now() > latest) throw new Error(`${watchers} of ${to} connections watch`)
      await pause(5)
    }
  }

  /** What both processes use for it. */
  async cost<D extends Done>(work: () => Promise<D>): Promise<D & Cost> {
    const before = await Promise.all([this.server.usage(), this.client.usage()])
    const done = await work()
    const after = await Promise.all([this.server.usage(), this.client.usage()])
    return {
      ...done,
      serverCpu: after[0].cpu - before[0].cpu,
      clientCpu: after[1].cpu - before[1].cpu,
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.client.end(), this.server.end()])
  }
}

/** Operations that a second of the busier side's processor is enough for. */
export function capacityOf({ operations, serverCpu, clientCpu }: Cost): number {
  return operations / Math.max(serverCpu, clientCpu)
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
