import type { DispatchOptions } from "@trunkline/endpoint"
import type { Codec, Limits, RateLimits, Resume, Why } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Host } from "@trunkline/transport"
import { ServerSession, type SessionIdentity } from "./server-session.js"
import { Tombstones } from "./tombstones.js"

/** A client that has said who it is, and was believed. */
export interface Newcomer {
  readonly principal: string
  readonly subject: string
  readonly codec: Codec
  readonly resume: Resume | undefined
  /** SHA-256 of the secret that it showed. */
  readonly shownHash: string | undefined
  /** The id and the secret that a new session would have. */
  readonly sid: string
  readonly secretHash: string
}

/** What the newcomer gets (docs/protocol.md, "Attach"). */
export type Admission =
  | {
      readonly type: "new"
      readonly session: ServerSession
      readonly why: Why | undefined
      readonly prior: { readonly rx: number } | undefined
    }
  | { readonly type: "resumed"; readonly session: ServerSession }
  | { readonly type: "refused"; readonly code: number; readonly reason: string }
  /** No new session any more; resumes are admitted to the end. */
  | { readonly type: "draining" }

export interface SessionsOptions {
  readonly host: Host
  readonly limits: Limits
  readonly rates: RateLimits
  readonly dispatch: DispatchOptions
  readonly grace: number
  readonly ended: (session: ServerSession, why: Why | "bye", reason: string) => void
}

/**
 * Every session of a server, alive or remembered.
 *
 * Must hold (S9): whoever gets a session has shown its secret and is its principal; and of two who come
 * for one session at the same time, the later attempt has it.
 */
export class Sessions {
  /** No session is begun any more. */
  draining = false
  readonly #options: SessionsOptions
  readonly #live = new Map<string, ServerSession>()
  readonly #tombstones = new Tombstones()

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  get live(): Iterable<ServerSession> {
    return this.#live.values()
  }

  get size(): number {
    return this.#live.size
  }

  get remembered(): number {
    return this.#tombstones.size
  }

  /** The attach table: one synchronous step, and the first row that fits. */
  admit(newcomer: Newcomer): Admission {
    const { resume } = newcomer
    if (!resume) return this.#begin(newcomer)
    const session = this.#live.get(resume.sid)
    if (session) return this.#resume(newcomer, resume, session)
    const stone = this.#tombstones.find(resume.sid, this.#options.host.now())
    if (!stone || !isOwner(newcomer, stone)) return this.#begin(newcomer, { why: "unknown" })
    return this.#begin(newcomer, { why: stone.why, rx: stone.rx })
  }

  #resume(newcomer: Newcomer, resume: Resume, session: ServerSession): Admission {
    const { identity, attempt, codec } = session
    if (!isOwner(newcomer, identity))
      return this.#begin(newcomer, { why: strangerWhy(newcomer, identity) })
    if (resume.attempt <= attempt) {
      return { type: "refused", code: closeCodes.SUPERSEDED, reason: "a later attempt was made" }
    }
    session.attempt = resume.attempt
    if (codec !== newcomer.codec) {
      session.end("protocol", "another subprotocol", closeCodes.PROTOCOL)
      return { type: "refused", code: closeCodes.PROTOCOL, reason: "another subprotocol" }
    }
    const why = resume.end ? "ended" : fits(resume, session) ? undefined : "counters"
    if (why === undefined) return { type: "resumed", session }
    session.end(why, "its client came back without it", closeCodes.SUPERSEDED)
    return this.#begin(newcomer, { why, rx: session.driver.session.applied })
  }

  #begin(newcomer: Newcomer, lost: { why?: Why; rx?: number } = {}): Admission {
    if (this.draining) return { type: "draining" }
    const { sid, secretHash, principal, subject, codec } = newcomer
    const { host, limits, rates, dispatch, grace } = this.#options
    const ended = (over: ServerSession, why: Why | "bye", reason: string) =>
      this.#ended(over, why, reason)
    const identity: SessionIdentity = { sid, secretHash, principal, subject }
    const session = new ServerSession(identity, {
      ...{ host, codec, limits, rates, dispatch, grace, ended },
    })
    this.#live.set(sid, session)
    const prior = lost.rx === undefined ? undefined : { rx: lost.rx }
    return { type: "new", session, why: lost.why, prior }
  }

  /** Its client's own leave needs no memory: it knows. */
  #ended(session: ServerSession, why: Why | "bye", reason: string): void {
    const { sid, secretHash, principal } = session.identity
    this.#live.delete(sid)
    if (why !== "bye") {
      const { applied: rx } = session.driver.session
      this.#tombstones.add({ sid, secretHash, principal, rx, why }, this.#options.host.now())
    }
    this.#options.ended(session, why, reason)
  }
}

interface Owned {
  readonly secretHash: string
  readonly principal: string
}

function isOwner({ shownHash, principal }: Newcomer, owned: Owned): boolean {
  return (
    shownHash !== undefined && equal(shownHash, owned.secretHash) && principal === owned.principal
  )
}

/** With the right secret it may learn that it is somebody else now; without it, nothing. */
function strangerWhy({ shownHash }: Newcomer, owned: Owned): Why {
  return shownHash !== undefined && equal(shownHash, owned.secretHash) ? "principal" : "unknown"
}

/** Both ends of both counters: what a client says of a session has to be possible. */
function fits({ rx, tx }: Resume, { driver }: ServerSession): boolean {
  return driver.session.covers(rx) && tx >= driver.session.applied
}

/** Takes the same time whatever the texts have in common. */
function equal(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  }
  return difference === 0
}
