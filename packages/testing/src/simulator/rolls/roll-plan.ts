import { withBounds } from "../bounds.js"
import type { Fault, Roll } from "../fault.js"
import { withKeys } from "../keys/keyed-operations.js"
import { drawPlain } from "../plain-scenario.js"
import { Random } from "../random.js"
import type { Operation, Scenario } from "../scenario.js"
import { calmSend } from "../sending/send-operation.js"

/** A server has this long for what was begun, in a calm run: longer than any of its operations takes. */
const calmWithin = 30_000
/** Of a stream that may not begin anew. */
const calmItems = 60
/** Milliseconds that a handler takes then at most; and the records of keyed calls find room. */
const calmDelay = 3_000
/** Two parts: all calls of a run get through the smallest window well before any of them times out. */
const calmSize = 70_000
const calmKeys = 100_000

/** Draws a run. */
export function drawScenario(seed: number): Scenario {
  return withBounds(withRolls(withKeys(drawPlain(seed))))
}

/**
 * Some runs have rolling restarts: beside their faults, or with hardly any, so that nothing may fail
 * (S14). Drawn apart, so that the rest of a run is what it was.
 */
function withRolls(scenario: Scenario): Scenario {
  const random = Random.of(scenario.seed, "rolls")
  if (!random.chance(0.25)) return scenario
  const rolls = Array.from({ length: random.int(1, 4) }, () => drawRoll(random, scenario.healedAt))
  const sticky = random.chance(0.5)
  if (random.chance(0.4)) return { ...scenario, sticky, faults: sorted(scenario.faults, rolls) }
  const cuts = Array.from({ length: random.int(0, 2) }, () => drawCut(random, scenario.healedAt))
  return calmed(scenario, sorted(cuts, rolls))
}

function drawRoll(random: Random, duration: number): Fault & Roll {
  return {
    type: "roll",
    at: random.unit() * duration,
    within: random.pick([1_000, 5_000, 30_000]),
    spread: random.pick([0, 0, 300, 3_000]),
  }
}

/** Both ends hear of it. */
function drawCut(random: Random, duration: number): Fault {
  const some = () => random.pick([0, 1, random.unit()])
  const at = random.unit() * duration
  return { type: "cut", at, notified: "both", keptUp: some(), keptDown: some() }
}

function sorted(...faults: readonly (readonly Fault[])[]): Fault[] {
  return faults.flat().sort((a, b) => a.at - b.at)
}

function calmed(scenario: Scenario, faults: readonly Fault[]): Scenario {
  return {
    ...scenario,
    refusal: 0,
    handshake: 0,
    closeLoss: 0,
    grace: 120_000,
    tokenLife: undefined,
    handlers: 512,
    sticky: true,
    calm: true,
    ...(scenario.keys && { keys: { ...scenario.keys, entries: calmKeys } }),
    operations: scenario.operations.map(calmOperation),
    faults: faults.map((fault) =>
      fault.type === "roll" ? { ...fault, within: calmWithin } : fault,
    ),
  }
}

/** Handlers meet the deadline, and nobody but the protocol is to blame for what fails. */
function calmOperation(operation: Operation): Operation {
  if (operation.type === "stream") {
    const endless = operation.procedure === "every" && operation.items > calmItems
    return endless ? { ...operation, items: calmItems } : operation
  }
  if (operation.type === "send") return calmSend(operation)
  const { behaviour } = operation
  const forever = behaviour === "hang" || behaviour === "ignore"
  return {
    ...operation,
    behaviour: forever ? "return" : behaviour,
    delay: Math.min(operation.delay, calmDelay),
    size: Math.min(operation.size, calmSize),
    timeout: undefined,
    poison: false,
  }
}
