import {
  type Client,
  type Codec,
  type Connection,
  connect,
  createClient,
  isRpcError,
  type Router,
} from "@trunkline/client"
import type { CallOperation } from "./call-operation.js"
import type { Account, Ledger } from "./ledger.js"
import type { Network } from "./network.js"
import type { Process } from "./process.js"
import type { Operation } from "./scenario.js"
import type { SendOperation } from "./sending/send-operation.js"
import { send } from "./sending/sending.js"
import { keyedApi } from "./service.js"
import type { StreamOperation } from "./stream-operation.js"
import type { TopicProcedure } from "./topics/topic-plan.js"
import type { TopicClient } from "./topics/topics.js"
import { Violated } from "./violation.js"

/** A page: one connection, and a user who does what the scenario says. */
export class ClientProcess implements TopicClient {
  readonly process: Process
  readonly connection: Connection
  #user: string
  /** Nobody else has logged in on it. */
  hasOneUser = true
  /** Whose tokens are under way: shown since the last session began, and since nobody was asked. */
  readonly #shown = new Set<string>()
  /** A session was left while the next was dialled, with whatever token. */
  #moving = false
  readonly #ledger: Ledger
  readonly #client: Client<typeof keyedApi>
  readonly #bug: (error: unknown) => void

  /**
   * @param bug told of what should never happen, here or in what is simulated
   * @param serve what its server may call
   * @param codecs what it speaks besides JSON
   */
  constructor(
    process: Process,
    network: Network,
    ledger: Ledger,
    bug: (error: unknown) => void,
    serve: Router<unknown> | undefined,
    codecs: readonly Codec[],
  ) {
    this.#bug = bug
    this.process = process
    this.#user = `${process.name}'s user`
    this.#ledger = ledger
    this.connection = connect("ws://simulated/rpc", {
      host: process,
      serve,
      WebSocket: network.socketClass(process),
      codecs,
      // Small, so that results which are too large are still quick to make.
      limits: { messageBytes: 262_144 },
      token: () => {
        this.#shown.add(this.user)
        return this.user
      },
    })
    this.connection.on("error", () => {})
    this.connection.on("state", ({ to }) => {
      if (to === "draining" || to === "open") this.#moving = to === "draining"
      if (to === "open" || (to === "waiting" && !this.#moving)) this.#shown.clear()
    })
    this.#client = createClient(keyedApi, this.connection)
  }

  get user(): string {
    return this.#user
  }

  set user(user: string) {
    this.#user = user
    this.hasOneUser = false
  }

  perform(operation: Operation): void {
    const account = this.#ledger.open(operation, this.certainUser)
    this.#begin(operation, account).catch(this.#bug)
  }

  #begin(operation: Operation, account: Account): Promise<void> {
    if (operation.type === "call") return this.#call(operation, account)
    if (operation.type === "send") return this.#send(operation, account)
    return this.#stream(operation, account)
  }

  async #send(operation: SendOperation, account: Account): Promise<void> {
    try {
      const value = await send(this.#client, operation, account, this.process)
      this.#settle(account, true, undefined, undefined, value)
    } catch (error) {
      this.#fail(account, error)
    }
  }

  readTopic(
    procedure: TopicProcedure,
    input: { readonly id: number; readonly topic: number },
    from: string | undefined,
  ): ReturnType<TopicClient["readTopic"]> {
    return this.#client.topics[procedure](input, { from })
  }

  /**
   * Between a change of users and the next session it is open whose session it will be, also while the
   * other's token is on its way; and before the first WELCOME nobody knows whose the queue is.
   */
  get certainUser(): string | undefined {
    const { state, info } = this.connection
    if (info.session === undefined) return undefined
    const mayBeOld = [...this.#shown].some((user) => user !== this.user)
    const runs = state === "open" || state === "draining"
    const onItsWay = runs && this.#ledger.ownerOf(info.session) !== this.user
    return mayBeOld || onItsWay ? undefined : this.user
  }

  async #call(operation: CallOperation, account: Account): Promise<void> {
    const { id, behaviour, delay, procedure, size, timeout, cancelAfter, poison } = operation
    const controller = new AbortController()
    const filler = (poison ? poisonMark : "") + "x".repeat(size)
    const call = this.#client[procedure](
      { id, behaviour, delay, filler },
      { signal: controller.signal, timeout },
    )
    if (cancelAfter !== undefined) {
      this.process.run(this.process.now() + cancelAfter, () => {
        account.leftAt ??= this.process.now()
        controller.abort()
      })
    }
    try {
      const value = await call
      this.#settle(account, true, undefined, undefined, value)
    } catch (error) {
      this.#fail(account, error)
    }
  }

