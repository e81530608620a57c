import type { Call } from "@trunkline/contract"
import type { AcceptedChannel, Encoded, Failure } from "@trunkline/protocol"
import { canonicalText, Unencodable } from "@trunkline/protocol"
import * as durations from "@trunkline/protocol/durations"
import type { Desk } from "../dispatch/desk.js"
import { ServedCall } from "../dispatch/served-call.js"
import { SettledFailure } from "../dispatch/settled-failure.js"
import type { AnyHandler, Request } from "../handlers/request.js"
import type { Entry } from "../handlers/router.js"
import type { Arrival, Attempt, Keys, Verdict } from "./keys.js"
import { readOutcome, type StoredOutcome, writeOutcome } from "./stored-outcome.js"

/** What a caller is told whose record cannot tell what became of the call. */
const lost: Failure = { code: "OUTCOME_UNKNOWN", executed: "unknown" }

/** A record that is ours until the call is done. */
interface Held {
  readonly key: string
  readonly owner: string
  readonly stopRenewing: () => void
}

/** What the handler of an earlier attempt returned: it has been checked, and no middleware changes it. */
class Replay {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/**
 * A call whose outcome is kept under its key (docs/protocol.md, "Idempotency keys"). The key is claimed in
 * the last step before the handler is entered, behind all middleware; what is kept is what the caller is
 * told, once all middleware has returned, so that a transaction around the handler is over by then.
 *
 * Must hold (S1): the handler is entered with a claim alone. (S3) Whoever asks by one key is told one
 * outcome.
 */
export class KeyedCall extends ServedCall {
  readonly #keys: Keys
  readonly #procedure: Call
  readonly #arrival: Arrival
  /** Fires when nobody waits for the store any more. */
  readonly #waiting = new AbortController()
  #key: string | undefined
  #record: Held | undefined
  /** Its session is over while the handler runs. */
  #orphaned: (() => void) | undefined

  constructor(keys: Keys, desk: Desk, entry: Entry, procedure: Call, channel: AcceptedChannel) {
    super(desk, entry, procedure, channel)
    this.#keys = keys
    this.#arrival = keys.arrival
    this.#procedure = procedure
  }

  override get idempotencyKey(): string | undefined {
    return this.#key
  }

  /** Called for the handler itself. */
  override async call(handler: AnyHandler, request: Request): Promise<unknown> {
    const attempt = await this.#attempt()
    const verdict = await this.#verdict(attempt)
    if (verdict.state !== "claimed") return this.#settled(verdict)
    const { key, owner } = attempt.claim
    try {
      this.enter()
    } catch (error) {
      this.#keys.release(key, owner)
      throw error
    }
    this.#record = { key, owner, stopRenewing: this.#keys.renewing(key, owner) }
    return handler(request)
  }

  /** A handler that was entered runs on when its session is over: its caller comes back for the outcome. */
  override cancelled(code: "CANCELLED" | "TIMEOUT" | "CLOSED"): void {
    if (code !== "CLOSED" || !this.#outlives()) super.cancelled(code)
  }

  protected override leave(code: string): void {
    super.leave(code)
    this.#waiting.abort()
  }

  /** What a handler gives after its caller has left still goes to the store. */
  protected override get unwanted(): boolean {
    return this.left && this.#record === undefined
  }

  protected override returned(value: unknown): void {
    if (value instanceof Replay) this.#replay(value.value)
    else super.returned(value)
  }

  protected override succeed(value: unknown, encoded: Encoded | undefined): void {
    void this.#complete({ ok: true, value }, () => super.succeed(value, encoded))
  }

  protected override fail(failure: Failure): void {
    if (this.#record) {
      void this.#complete({ ok: false, failure }, () => super.fail(failure))
      return
    }
    this.#waiting.abort()
    super.fail(failure)
  }

  async #attempt(): Promise<Attempt> {
    const { path, channel, session } = this
    const { host } = this.#keys
    const { instance, keyEpoch: sessionEpoch } = this.desk.callee
    const { u, k: first } = channel.meta ?? {}
    const doubtful = u !== undefined
    const id = doubtful ? first : channel.id
    const [key, fingerprint] = await Promise.all([
      host.hash(JSON.stringify([session.principal, path, instance, id])),
      host.hash(canonicalText(channel.input)),
    ])
    this.#key = key
    const owner = Array.from(host.random(16), (byte) => byte.toString(16).padStart(2, "0")).join("")
    const { onCrash = "unknown" } = this.#procedure
    const claim = { key, fingerprint, owner, onCrash, leaseMs: durations.lease, doubtful }
    return { claim, arrival: this.#arrival, sessionEpoch }
  }

  async #verdict(attempt: Attempt): Promise<Verdict> {
    const { signal } = this.#waiting
    try {
      return await this.#keys.claim(attempt, signal)
    } catch (error) {
      signal.throwIfAborted()
      this.#keys.report(error)
      throw new SettledFailure({ code: "UNAVAILABLE", executed: "no" })
    }
  }

