import type { Behaviour, CallOperation } from "../call-operation.js"
import type { Fault } from "../fault.js"
import { Random } from "../random.js"
import type { Scenario } from "../scenario.js"
import type { KeysFault, KeysFaultType, KeysScenario } from "./keys-fault.js"

const keysFaults: readonly KeysFaultType[] = [
  "storeDown",
  "storeSlow",
  "storeWipe",
  "sleep",
  "moveOn",
  "moveOn",
]

/** The ids of keyed calls begin here. */
const firstId = 700

/** A quarter of the seeds have keyed calls. Drawn apart, so that the rest of a run is what it was. */
export function withKeys(scenario: Scenario): Scenario {
  const { seed, clients, healedAt: duration } = scenario
  const random = Random.of(seed, "keys")
  if (!random.chance(0.25)) return scenario
  const keys: KeysScenario = {
    store: random.pick(["memory", "shared", "shared"]),
    latency: random.pick([0, 0, 1, 40]),
    entries: random.chance(0.15) ? 1 : 100_000,
  }
  const operations = Array.from({ length: random.int(1, 6) }, (_, index) =>
    drawKeyed(random, firstId + index, clients, duration),
  )
  const kinds = keysFaults.filter(() => random.chance(0.35))
  const [first, ...rest] = kinds
  const faults = first
    ? Array.from({ length: random.int(1, 4) }, () =>
        drawFault(random, random.pick([first, ...rest]), duration),
      )
    : []
  // Whose machine sleeps and whose clock on the wall is set back has no clock that tells (docs/protocol.md).
  const asleep = faults.some(({ type }) => type === "sleep")
  const befell = scenario.faults.filter((fault) => !asleep || fault.type !== "jump" || fault.by > 0)
  return {
    ...scenario,
    keys,
    operations: [...scenario.operations, ...operations],
    faults: [...befell, ...faults, ...drawLoss(random, duration)],
  }
}

function drawKeyed(random: Random, id: number, clients: number, duration: number): CallOperation {
  return {
    type: "call",
    id,
    at: random.unit() * duration,
    client: random.int(0, clients - 1),
    procedure: random.pick(["keyed", "keyed", "rerun"]),
    behaviour: random.chance(0.7)
      ? "return"
      : random.pick<Behaviour>(["throw", "declared", "reserved", "unencodable", "large"]),
    delay: random.pick([0, 10, 300, 3_000, 20_000, 45_000]),
    size: random.pick([0, 0, 0, 70_000]),
    timeout: random.pick([undefined, 60_000, 120_000, 120_000]),
    cancelAfter: random.chance(0.1) ? random.int(0, 1_000) : undefined,
    poison: false,
  }
}

function drawFault(random: Random, type: KeysFaultType, duration: number): KeysFault {
  const at = random.unit() * duration
  const spell = random.pick([50, 1_000, 15_000])
  switch (type) {
    case "storeDown":
      return { at, type, applied: random.chance(0.5), for: spell }
    case "storeSlow":
      return { at, type, by: random.pick([300, 4_000, 6_000]), for: spell }
    case "moveOn":
      return {
        at,
        type,
        frozenFor: random.pick([0, 0, 35_000, 60_000]),
        notified: random.chance(0.8),
      }
    default:
      return { at, type }
  }
}

/** Keys are of use when sessions are lost: some seeds see to that by themselves. */
function drawLoss(random: Random, duration: number): readonly Fault[] {
  const at = random.unit() * duration
  const kind = random.pick(["none", "move", "crash", "user"])
  if (kind === "move") return [{ at, type: "moveOn", frozenFor: 0, notified: true }]
  if (kind === "crash") return [{ at, type: "crash", notified: true, downFor: 50 }]
  if (kind === "user" && random.chance(0.3)) return [{ at, type: "switchUser", client: 0 }]
  return []
}
