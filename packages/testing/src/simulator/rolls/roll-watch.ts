import type { Encoded } from "@trunkline/protocol"
import * as Kind from "@trunkline/protocol/frame-kinds"
import type { Counters } from "../counters.js"
import type { Account, Ledger } from "../ledger.js"
import type { Direction, Link, Network } from "../network.js"
import type { Process } from "../process.js"
import type { Scenario } from "../scenario.js"
import { messageIn } from "../speech.js"
import { must } from "../violation.js"

/** What nobody may hear of for a server that left in good order (S14). */
const blamesTheServer: readonly (string | undefined)[] = [
  "OUTCOME_UNKNOWN",
  "STREAM_LOST",
  "PRINCIPAL_CHANGED",
  "REFUSED",
  "BUSY",
  "CLOSED",
  "TIMEOUT",
  "GAP",
]

function checkUnharmed({ operation, settlements }: Account): void {
  const [{ ok, code, executed } = {}] = settlements
  const refused = code === "UNAVAILABLE" && executed !== "yes"
  const harmed = !ok && (refused || blamesTheServer.includes(code))
  must(!harmed, "S14", () => `${operation.id} failed ${code} "${executed}" for a restart`)
}

/** Reads along what clients do while their servers leave. */
export class RollWatch {
  readonly #scenario: Scenario
  readonly #network: Network
  readonly #counters: Counters
  /** When a client was told on this socket to go elsewhere. */
  readonly #toldAt = new Map<Link, number>()
  /** The sessions of sockets. */
  readonly #welcomed = new Map<Link, string>()
  /** In which session each id of a client was given. */
  readonly #ids = new Map<Process, Map<number, string>>()
  /** Of each session: what was opened after its server had said that it leaves. */
  readonly #late = new Map<string, Set<number>>()
  /** In which sessions an operation was opened, and those in which anything was acknowledged. */
  readonly #opened = new Map<number, Set<string>>()
  readonly #acknowledged = new Set<string>()
  readonly #rolls: boolean

  constructor(scenario: Scenario, network: Network, counters: Counters) {
    this.#scenario = scenario
    this.#network = network
    this.#counters = counters
    this.#rolls = scenario.faults.some(({ type }) => type === "roll")
  }

