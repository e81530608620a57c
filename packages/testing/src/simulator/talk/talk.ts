import {
  type Client,
  type Connection,
  createClient,
  implement,
  isRpcError,
  type Router,
} from "@trunkline/client"
import { type Handlers, type LogEntry, RpcError, type SessionInfo } from "@trunkline/server"
import type { Clock } from "../../pair/clock.js"
import type { Counters } from "../counters.js"
import type { Process } from "../process.js"
import type { Scenario } from "../scenario.js"
import { toClient, toServer } from "./talk-contract.js"
import { checkTalk } from "./talk-invariants.js"
import { type Asked, TalkLedger } from "./talk-ledger.js"
import type { Burst, Question, TalkOperation, Watching } from "./talk-operations.js"

/** What the service of one process takes part with. */
export interface TalkingService {
  readonly handlers: Handlers<typeof toServer>
  log(entry: LogEntry): void
}

/** A client, as far as it talks. */
interface Page {
  readonly process: Process
  readonly connection: Connection
  /** Whose it is, where that is certain. */
  readonly certainUser: string | undefined
}

/** A server process, and the sessions in which clients have made themselves known. */
interface Talker {
  readonly process: Process
  readonly known: Map<number, SessionInfo>
}

/** Events in both directions, and what servers ask their clients. */
export class Talk {
  readonly #operations: readonly TalkOperation[]
  readonly #ledger = new TalkLedger()
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #bug: (error: unknown) => void
  readonly #clients: { readonly page: Page; readonly client: Client<typeof toServer> }[] = []
  #talker: Talker | undefined

  /** @param bug told of what should never happen */
  constructor(
    operations: readonly TalkOperation[],
    clock: Clock,
    counters: Counters,
    bug: (error: unknown) => void,
  ) {
    this.#operations = operations
    this.#clock = clock
    this.#counters = counters
    this.#bug = bug
  }

  /** Whatever was asked has come to its end, as far as its asker lives. */
  get settled(): boolean {
    return this.#ledger.unsettled.length === 0
  }

  /** What a new server does. */
  serve(process: Process): TalkingService {
    const known = new Map<number, SessionInfo>()
    this.#talker = { process, known }
    return {
      handlers: {
        greet: ({ input, session }) => void known.set(input.client, session),
        say: ({ input, session, context }) => {
          known.set(input.client, session)
          const { user } = Object(context)
          this.#ledger.upOf(input.client).handle(session.id, input.n, user)
        },
      },
      log: ({ message, session = "", path, events }) => {
        if (message === "events lost") this.#ledger.downOf(session).lost += Number(events)
        if (message === "event dropped" && path === "talk.say") this.#ledger.dropped++
      },
    }
  }

  /** What a new client serves. */
  viewer(process: Process): Router<unknown> {
    const ledger = this.#ledger
    const pause = (milliseconds: number, signal: AbortSignal) =>
      sleep(process, milliseconds, signal)
    return implement(toClient, {
      ask: async ({ input: { ask, behaviour, delay }, session, signal }) => {
        const entry = ledger.enter(ask, session.id)
        try {
          await pause(behaviour === "hang" ? 300_000 : delay, signal)
        } finally {
          entry.ended = true
        }
        if (behaviour === "throw") throw new RpcError("FORBIDDEN")
        return { ask, run: entry.run, extra: behaviour === "large" ? "x".repeat(100_000) : "" }
      },
      async *watch({ input: { ask, items, gap }, session, signal }) {
        const entry = ledger.enter(ask, session.id)
        try {
          for (let n = 1; n <= items; n++) {
            await pause(gap, signal)
            yield { run: entry.run, n }
          }
        } finally {
          entry.ended = true
        }
      },
      tell: ({ input, session }) => ledger.downOf(session.id).handle(session.id, input.n),
    })
  }

  join(page: Page): void {
    const events = this.#ledger.upOf(this.#clients.length)
    const client = createClient({ talk: toServer }, page.connection).talk
    page.connection.on("lost", (lost) => {
      events.lost += lost.events
    })
    this.#clients.push({ page, client })
  }

