import type { Executed } from "@trunkline/protocol"
import type { Process } from "../process.js"
import type { Question, Watching } from "./talk-operations.js"

/** Events of one direction, as they were sent and as handlers saw them. */
export class Events {
  sent = 0
  /** The server that sends them: one that dies tells nobody what it lost. */
  sender: Process | undefined
  /** The numbers that handlers saw, by session. */
  readonly handled = new Map<string, number[]>()
  /** Those that were told to be lost. */
  lost = 0

  /** Whose each is, where that is certain. */
  readonly issuers = new Map<number, string>()
  /** Those that were handled for somebody else. */
  readonly strangers: string[] = []

  send(issuer?: string): void {
    this.sent++
    if (issuer !== undefined) this.issuers.set(this.sent, issuer)
  }

  handle(session: string, n: number, user?: string): void {
    const issuer = this.issuers.get(n)
    if (user !== undefined && issuer !== undefined && user !== issuer) {
      this.strangers.push(`${n} of ${issuer} was handled for ${user}`)
    }
    const numbers = this.handled.get(session)
    if (numbers) numbers.push(n)
    else this.handled.set(session, [n])
  }

  get numbers(): readonly number[] {
    return [...this.handled.values()].flat()
  }
}

/** A client's handler was entered. */
export interface Answering {
  readonly run: number
  readonly session: string
  ended: boolean
}

/** What is known at both ends of something that a server asked. */
export interface Asked {
  readonly operation: Question | Watching
  /** Through which session, and by whom: one that dies hears of no end. */
  readonly session: string
  readonly asker: Process
  readonly entries: Answering[]
  readonly outcomes: {
    readonly ok: boolean
    readonly code?: string
    readonly executed?: Executed
  }[]
  /** Of a call its result, of a stream its items. */
  readonly got: { readonly run: number; readonly n?: number; readonly ask?: number }[]
}

/** Everything that was said between a server and its clients without being an ordinary call. */
export class TalkLedger {
  /** By client. */
  readonly up = new Map<number, Events>()
  /** By session. */
  readonly down = new Map<string, Events>()
  /** Events of clients that reached no handler. */
  dropped = 0
  readonly asked = new Map<number, Asked>()
  #runs = 0

  upOf(client: number): Events {
    return eventsIn(this.up, client)
  }

  downOf(session: string): Events {
    return eventsIn(this.down, session)
  }

  /** A client begins to answer. */
  enter(ask: number, session: string): Answering {
    const entry: Answering = { run: ++this.#runs, session, ended: false }
    this.asked.get(ask)?.entries.push(entry)
    return entry
  }

  get unsettled(): readonly Asked[] {
    return [...this.asked.values()].filter(
      ({ asker, outcomes }) => outcomes.length === 0 && !asker.dead,
    )
  }
}

function eventsIn<Key>(table: Map<Key, Events>, key: Key): Events {
  const known = table.get(key) ?? new Events()
  table.set(key, known)
  return known
}
