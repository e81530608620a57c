import type { Executed } from "@trunkline/protocol"
import type { Operation } from "./scenario.js"
import type { SentItems } from "./sending/send-operation.js"
import { Violated } from "./violation.js"

/** A handler was entered. */
export interface Entry {
  readonly run: number
  readonly process: string
  readonly user: string
  readonly at: number
  ended: boolean
}

/** A handler's own commit, in a database that takes a key once. */
export interface Commit {
  readonly key: string
  readonly run: number
}

export type StreamRecord =
  | { readonly run: number; readonly n: number; readonly key: number }
  | { readonly note: string; readonly count: number }

/** How an operation came out at its caller. */
export interface Settlement {
  readonly ok: boolean
  readonly code: string | undefined
  readonly executed: Executed | undefined
  readonly value: unknown
  readonly at: number
}

/** What is known of one operation, on both sides. */
export interface Account {
  readonly operation: Operation
  readonly entries: Entry[]
  readonly settlements: Settlement[]
  readonly commits: Commit[]
  /** Of a stream: what its reader saw. */
  readonly seen: StreamRecord[]
  /** Of an upload or a duplex. */
  readonly sending: SentItems | undefined
  /** Whose operation it is; undefined while a change of users is under way. */
  readonly issuedBy: string | undefined
  /** The caller gave it up, at this time. */
  leftAt: number | undefined
}

/** Everything that callers asked for and handlers did: what the invariants are about. */
export class Ledger {
  readonly accounts: Map<number, Account> = new Map()
  /** When users lost their rights. */
  readonly revoked: Map<string, number> = new Map()
  /** What was noticed inside a handler, which is no place to throw it. */
  noticed: Violated | undefined
  readonly #owners = new Map<string, string>()
  #runs = 0

  open(operation: Operation, user: string | undefined): Account {
    const account: Account = {
      operation,
      entries: [],
      settlements: [],
      commits: [],
      seen: [],
      sending:
        operation.type === "send"
          ? { taken: [], echoed: [], told: [], asked: 0, sourceOpen: false }
          : undefined,
      issuedBy: user,
      leftAt: undefined,
    }
    this.accounts.set(operation.id, account)
    return account
  }

  /** A handler begins: a new run of its operation. */
  enter(id: number, process: string, user: string, at: number): Entry {
    const entry: Entry = { run: ++this.#runs, process, user, at, ended: false }
    this.accounts.get(id)?.entries.push(entry)
    return entry
  }

  /** A handler commits what it did; once for each key. */
  commit(id: number, key: string, run: number): void {
    this.accounts.get(id)?.commits.push({ key, run })
  }

  /** Somebody was welcomed. */
  begin(session: string, user: string): void {
    this.#owners.set(session, user)
  }

  /** Who was welcomed to it. */
  ownerOf(session: string): string | undefined {
    return this.#owners.get(session)
  }

  /** S9: a session is one user's to its end. */
  serve(session: string, user: string): void {
    const owner = this.ownerOf(session)
    this.demand(owner === user, "S9", () => `the session of ${owner} served ${user}`)
  }

  demand(holds: boolean, invariant: string, text: () => string): void {
    if (!holds) this.noticed ??= new Violated(invariant, text())
  }

  entriesOf(id: number): readonly Entry[] {
    return this.accounts.get(id)?.entries ?? []
  }

  sendingOf(id: number): SentItems {
    const sending = this.accounts.get(id)?.sending
    if (!sending) throw new Error(`${id} sends nothing`)
    return sending
  }

  /** Whether the caller has stopped waiting, or has its outcome. */
  hasLeft(id: number): boolean {
    const account = this.accounts.get(id)
    return account !== undefined && (account.leftAt !== undefined || account.settlements.length > 0)
  }

  get unsettled(): readonly Account[] {
    return [...this.accounts.values()].filter(({ settlements }) => settlements.length === 0)
  }
}