  /** Everybody begins at their time. */
  schedule(): void {
    for (const operation of this.#operations) {
      const { at, type, client } = operation
      if (type === "greet" || type === "say") {
        const page = this.#clients[client]?.page
        page?.process.run(at, () => this.#byClient(operation))
      } else this.#clock.at(at, () => this.#byServer(operation))
    }
  }

  /** When every connection is closed. */
  check(scenario: Scenario): void {
    checkTalk(this.#ledger, scenario, this.#counters)
  }

  #byClient(operation: TalkOperation): void {
    const { page, client } = this.#clients[operation.client] ?? {}
    if (!page || !client) return
    if (operation.type === "say") {
      const events = this.#ledger.upOf(operation.client)
      return this.#burst(page.process, operation, (filler) => {
        client.say({ client: operation.client, n: events.sent + 1, filler })
        events.send(page.certainUser)
      })
    }
    client.greet({ client: operation.client }).catch((error) => this.#expected(error))
  }

  /** By whichever server is there, to a client that it knows. */
  #byServer(operation: TalkOperation): void {
    const talker = this.#talker
    talker?.process.run(this.#clock.now, () => {
      const session = talker.known.get(operation.client)
      if (!session) return
      if (operation.type === "tell") this.#tell(talker.process, session, operation)
      else if (operation.type === "ask") this.#settle(this.#ask(talker, session, operation))
      else if (operation.type === "watch") this.#settle(this.#watch(talker, session, operation))
    })
  }

  #tell(process: Process, session: SessionInfo, operation: Burst): void {
    const { tell } = createClient(toClient, session)
    const events = this.#ledger.downOf(session.id)
    events.sender = process
    this.#burst(process, operation, (filler) => {
      tell({ n: events.sent + 1, filler })
      events.send()
    })
  }

  #burst(process: Process, { count, gap, size }: Burst, send: (filler: string) => void): void {
    const filler = "x".repeat(size)
    const once = (left: number): void => {
      if (left === 0) return
      try {
        send(filler)
      } catch (error) {
        this.#expected(error)
      }
      if (gap === 0) once(left - 1)
      else process.run(process.now() + gap, () => once(left - 1))
    }
    once(count)
  }

  async #ask({ process }: Talker, session: SessionInfo, operation: Question): Promise<void> {
    const { id, behaviour, delay, timeout, cancelAfter } = operation
    const asked = this.#open(operation, session, process)
    const controller = new AbortController()
    const { signal } = controller
    if (cancelAfter !== undefined) {
      process.run(process.now() + cancelAfter, () => controller.abort())
    }
    const { ask } = createClient(toClient, session)
    await this.#outcome(asked, async () => {
      asked.got.push(await ask({ ask: id, behaviour, delay }, { signal, timeout }))
    })
  }

  async #watch({ process }: Talker, session: SessionInfo, operation: Watching): Promise<void> {
    const { id, items, gap } = operation
    const asked = this.#open(operation, session, process)
    const stream = createClient(toClient, session).watch({ ask: id, items, gap })
    await this.#outcome(asked, async () => {
      for await (const item of stream) asked.got.push(item)
    })
  }

  #open(operation: Question | Watching, { id, signal }: SessionInfo, asker: Process): Asked {
    const asked: Asked = { operation, session: id, asker, entries: [], outcomes: [], got: [] }
    this.#ledger.asked.set(operation.id, asked)
    if (signal.aborted) this.#counters.add("asked when the session was over")
    return asked
  }

  async #outcome({ outcomes }: Asked, run: () => Promise<void>): Promise<void> {
    try {
      await run()
      outcomes.push({ ok: true })
    } catch (error) {
      if (!isRpcError(error)) throw error
      outcomes.push({ ok: false, code: error.code, executed: error.executed })
    }
  }

  #settle(done: Promise<void>): void {
    done.catch(this.#bug)
  }

  /** An event that cannot be sent, or a greeting that did not arrive. */
  #expected(error: unknown): void {
    if (isRpcError(error)) this.#counters.add(`talk refused ${error.code}`)
    else this.#bug(error)
  }
}

/** Ends early when nobody waits any more. */
function sleep(process: Process, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel()
      reject(signal.reason)
    }
    const cancel = process.run(process.now() + milliseconds, () => {
      signal.removeEventListener("abort", abort)
      resolve()
    })
    if (signal.aborted) abort()
    else signal.addEventListener("abort", abort, { once: true })
  })
}
