import { type ChildProcess, spawn } from "node:child_process"
import * as z from "zod"
import type { ContenderName } from "./contenders/index.js"
import { Done, type Span, Timed, Traffic, Usage } from "./replies.js"

/** How to start the processes of a contender. */
export interface Launch {
  readonly node: string
  /** The compiled worker. */
  readonly worker: string
  /** Each process stays on a processor of its own, where the machine can do that. */
  readonly pin: boolean
  /** More arguments for node, in front of the script. */
  readonly flags: readonly string[]
}

const Reply = z.object({
  id: z.number().optional(),
  value: z.unknown().optional(),
  error: z.string().optional(),
})

interface Waiter {
  resolve(value: unknown): void
  reject(error: Error): void
  settled(): void
}

/** Nothing that is asked takes this long, in milliseconds, unless something is wrong. */
const patience = 120_000

/** A process that does what it is asked; an answer that never comes is an error. */
class Remote {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiter>()
  readonly #who: string
  #asked = 0
  #failed: Error | undefined

  constructor(role: "server" | "client", name: ContenderName, launch: Launch) {
    const command = [...pinned(role, launch), launch.node, ...launch.flags, "--expose-gc"]
    const [program = launch.node, ...flags] = command
    this.#who = `${name}'s ${role}`
    this.#child = spawn(program, [...flags, launch.worker, role, name], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    })
    this.#child.on("message", (message) => this.#replied(message))
    this.#child.on("error", (error) => this.#fail(error))
    this.#child.on("exit", (code, signal) =>
      this.#fail(new Error(`${this.#who} ended with ${signal ?? code}`)),
    )
  }

  usage(collect = false): Promise<Usage> {
    return this.ask(Usage, "usage", collect)
  }

  node(): Promise<string> {
    return this.ask(z.string(), "node")
  }

  /** The process neither runs nor reads, and its sockets stay open. */
  freeze(): void {
    this.#child.kill("SIGSTOP")
  }

  /** Without the flags of a profile it may as well be killed: it has nothing to save. */
  async end(): Promise<void> {
    if (this.#failed) return
    const ended = new Promise((resolve) => this.#child.once("exit", resolve))
    this.#child.kill("SIGCONT")
    this.#child.disconnect()
    await ended
  }

  protected async ask<T>(schema: z.ZodType<T>, deed: string, ...with_: unknown[]): Promise<T> {
    const value = await new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#failed)
      const id = ++this.#asked
      const tooLong = () => reject(new Error(`${this.#who} did not ${deed} in time`))
      const timer = setTimeout(tooLong, patience)
      const settled = () => clearTimeout(timer)
      this.#waiting.set(id, { resolve, reject, settled })
      this.#child.send({ id, do: deed, with: with_ })
    })
    return schema.parse(value)
  }

  #replied(message: unknown): void {
    const { id, value, error } = Reply.parse(message)
    if (id === undefined) return this.#fail(new Error(`${this.#who}: ${error}`))
    const waiter = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiter?.settled()
    if (error === undefined) waiter?.resolve(value)
    else waiter?.reject(new Error(`${this.#who}: ${error}`))
  }

  #fail(error: Error): void {
    this.#failed ??= error
    for (const { reject, settled } of this.#waiting.values()) {
      settled()
      reject(this.#failed)
    }
    this.#waiting.clear()
  }
}

/** See {@link ServerEnd}. */
export class RemoteServer extends Remote {
  constructor(name: ContenderName, launch: Launch) {
    super("server", name, launch)
  }

  listen(): Promise<number> {
    return this.ask(z.number(), "listen")
  }

  publish(count: number): Promise<unknown> {
    return this.ask(z.unknown(), "publish", count)
  }

  watchers(): Promise<number> {
    return this.ask(z.number(), "watchers")
  }

  produced(): Promise<number> {
    return this.ask(z.number(), "produced")
  }

  traffic(): Promise<Traffic> {
    return this.ask(Traffic, "traffic")
  }
}

/** See {@link ClientEnd}. */
export class RemoteClient extends Remote {
  constructor(name: ContenderName, launch: Launch) {
    super("client", name, launch)
  }

  connect(port: number, connections: number): Promise<unknown> {
    return this.ask(z.unknown(), "connect", port, connections)
  }

  calls(depth: number, span: Span): Promise<Done> {
    return this.ask(Done, "calls", depth, span)
  }

  sequence(span: Span): Promise<Timed> {
    return this.ask(Timed, "sequence", span)
  }

  streams(count: number, units: number, span: Span): Promise<Done> {
    return this.ask(Done, "streams", count, units, span)
  }

  begin(count: number, units: number): Promise<unknown> {
    return this.ask(z.unknown(), "begin", count, units)
  }

  watch(from = 0): Promise<unknown> {
    return this.ask(z.unknown(), "watch", from)
  }

  heard(total: number): Promise<unknown> {
    return this.ask(z.unknown(), "heard", total)
  }

  close(): Promise<unknown> {
    return this.ask(z.unknown(), "close")
  }
}

/** The server on the first processor, the client on the second. */
function pinned(role: "server" | "client", { pin }: Launch): readonly string[] {
  return pin ? ["taskset", "-c", role === "server" ? "0" : "1"] : []
}
