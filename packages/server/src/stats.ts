import type { DispatchRefusal } from "@trunkline/endpoint"
import type { Rate, RejectCode, SessionCounters, Why } from "@trunkline/protocol"
import type { EntranceLimits } from "./options.js"
import type { Counts } from "./tally.js"

/** How much has come, or gone. */
export interface Traffic {
  /** WebSocket messages. */
  readonly messages: number
  readonly units: number
  /** Numbered frames: calls, items, answers, and what belongs to them. */
  readonly frames: number
}

/**
 * Why something was refused: the limit that was reached, a rate over which a session ended, or what a
 * client is told that may not come in.
 */
export type Refusal = Exclude<RejectCode, "busy"> | keyof EntranceLimits | DispatchRefusal | Rate

/** How a server is doing: what it holds now, and what has been since it began. */
export interface ServerStats {
  /** Sessions alive, with a socket and without. */
  readonly sessions: number
  readonly attached: number
  readonly detached: number
  /** Calls and streams being served. */
  readonly channels: number
  readonly calls: number
  readonly streams: number
  /** Handlers that have not come to their end, those that nobody waits for included. */
  readonly handlers: number
  /** Units kept to be sent again, all sessions together. */
  readonly retained: number
  /** Units kept for any reason, by which sessions have to make room. */
  readonly held: number
  /** Sockets that have not said yet who they are, or are being looked at. */
  readonly handshakes: number
  /** Ended sessions that are remembered. */
  readonly tombstones: number
  /** Since it began: sessions begun, and sockets that continued one. */
  readonly begun: number
  readonly resumed: number
  /** Sessions that had to make room for others. */
  readonly evictions: number
  readonly received: Traffic
  readonly sent: Traffic
  /** Sessions that are over, by why; `bye` if the client took its leave. */
  readonly ended: Counts<Why | "bye">
  readonly refused: Counts<Refusal>
  /** Events that reached no handler. */
  readonly eventsDropped: number
  /** Sockets that ended, by close code, ours or theirs; codes of no meaning here are `other`. */
  readonly closes: Counts<string>
}

/** Sums up what sessions have received and sent. */
export class TrafficSum {
  readonly received: Mutable<Traffic> = { messages: 0, units: 0, frames: 0 }
  readonly sent: Mutable<Traffic> = { messages: 0, units: 0, frames: 0 }

  add(of: SessionCounters): void {
    this.received.messages += of.messagesIn
    this.received.units += of.unitsIn
    this.received.frames += of.framesIn
    this.sent.messages += of.messagesOut
    this.sent.units += of.unitsOut
    this.sent.frames += of.framesOut
  }

  /** The same sum, to be gone on with. */
  copy(): TrafficSum {
    const copy = new TrafficSum()
    Object.assign(copy.received, this.received)
    Object.assign(copy.sent, this.sent)
    return copy
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