  async #stream(operation: StreamOperation, account: Account): Promise<void> {
    const { procedure, items, gap, size, fails, id, reader } = operation
    const stream = this.#client[procedure]({ id, items, gap, size, fails })
    try {
      if (reader === "subscribe") await this.#subscribe(stream, operation, account)
      else if (reader === "iterate") await this.#iterate(stream, operation, account)
      else await this.#read(stream, operation, account)
      this.#settle(account, true, undefined, undefined, undefined)
    } catch (error) {
      this.#fail(account, error)
    }
  }

  async #read(
    stream: SimulatedStream,
    operation: StreamOperation,
    account: Account,
  ): Promise<void> {
    for await (const event of stream.events()) {
      if ("item" in event) account.seen.push(event.item)
      else
        account.seen.push({
          note: event.note.type,
          count: "count" in event.note ? event.note.count : 0,
        })
      if (this.#hasEnough(operation, account)) return
      await this.#pause(operation.readerGap)
    }
  }

  async #iterate(
    stream: SimulatedStream,
    operation: StreamOperation,
    account: Account,
  ): Promise<void> {
    for await (const item of stream) {
      account.seen.push(item)
      if (this.#hasEnough(operation, account)) return
      await this.#pause(operation.readerGap)
    }
  }

  #subscribe(stream: SimulatedStream, operation: StreamOperation, account: Account): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = stream.subscribe({
        item: (item) => {
          if (account.leftAt !== undefined) this.#bug(toldAfterLeaving(operation))
          account.seen.push(item)
          if (!this.#hasEnough(operation, account)) return
          stop()
          resolve()
        },
        note: (note) =>
          account.seen.push({ note: note.type, count: "count" in note ? note.count : 0 }),
        error: reject,
        done: resolve,
      })
    })
  }

  /** A topic never ends by itself: its readers leave with its last item. */
  #hasEnough({ leaveAfter, procedure, items }: StreamOperation, account: Account): boolean {
    const last = account.seen.at(-1)
    const atEnd = procedure === "pushed" && last && "n" in last && last.n === items
    const enough = leaveAfter !== undefined && account.seen.length >= leaveAfter
    if (!atEnd && !enough) return false
    account.leftAt ??= this.process.now()
    return true
  }

  #pause(milliseconds: number): Promise<void> | undefined {
    if (milliseconds === 0) return undefined
    return new Promise((resolve) => this.process.run(this.process.now() + milliseconds, resolve))
  }

  #fail(account: Account, error: unknown): void {
    if (!isRpcError(error)) throw error
    this.#settle(account, false, error.code, error.executed, error.data)
  }

  #settle(
    { settlements }: Account,
    ok: boolean,
    code: string | undefined,
    executed: Account["settlements"][number]["executed"],
    value: unknown,
  ): void {
    settlements.push({ ok, code, executed, value, at: this.process.now() })
  }
}

type SimulatedStream = ReturnType<Client<typeof keyedApi>["every"]>

/** The wire finds it in an input and spoils the frame. */
export const poisonMark = "@@poison@@"

function toldAfterLeaving({ id }: Operation): Violated {
  return new Violated("S12", `${id} was told after it left`)
}