  /** What is told of a call that is not entered here. */
  #settled(verdict: Exclude<Verdict, { readonly state: "claimed" }>): Replay {
    if (verdict.state === "reused") {
      throw new SettledFailure({ code: "KEY_REUSED", executed: "no" })
    }
    const outcome = verdict.state === "done" ? this.#read(verdict.outcome) : undefined
    if (outcome?.ok) return new Replay(outcome.value)
    throw new SettledFailure(outcome?.failure ?? lost)
  }

  #read(text: string): StoredOutcome | undefined {
    try {
      return readOutcome(text)
    } catch (error) {
      this.#keys.report(error)
      return undefined
    }
  }

  #replay(value: unknown): void {
    this.finished()
    if (!this.left) this.#tell({ ok: true, value })
  }

  /** Keeps the outcome, and then tells it, or what another owner of the record has made of the call. */
  async #complete(outcome: StoredOutcome, tell: () => void): Promise<void> {
    const standing = await this.#standing(outcome)
    this.#record?.stopRenewing()
    this.#orphaned?.()
    if (this.left) return
    if (standing) this.#tell(standing)
    else tell()
  }

  /** What stands in the record after our own outcome was brought; undefined: that one. */
  async #standing(own: StoredOutcome): Promise<StoredOutcome | undefined> {
    const { signal } = this.#waiting
    const { key = "", owner = "" } = this.#record ?? {}
    try {
      const text = writeOutcome(own, this.#keys.store.outcomeUnits)
      for (let hint = true; ; ) {
        const completed = await this.#keys.complete(key, owner, text)
        if (completed.state === "unknown") return { ok: false, failure: lost }
        if (completed.state === "done" && completed.outcome !== text) {
          return readOutcome(completed.outcome)
        }
        if (completed.state !== "running" || this.left || this.#orphaned) return undefined
        hint = await this.#keys.changed(key, hint, signal)
      }
    } catch (error) {
      if (!signal.aborted) this.#keys.report(error)
      return undefined
    }
  }

  #tell(outcome: StoredOutcome): void {
    if (!outcome.ok) return super.fail(outcome.failure)
    const encoded = this.encode(outcome.value)
    if (encoded instanceof Unencodable) super.fail({ code: encoded.code, executed: "yes" })
    else super.succeed(outcome.value, encoded)
  }

  /** `false`: it was not entered, or too many run on already. */
  #outlives(): boolean {
    const leave = this.left || !this.#record ? undefined : this.#keys.adopt()
    if (!leave) return false
    const { host } = this.#keys
    const { deadline } = this.channel
    const timed = deadline !== Number.POSITIVE_INFINITY
    const cancel = timed ? host.wakeAt(deadline, () => this.leave("TIMEOUT"), true) : undefined
    this.#orphaned = () => {
      cancel?.()
      leave()
    }
    return true
  }
}
