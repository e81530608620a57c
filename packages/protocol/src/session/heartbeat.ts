import * as durations from "../durations.js"

export type Role = "client" | "server"
export type Verdict = "alive" | "probe" | "dead"

/** A timer this much too late says that we slept, not that the peer is silent. */
const sleepTolerance = 1_000

/**
 * Whether the other end of a socket still lives (docs/protocol.md, "Liveness"). The server pings, since
 * a browser throttles the timers of a hidden tab but not its messages; the client only probes when it
 * has reason to suspect.
 *
 * Must hold (L2): elapsed time alone never condemns. Before the verdict there is a probe that the peer
 * left unanswered while we were awake.
 */
export class Heartbeat {
  #heardAt = 0
  #probedAt: number | undefined
  #reprieved = false
  #interval: number = durations.heartbeat
  readonly #role: Role

  constructor(role: Role) {
    this.#role = role
  }

  /** Begins with a new socket. `head`: a part of the first interval to leave out, so that the sessions
   * of a restarted server do not all ping at once. */
  begin(interval: number, head: number, now: number): void {
    this.#interval = interval
    this.#probedAt = undefined
    this.#reprieved = false
    this.#heardAt = this.#role === "server" ? now - head * interval : now
  }

  heard(now: number): void {
    this.#heardAt = now
    this.#probedAt = undefined
    this.#reprieved = false
  }

  /** The caller sends a PING on suspicion from elsewhere, such as a page that woke up. */
  probed(now: number): void {
    this.#probedAt = now
    this.#reprieved = false
  }

  /** When to ask for a verdict. `busySince`: since when something waits for an acknowledgement. */
  deadline(busySince: number | undefined, roundTrip: number): number {
    if (this.#probedAt !== undefined) return this.#probedAt + this.#patience
    if (this.#role === "server") return this.#heardAt + this.#interval
    const idle = this.#heardAt + 1.5 * this.#interval + durations.clientSilence
    if (busySince === undefined) return idle
    const fast = Math.max(durations.fastProbe, 4 * roundTrip)
    return Math.min(idle, Math.max(this.#heardAt, busySince) + fast)
  }

  verdict(deadline: number, now: number): Verdict {
    if (now < deadline) return "alive"
    if (this.#probedAt === undefined) {
      this.#probedAt = now
      return "probe"
    }
    if (now <= deadline + sleepTolerance || this.#reprieved) return "dead"
    this.#probedAt = now
    this.#reprieved = true
    return "probe"
  }

  get #patience(): number {
    return this.#role === "server" ? durations.serverSilence : durations.probeAnswer
  }
}
