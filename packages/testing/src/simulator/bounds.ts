import type { Connection } from "@trunkline/client"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as limits from "@trunkline/protocol/limits"
import type { ServerStats } from "@trunkline/server"
import type { Clock } from "../pair/clock.js"
import type { CallOperation } from "./call-operation.js"
import type { Counters } from "./counters.js"
import type { Ledger } from "./ledger.js"
import type { Link } from "./network.js"
import { Random } from "./random.js"
import type { Bounds, Operation, Scenario } from "./scenario.js"
import { must } from "./violation.js"

/** Units of an item from which a reader far away holds more than a server that is short has for all. */
const heavy = 10_000

/** Units of what a session keeps beyond its window: one message may begin where the window ends. */
const longestMessage = limits.messageUnits + limits.envelopeUnits

/** Some runs have a server that is short of everything, and clients that come in bursts. */
export function withBounds(scenario: Scenario): Scenario {
  const random = Random.of(scenario.seed, "bounds")
  if (!random.chance(0.25) || scenario.calm) return scenario
  const bounds = drawBounds(random, scenario)
  const bursts = random.chance(0.6) ? drawBurst(random, scenario) : []
  return { ...scenario, bounds, operations: [...scenario.operations, ...bursts] }
}

/**
 * A server with less memory than one reader takes who catches up would end that reader for ever, and so would
 * one whose sources wait for nobody and bring more than the line takes.
 */
function drawBounds(random: Random, { operations, topics }: Scenario): Bounds {
  const catchUp = topics?.appends.reduce((sum, { count, size }) => sum + count * size, 0) ?? 0
  const pushed = operations.reduce((sum, operation) => sum + pushedUnits(operation), 0)
  const light =
    catchUp < limits.messageUnits &&
    pushed < limits.defaultLimits.window &&
    operations.every(({ type, size }) => type === "call" || size < heavy)
  const open = { calls: 2, streams: 6 }
  return {
    ...open,
    rates: {
      // As low as `serve` lets it be: what may be open has to fit in.
      ...(random.chance(0.5) && { opens: (open.calls + open.streams) / 2 }),
      ...(random.chance(0.4) && { cancels: random.int(1, 3) }),
    },
    entrance: {
      ...(random.chance(0.4) && { hellos: random.int(1, 2) }),
      ...(random.chance(0.3) && { handshakes: random.int(1, 2) }),
      ...(random.chance(0.5) && { connections: 1 }),
    },
    memory: {
      ...(random.chance(0.6) && {
        units: light ? random.pick([0, 3_000, 30_000, 500_000]) : 4_000_000,
      }),
      ...(random.chance(0.3) && { tombstones: random.int(0, 1) }),
    },
  }
}

/** What a source may come to hold that waits for nobody. */
function pushedUnits(operation: Operation): number {
  if (operation.type !== "stream" || operation.procedure !== "pushed") return 0
  return operation.items * operation.size
}

/** Many calls in one moment, of which some are given up as soon. */
function drawBurst(random: Random, { clients, healedAt }: Scenario): CallOperation[] {
  const at = random.unit() * healedAt
  const client = random.int(0, clients - 1)
  const impatient = random.pick([0, 0.3, 0.9])
  return Array.from({ length: random.int(6, 20) }, (_, index) => ({
    type: "call",
    id: 9_000 + index,
    at,
    client,
    procedure: random.pick<CallOperation["procedure"]>(["plain", "safe", "idempotent"]),
    behaviour: random.chance(0.1) ? "large" : "return",
    delay: random.pick([0, 0, 300]),
    size: 0,
    timeout: undefined,
    cancelAfter: random.chance(impatient) ? random.int(0, 500) : undefined,
    poison: false,
  }))
}

/** What must hold of the limits of a server, whatever they are. */
export class BoundsCheck {
  readonly #scenario: Scenario
  readonly #clock: Clock
  /** Since when more is held than there is room for. */
  #shortSince: number | undefined

  constructor(scenario: Scenario, clock: Clock) {
    this.#scenario = scenario
    this.#clock = clock
  }

  /** S6: what a client keeps for sending again stays within the window and one message. */
  clients(clients: readonly { readonly connection: Connection }[], counters: Counters): void {
    const { window } = this.#scenario
    for (const { connection } of clients) {
      const { retained } = connection.info
      if (retained >= window) counters.add(`window full, ${connection.state}`)
      must(retained <= window + longestMessage, "S6", () => `a client retains ${retained} units`)
    }
  }

  server(stats: ServerStats, frozen: boolean): void {
    this.#tables(stats, frozen)
    const { sessions, retained } = stats
    const most = sessions * (limits.defaultLimits.window + longestMessage)
    must(retained <= most, "S6", () => `the server retains ${retained} units`)
  }

  /** S8: nobody is turned away who asked for nothing that is too much. */
  rest({ refused, evictions }: ServerStats, links: readonly Link[], counters: Counters): void {
    const { bounds } = this.#scenario
    for (const reason of Object.keys(refused)) counters.add(`refused ${reason}`)
    if (evictions > 0) counters.add("made room", evictions)
    for (const { closedByServer } of links) {
      if (closedByServer?.code !== closeCodes.TOO_MANY) continue
      counters.add(`4429 for ${closedByServer.reason.replace(/\d+ /, "")}`)
      must(bounds !== undefined, "S8", () => `closed 4429: ${closedByServer.reason}`)
    }
    must(bounds !== undefined || evictions === 0, "S8", () => `${evictions} had to make room`)
  }

  /** S17: what a limit ends is no breach, so that no call is blamed for it. */
  settled({ accounts }: Ledger): void {
    for (const { operation, settlements } of accounts.values()) {
      const poison = operation.type === "call" && operation.poison
      const blamed = !poison && settlements.some(({ code }) => code === "PROTOCOL")
      must(!blamed, "S17", () => `${operation.id} failed PROTOCOL, and nobody spoilt it`)
    }
  }

  /** S8: every table within its limit; and who is away makes room at the end of the turn. */
  #tables(
    { handshakes, attached, detached, tombstones, held }: ServerStats,
    frozen: boolean,
  ): void {
    const { bounds, clients, faults } = this.#scenario
    if (!bounds) return
    const { entrance, memory } = bounds
    within("handshakes", handshakes, entrance.handshakes, clients)
    within("tombstones", tombstones, memory.tombstones, 1)
    const users = faults.some(({ type }) => type === "switchUser") ? undefined : clients
    if (users !== undefined) within("sockets", attached, entrance.connections, 2 * users)
    const { now } = this.#clock
    const short = held > (memory.units ?? Number.POSITIVE_INFINITY) && detached > 0 && !frozen
    if (short) this.#shortSince ??= now
    else this.#shortSince = undefined
    must(!short || now === this.#shortSince, "S8", () => `${held} units held, for ${memory.units}`)
  }
}

function within(what: string, count: number, limit: number | undefined, times: number): void {
  const most = limit === undefined ? Number.POSITIVE_INFINITY : limit * times
  must(count <= most, "S8", () => `${count} ${what}, for ${most}`)
}
