import { isProcedure, RpcError } from "@trunkline/contract"
import { checkedNumber, type Router } from "@trunkline/endpoint"
import {
  type Codec,
  type Encoded,
  jsonCodec,
  type RejectCode,
  rejectMessage,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import { type DrainOptions, type ServeOptions, type Server, serve } from "@trunkline/server"
import { type Host, msgpack } from "@trunkline/transport"
import type { Direction, LineSocket, SocketLine } from "./line-socket.js"
import { answering, counting, defaultDrop, opening, Script, type Watched } from "./script.js"
import { Stage } from "./stage.js"
import type {
  AnyProcedure,
  Delays,
  DropOptions,
  HandshakeRefusal,
  Passing,
  RefuseCallOptions,
  RefuseOptions,
  TestLine,
} from "./test-line.js"

/** Where a line lives. */
export interface LineSurroundings {
  readonly host: Host
  deliver(run: () => void): void
}

/** Codes that only the runtime of a server can say, and no handler. */
const runtimeOnly: readonly string[] = ["BUSY", "REFUSED"]

/** A server without a network, and the line to it. */
export class LocalLine implements TestLine, SocketLine {
  readonly host: Host
  readonly deliver: (run: () => void) => void
  protected readonly stage: Stage
  readonly #options: ServeOptions<unknown>
  readonly #sockets = new Set<LineSocket>()
  readonly #leaving = new Set<Server>()
  readonly #script = new Script()
  #server: Server
  #plugged = true
  #delay: Readonly<Record<Direction, number>> = { up: 0, down: 0 }
  #refused: { readonly why: HandshakeRefusal; times: number } | undefined

  constructor(
    router: Router<unknown>,
    options: ServeOptions<unknown>,
    { host, deliver }: LineSurroundings,
  ) {
    this.host = host
    this.deliver = deliver
    this.#options = options
    this.stage = new Stage(router)
    this.#server = this.#serve()
  }

  get server(): Server {
    return this.#server
  }

  get delays(): Readonly<Record<Direction, number>> {
    return this.#delay
  }

  drop(options: DropOptions = {}): void {
    const { before, after, code = defaultDrop.code, times = defaultDrop.times } = options
    checkedNumber("code", code, 1_000, 4_999)
    const passing = before ?? after
    if (before && after) throw new TypeError("drop: either before something or after it")
    if (!passing) {
      if (options.times !== undefined)
        throw new TypeError("drop: so many times before or after what?")
      return this.#break(code)
    }
    const when = before ? "before" : "after"
    const watched = this.#watched(passing)
    this.#script.add({ when, watched, code, times: checkedCount("times", times) })
  }

  unplug(): void {
    this.#plugged = false
    this.drop()
  }

  plug(): void {
    this.#plugged = true
  }

  delay(milliseconds: number | Delays): void {
    const { up = 0, down = 0 } =
      typeof milliseconds === "number" ? { up: milliseconds, down: milliseconds } : milliseconds
    this.#delay = {
      up: checkedNumber("delay", up, 0, Number.MAX_VALUE),
      down: checkedNumber("delay", down, 0, Number.MAX_VALUE),
    }
  }

  refuse(why: HandshakeRefusal, options?: RefuseOptions): void
  refuse(procedure: AnyProcedure, code: string, options?: RefuseCallOptions): void
  refuse(
    what: HandshakeRefusal | AnyProcedure,
    second: RefuseOptions | string = {},
    third: RefuseCallOptions = {},
  ): void {
    if (typeof what !== "string") return this.#refuseCalls(what, String(second), third)
    this.#refuseClients(what, typeof second === "string" ? {} : second)
  }

  accept(): void {
    this.#refused = undefined
    this.stage.accept()
  }

  gap(topic: AnyProcedure): void {
    this.stage.gap(this.stage.pathOf(topic))
  }

  restart(): void {
    const before = this.#server
    this.#server = this.#serve()
    this.drop()
    void before.close()
  }

  async replace(options?: DrainOptions): Promise<void> {
    const before = this.#server
    this.#server = this.#serve()
    this.#leaving.add(before)
    await before.drain(options)
    this.#leaving.delete(before)
  }

  reset(): void {
    this.#script.clear()
    this.delay(0)
    this.#refused = undefined
    this.plug()
    this.stage.reset()
  }

  async close(): Promise<void> {
    for (const server of [...this.#leaving, this.#server]) await server.close()
  }

  /** A message arrives, and the line may break on it. */
  pass(direction: Direction, wire: Encoded, codec: Codec, arrive: () => void): void {
    const drop = this.#script.passing(direction, wire, codec)
    if (drop?.when !== "before") arrive()
    if (drop) this.#break(drop.code)
  }

  gone(socket: LineSocket): void {
    this.#sockets.delete(socket)
  }

  /**
   * A client knocks. It is let in, or told why not.
   *
   * @param chosen what the two speak, where the runtime has chosen already
   * @returns the subprotocol; undefined: nobody answers
   */
  admit(socket: LineSocket, protocols: readonly string[], chosen?: string): string | undefined {
    if (!this.#plugged) return undefined
    const refused = this.#refusal()
    if (refused === "unreachable") return undefined
    const answer = this.#server.negotiate({ protocols, ...nobody })
    if ("status" in answer) return undefined
    const subprotocol = chosen ?? answer.subprotocol
    socket.codec = subprotocol === msgpack.subprotocol ? msgpack : jsonCodec
    this.#sockets.add(socket)
    const why = answer.reject?.code ?? refused
    if (why) turnAway(socket, why)
    else this.#server.accept(socket, subprotocol, { ...nobody, remote: "memory" })
    return subprotocol
  }

  #refusal(): HandshakeRefusal | undefined {
    const refused = this.#refused
    if (refused && --refused.times <= 0) this.#refused = undefined
    return refused?.why
  }

  #refuseClients(why: HandshakeRefusal, { times = Number.POSITIVE_INFINITY }: RefuseOptions): void {
    if (why !== "unreachable" && !Object.hasOwn(closeCodes.rejectCloseCodes, why)) {
      throw new TypeError(`refuse: no server says ${why}`)
    }
    this.#refused = { why, times: checkedNumber("times", times, 1) }
  }

  #refuseCalls(
    procedure: AnyProcedure,
    code: string,
    { times = Number.POSITIVE_INFINITY, data, message }: RefuseCallOptions,
  ): void {
    if (runtimeOnly.includes(code)) throw new TypeError(`refuse: no handler can say ${code}`)
    const error = new RpcError(code, { data, message })
    this.stage.refuse(this.stage.pathOf(procedure), error, checkedNumber("times", times, 1))
  }

  #watched(passing: Passing): Watched {
    if (typeof passing === "function" || isProcedure(passing)) {
      return opening(this.stage.pathOf(passing))
    }
    if ("answer" in passing) return answering(this.stage.pathOf(passing.answer))
    if ("up" in passing) return counting("up", checkedCount("up", passing.up))
    return counting("down", checkedCount("down", passing.down))
  }

  #break(code: number): void {
    for (const socket of [...this.#sockets]) socket.break(code)
  }

  #serve(): Server {
    return serve(this.stage.router, { ...this.#options, host: this.host })
  }
}

/** What comes one by one never comes one and a half times, nor without end. */
function checkedCount(name: string, value: number): number {
  if (Number.isInteger(value)) return checkedNumber(name, value, 1)
  throw new TypeError(`${name} cannot be ${value}`)
}

/** What a line in memory knows of a client. */
const nobody = {
  ...{ origin: undefined, host: undefined, address: undefined },
  ...{ cookie: undefined, request: undefined },
} as const

/** As a server does that does not let a client in. */
function turnAway(socket: LineSocket, code: RejectCode): void {
  const message = `refused by the test: ${code}`
  socket.send(rejectMessage(socket.codec, { code, message }))
  socket.close(closeCodes.rejectCloseCodes[code], message)
}
