import type { DispatchOptions } from "@trunkline/endpoint"
import type { Codec, Limits, RateLimits, Resume, Why } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Host } from "@trunkline/transport"
import type { Authentication } from "./authentication.js"
import { Memory } from "./memory.js"
import { defaultMemory, type MemoryLimits } from "./options.js"
import { ServerSession, type SessionOwner } from "./server-session.js"
import { TrafficSum } from "./stats.js"
import { Tally } from "./tally.js"
import { Tombstones } from "./tombstones.js"

/** A client that has said who it is, and was believed. */
export interface Newcomer {
  readonly principal: string
  readonly subject: string
  readonly codec: Codec
  readonly resume: Resume | undefined
  readonly instance: string
  /** SHA-256 of the secret that it showed. */
  readonly shownHash: string | undefined
  /** The id and the secret that a new session would have. */
  readonly sid: string
  readonly secretHash: string
}

/** What there is to tell of the session that was named, if that is over. */
export interface Lost {
  readonly why: Why | undefined
  readonly prior: { readonly rx: number } | undefined
}

/** What the newcomer gets (docs/protocol.md, "Attach"). */
export type Admission =
  | ({ readonly type: "new"; readonly session: ServerSession } & Lost)
  | { readonly type: "resumed"; readonly session: ServerSession }
  | { readonly type: "refused"; readonly code: number; readonly reason: string }
  /** No new session any more; resumes are admitted to the end. */
  | ({ readonly type: "draining" } & Lost)
  /** Its principal has as many sockets as it may have. */
  | { readonly type: "busy" }

/** What has been. */
interface Past {
  begun: number
  resumed: number
  readonly ended: Tally<Why | "bye">
  readonly traffic: TrafficSum
}

export interface SessionsOptions {
  readonly host: Host
  readonly limits: Limits
  readonly rates: RateLimits
  readonly dispatch: DispatchOptions
  readonly authentication: Authentication
  readonly grace: number
  /** Sockets of one principal, and what all sessions hold together. */
  readonly bounds: {
    readonly connections: number
    readonly memory: Partial<MemoryLimits> | undefined
  }
  readonly ended: (session: ServerSession, why: Why | "bye", reason: string) => void
}

/**
 * Every session of a server, alive or remembered.
 *
 * Must hold (S9): whoever gets a session has shown its secret and is its principal; and of two who come
 * for one session at the same time, the later attempt has it.
 */
export class Sessions implements SessionOwner {
  /** No session is begun any more. */
  draining = false
  readonly #options: SessionsOptions
  readonly #live = new Map<string, ServerSession>()
  readonly #tombstones: Tombstones
  readonly #memory: Memory<ServerSession>
  /** Sockets, by principal. */
  readonly #sockets = new Map<string, number>()
  #roomWanted = false
  /** What has been, since the server began. */
  readonly past: Past = { begun: 0, resumed: 0, ended: new Tally(), traffic: new TrafficSum() }

  constructor(options: SessionsOptions) {
    this.#options = options
    const { units = defaultMemory.units, tombstones = defaultMemory.tombstones } =
      options.bounds.memory ?? {}
    this.#tombstones = new Tombstones(tombstones)
    this.#memory = new Memory(units)
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

  has(sid: string | undefined): boolean {
    return sid !== undefined && this.#live.has(sid)
  }

  get memory(): Pick<Memory<ServerSession>, "used" | "evictions" | "attached" | "detached"> {
    return this.#memory
  }

  attached(session: ServerSession): void {
    if (!this.#memory.attach(session)) return
    const { principal } = session.identity
    this.#sockets.set(principal, this.#socketsOf(principal) + 1)
  }

  detached(session: ServerSession): void {
    if (!this.#memory.detach(session)) return
    this.#unplugged(session)
    this.#wantRoom()
  }

  moved(units: number): void {
    this.#memory.used += units
    this.#wantRoom()
  }

  ended(session: ServerSession, why: Why | "bye", reason: string): void {
    const { sid, secretHash, principal } = session.identity
    this.#live.delete(sid)
    this.past.ended.add(why)
    this.past.traffic.add(session.driver.session.counters)
    if (this.#memory.forget(session)) this.#unplugged(session)
    // Its client's own leave needs no memory: it knows.
    if (why !== "bye") {
      const { applied: rx } = session.driver.session
      this.#tombstones.add({ sid, secretHash, principal, rx, why }, this.#options.host.now())
    }
    this.#options.ended(session, why, reason)
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
    if (this.#crowded(newcomer, session)) return { type: "busy" }
    session.attempt = resume.attempt
    // What is only to be ended may be named in any codec.
    if (codec !== newcomer.codec && !resume.end) {
      session.end("protocol", "another subprotocol", closeCodes.PROTOCOL)
      return { type: "refused", code: closeCodes.PROTOCOL, reason: "another subprotocol" }
    }
    const why = resume.end ? "ended" : fits(resume, session) ? undefined : "counters"
    if (why === undefined) {
      this.past.resumed++
      return { type: "resumed", session }
    }
    session.end(why, "its client came back without it", closeCodes.SUPERSEDED)
    return this.#begin(newcomer, { why, rx: session.driver.session.applied })
  }

  #begin(newcomer: Newcomer, lost: { why?: Why; rx?: number } = {}): Admission {
    const { why, rx } = lost
    const prior = rx === undefined ? undefined : { rx }
    if (this.draining) return { type: "draining", why, prior }
    if (this.#crowded(newcomer)) return { type: "busy" }
    const { sid, secretHash, principal, subject, codec, instance } = newcomer
    const keyEpoch = this.#options.dispatch.keys?.terms?.epoch
    const identity = { sid, secretHash, principal, subject, instance, keyEpoch }
    const session = new ServerSession(identity, { ...this.#options, codec, owner: this })
    this.#live.set(sid, session)
    this.past.begun++
    return { type: "new", session, why, prior }
  }

  /** Ends every session of a principal, those included that wait for their client. */
  revoke(principal: string): number {
    const theirs = [...this.#live.values()].filter(
      ({ identity }) => identity.principal === principal,
    )
    for (const session of theirs) session.end("expired", "revoked", closeCodes.FORBIDDEN)
    return theirs.length
  }

  /** Not here, in the middle of whatever went on: it calls handlers' signals. */
  #wantRoom(): void {
    if (this.#roomWanted || !this.#memory.exceeded) return
    this.#roomWanted = true
    this.#options.host.endOfTurn(() => {
      this.#roomWanted = false
      this.#memory.makeRoom()
    })
  }

  /**
   * Whether a principal has as many sockets as it may have; one that takes another's place adds none. A
   * client that moves has two, and the one that is lost has to be told so.
   */
  #crowded({ principal, resume }: Newcomer, session?: ServerSession): boolean {
    if (session?.driver.session.attached) return false
    const { connections } = this.#options.bounds
    return this.#socketsOf(principal) >= (resume ? 2 * connections : connections)
  }

  #socketsOf(principal: string): number {
    return this.#sockets.get(principal) ?? 0
  }

  #unplugged({ identity: { principal } }: ServerSession): void {
    const left = this.#socketsOf(principal) - 1
    if (left > 0) this.#sockets.set(principal, left)
    else this.#sockets.delete(principal)
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