  /**
   * S14: with time enough, a balancer, and lines that break in the open, a restart is not noticed. But a
   * session that applied nothing is not kept when its line breaks, and what is known of it goes with its
   * server.
   */
  check(ledger: Ledger): void {
    if (!this.#scenario.calm) return
    for (const account of ledger.accounts.values()) {
      const sessions = [...(this.#opened.get(account.operation.id) ?? [])]
      const kept = sessions.every((sid) => this.#acknowledged.has(sid))
      if (sessions.length > 0 && kept) checkUnharmed(account)
    }
  }

  observe(link: Link, direction: Direction, wire: Encoded): void {
    if (!this.#rolls) return
    const [, ack, ...frames] = messageIn(wire)
    if (direction === "down" && ack > 0) this.#acknowledged.add(this.#sessionOf(link))
    for (const [kind, ...fields] of frames) {
      if (direction === "down") this.#heard(link, Number(kind), fields)
      else this.#said(link, Number(kind), fields)
    }
  }

  #heard(link: Link, kind: number, [first, code]: readonly unknown[]): void {
    switch (kind) {
      case Kind.GOAWAY:
        return void this.#toldAt.set(link, link.client.now())
      case Kind.REJECT:
        return this.#rejected(link, Object(first))
      case Kind.WELCOME:
        return this.#begin(link, Object(first))
      case Kind.ERROR:
        if (code === "REFUSED") return
    }
    if (kind === Kind.NOTE && code === "restarted" && this.#network.leaving.size > 0) {
      this.#counters.add("restarted by a drain")
    }
    this.#checkRefused(link, kind, Number(first))
  }

  #rejected({ client }: Link, { code }: { code?: string }): void {
    if (code === "draining" && this.#hasLine(client)) this.#counters.add("second session refused")
  }

  #begin(link: Link, { sid, resumed }: { sid: string; resumed: boolean }): void {
    const leaves = [...this.#network.leaving].some(({ process }) => process === link.server)
    if (resumed && leaves) this.#counters.add("resumed while draining")
    if (!resumed && this.#hasLine(link.client)) this.#counters.add("second session")
    this.#welcomed.set(link, sid)
  }

  /** S14: nothing is dispatched in a session once its client was told that nothing will be. */
  #checkRefused(link: Link, kind: number, id: number): void {
    const late = this.#late.get(this.#sessionOf(link))
    const served = kind === Kind.RESULT || kind === Kind.NOTE
    must(!served || !late?.has(id), "S14", () => `${id} was opened after GOAWAY, and served`)
  }

  #said(link: Link, kind: number, fields: readonly unknown[]): void {
    if (kind === Kind.BYE && Object(fields[0]).reason === "moved") {
      this.#counters.add("old session left with BYE")
    }
    if (kind === Kind.PART) this.#openedInParts(link, fields)
    if (kind !== Kind.OPEN) return
    const { u, f } = Object(fields[4])
    if (u && f && this.#hasLine(link.client, link)) this.#counters.add("stream moved")
    this.#noteOpened(link, Number(Object(fields[2]).id))
    if (this.#isNew(link, Number(fields[0]))) this.#checkLeft(link, Number(fields[0]))
  }

  /** The first part of a large OPEN names the operation, as the others do not. */
  #openedInParts(link: Link, fields: readonly unknown[]): void {
    const operation = operationIn(fields[2])
    if (operation !== undefined) this.#noteOpened(link, operation)
  }

  #noteOpened(link: Link, operation: number): void {
    const opened = this.#opened.get(operation) ?? new Set()
    this.#opened.set(operation, opened.add(this.#sessionOf(link)))
  }

  /** S6: a client's ids rise across its sessions; what is sent again has the id that it had. */
  #isNew(link: Link, id: number): boolean {
    const ids = this.#ids.get(link.client) ?? new Map<number, string>()
    const sid = this.#sessionOf(link)
    this.#ids.set(link.client, ids)
    const given = ids.get(id)
    const rises = given === undefined ? Math.max(0, ...ids.keys()) < id : given === sid
    must(rises, "S6", () => `${id} opened in ${sid}, of ${[...ids.keys()]}`)
    ids.set(id, sid)
    return given === undefined
  }

  /** S14: who has been told to go elsewhere begins nothing here. */
  #checkLeft(link: Link, id: number): void {
    const toldAt = this.#toldAt.get(link)
    const sid = this.#sessionOf(link)
    if (toldAt === undefined) return
    this.#late.set(sid, (this.#late.get(sid) ?? new Set()).add(id))
    // What a line that broke took with it was not told.
    if (!this.#scenario.calm || link.faulty) return
    const { latency, jitter } = this.#scenario
    const after = link.client.now() - toldAt
    must(after <= latency + jitter + 1, "S14", () => `an OPEN ${after} ms after GOAWAY`)
  }

  #sessionOf(link: Link): string {
    return this.#welcomed.get(link) ?? ""
  }

  /** Another socket of this client has a session. */
  #hasLine(client: Process, but?: Link): boolean {
    for (const link of this.#welcomed.keys()) {
      if (link !== but && link.client === client && link.clientOpen) return true
    }
    return false
  }
}

/** Of an OPEN's first slice, as the codec of its session writes it; undefined for any other. */
function operationIn(slice: unknown): number | undefined {
  if (slice instanceof Uint8Array) return operationInBytes(slice)
  const [, id] = /^\[20,.*?"id":(\d+)/.exec(String(slice)) ?? []
  return id === undefined ? undefined : Number(id)
}

/** The key `id` of two units in msgpack, and behind it a number below 128, 256 or 65,536. */
function operationInBytes(slice: Uint8Array): number | undefined {
  const at = String.fromCharCode(...slice.subarray(0, 100)).indexOf("\u00a2id")
  if (slice[1] !== Kind.OPEN || at < 0) return undefined
  const [first = 0, second = 0, third = 0] = slice.subarray(at + 3, at + 6)
  if (first < 0x80) return first
  return first === 0xcc ? second : second * 256 + third
}
