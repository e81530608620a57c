import type { Call, Issue } from "@trunkline/contract"
import {
  type AcceptedChannel,
  type Encoded,
  type Failure,
  type Serving,
  type Session,
  Unencodable,
} from "@trunkline/protocol"
import * as limits from "@trunkline/protocol/limits"
import type { Entry } from "../handlers/router.js"
import { Watch } from "../handlers/watch.js"
import type { Callee, Desk, DispatchOptions, DispatchRefusal, Written } from "./desk.js"
import { Served, shortened } from "./served.js"
import { ServedCall } from "./served-call.js"
import { ServedEvent } from "./served-event.js"
import { ServedReplay } from "./served-replay.js"
import { ServedStream } from "./served-stream.js"

/**
 * From the channels that one session's caller opens to handlers, and from what handlers do to the wire
 * (docs/protocol.md, "Channels").
 *
 * Must hold (G4): `executed` is `no` exactly when the handler was not entered.
 */
export class Dispatcher implements Desk {
  readonly options: DispatchOptions
  readonly callee: Callee
  running = 0
  /** One-way events whose handlers run; from the first one on. */
  #events: Set<ServedEvent> | undefined

  constructor(callee: Callee, options: DispatchOptions) {
    this.callee = callee
    this.options = options
  }

  accept(channel: AcceptedChannel): void {
    const entry = this.options.entries.get(channel.path)
    const refused = entry ? this.#refusal(entry, channel) : this.#unknown()
    if (refused) return this.#refuse(channel, entry, refused)
    if (entry) this.#serve(entry, channel)
  }

  #serve(entry: Entry, channel: AcceptedChannel): void {
    const { procedure } = entry
    switch (procedure.kind) {
      case "call":
        return this.#call(entry, procedure, channel)
      case "upload":
        return new ServedCall(this, entry, procedure, channel).start()
      case "subscription":
        if (procedure.replay) return new ServedReplay(this, entry, procedure, channel).start()
        return new ServedStream(this, entry, procedure, channel).start()
      case "duplex":
        return new ServedStream(this, entry, procedure, channel).start()
    }
  }

  /** The caller has shown another token: whatever lasts longer than a call has to be allowed again. */
  reauthorise(): void {
    for (const { kind, user } of [...this.callee.serving.channels]) {
      if (kind !== "call" && user instanceof Served) void user.reauthorise()
    }
  }

  /** A one-way event: it has no answer, whatever becomes of it. */
  event(path: string, input: unknown): void {
    const entry = this.options.entries.get(path)
    if (entry?.procedure.kind !== "event") return this.drop(path, "NOT_FOUND")
    this.#events ??= new Set()
    if (this.#events.size >= limits.runningEvents) return this.drop(path, "BUSY")
    const event = new ServedEvent(this, entry, this.#eventFinished)
    this.#events.add(event)
    event.start(input)
  }

  drop(path: string, code: string, issues?: readonly Issue[]): void {
    const { log, counts } = this.options
    const session = this.callee.info.id
    const detail = issues && { issues: shortened(issues) }
    counts.eventsDropped++
    log({ level: "warn", message: "event dropped", path, session, code, ...detail })
  }

  /** The session is over: the channels were told, and now the events are. */
  abandon(): void {
    for (const event of this.#events ?? []) event.abandon()
  }

  serve(input: (serving: Serving) => void): void {
    this.callee.driver.step(this.#toServing, input)
  }

  encode(value: unknown): Encoded | Unencodable {
    try {
      return this.callee.driver.session.encode(value)
    } catch (error) {
      return toUnencodable(error)
    }
  }

  written(value: Written): Encoded | Unencodable {
    const { session } = this.callee.driver
    try {
      return session.accepted(value.encode(session.codec))
    } catch (error) {
      return toUnencodable(error)
    }
  }

  watch({ path, procedure }: Entry, channel?: AcceptedChannel): Watch | undefined {
    const { observers } = this.options
    if (observers.size === 0) return undefined
    return Watch.begin(observers, {
      path,
      kind: procedure.kind,
      session: this.callee.info,
      correlationId: channel ? this.correlationId(channel) : this.callee.info.id,
      traceparent: channel?.meta?.t ?? undefined,
    })
  }

  correlationId(channel: AcceptedChannel): string {
    return `${this.callee.info.id}.${channel.id}`
  }

  readonly #eventFinished = (event: ServedEvent): void => void this.#events?.delete(event)

  #call(entry: Entry, procedure: Call, channel: AcceptedChannel): void {
    const { keys } = this.options
    if (keys && procedure.idempotency === "key") keys.start(this, entry, procedure, channel)
    else new ServedCall(this, entry, procedure, channel).start()
  }

  readonly #toServing = (_: Session, input: (serving: Serving) => void): void =>
    input(this.callee.serving)

  #refuse(channel: AcceptedChannel, entry: Entry | undefined, failure: Failure): void {
    if (entry) this.watch(entry, channel)?.ended(failure)
    this.serve((serving) => serving.kill(channel, failure))
  }

  #unknown(): Failure {
    this.options.counts.refused("path")
    return notFound
  }

  #busy(limit: DispatchRefusal): Failure {
    this.options.counts.refused(limit)
    return busy
  }

  /** Why a channel is not served at all: the handler stays unentered, which the answer says. */
  #refusal({ procedure }: Entry, channel: AcceptedChannel): Failure | undefined {
    const { kind } = procedure
    if (kind === "event") return this.#unknown()
    if (channel.meta?.u) {
      const keyed = this.options.keys !== undefined && channel.meta.k != null
      const lost = lossOf(procedure, keyed)
      if (lost) return lost
    } else if (channel.meta?.f && kind === "subscription" && !procedure.replay) return noCursor
    if (this.running >= this.options.handlers) return this.#busy("handlers")
    const admitted = this.callee.serving.admit(channel, kind, isRenewable(procedure))
    return admitted ? undefined : this.#busy(kind === "call" ? "calls" : "streams")
  }
}

function toUnencodable(error: unknown): Unencodable {
  return error instanceof Unencodable ? error : new Unencodable("it cannot be read")
}

const notFound: Failure = { code: "NOT_FOUND", executed: "no" }
/** It was asked to continue what cannot be continued. */
const noCursor: Failure = { code: "VALIDATION", executed: "no" }
const busy: Failure = { code: "BUSY", executed: "no" }

/**
 * The callee's side of the loss table (docs/protocol.md, "Session lost"): what may not begin again after
 * an attempt that may have been entered. It stands here because here is the contract.
 */
function lossOf(procedure: Entry["procedure"], keyed: boolean): Failure | undefined {
  switch (procedure.kind) {
    case "call":
      return mayRunAgain(procedure, keyed) ? undefined : outcomeUnknown
    case "subscription":
      return procedure.replay || procedure.restart === "fresh" ? undefined : streamLost
    default:
      return streamLost
  }
}

/** Its contract has a way to begin it anew: nobody who takes leave needs to wait for its end. */
function isRenewable(procedure: Entry["procedure"]): boolean {
  if (procedure.kind !== "subscription") return false
  return procedure.restart === "fresh" || procedure.replay !== undefined
}

/** @param keyed its caller names the key of the first attempt; what became of that the store tells */
function mayRunAgain({ idempotency }: Call, keyed: boolean): boolean {
  return idempotency === "safe" || idempotency === "idempotent" || (idempotency === "key" && keyed)
}

const outcomeUnknown: Failure = { code: "OUTCOME_UNKNOWN", executed: "unknown" }
const streamLost: Failure = { code: "STREAM_LOST", executed: "unknown" }
