import type { KeysFault } from "./keys/keys-fault.js"
import type { Notified } from "./network.js"
import type { Random } from "./random.js"

export type Fault = KeysFault | ScenarioFault

type ScenarioFault = { readonly at: number } & (
  | {
      readonly type: "cut"
      readonly notified: Notified
      /** The part of what is on its way that still arrives. */
      readonly keptUp: number
      readonly keptDown: number
    }
  | { readonly type: "swallow"; readonly direction: "up" | "down" | "both" }
  | { readonly type: "stall"; readonly direction: "up" | "down"; readonly for: number }
  | { readonly type: "freeze"; readonly whom: "client" | "server"; readonly for: number }
  | { readonly type: "jump"; readonly whom: "client" | "server"; readonly by: number }
  | { readonly type: "crash"; readonly notified: boolean; readonly downFor: number }
  | { readonly type: "leave"; readonly drain: boolean; readonly downFor: number }
  | { readonly type: "offline"; readonly for: number }
  | { readonly type: "refuseTokens"; readonly for: number }
  | { readonly type: "slowAuthentication"; readonly for: number; readonly by: number }
  /** `quiet`: the line stays, and the next token that is shown is another user's. */
  | { readonly type: "switchUser"; readonly client: number; readonly quiet?: boolean }
  | { readonly type: "revoke"; readonly client: number }
  | { readonly type: "lateHello"; readonly opens: number; readonly for: number }
  | Roll
)

export type FaultType = Exclude<ScenarioFault["type"], "roll">

/** A restart that is announced: another server is there, and the one before drains. */
export interface Roll {
  readonly type: "roll"
  readonly within: number
  readonly spread: number
}

/** Milliseconds that a fault lasts at most. */
export const longestSpell = 40_000

/** Those that are drawn more often stand here more often. */
export const faultTypes: readonly FaultType[] = [
  "cut",
  "cut",
  "swallow",
  "stall",
  "freeze",
  "jump",
  "crash",
  "leave",
  "offline",
  "refuseTokens",
  "slowAuthentication",
  "switchUser",
  "lateHello",
]

export function drawFaults(
  random: Random,
  kinds: readonly FaultType[],
  duration: number,
  clients: number,
): Fault[] {
  const [first, ...rest] = kinds
  if (first === undefined) return []
  const count = random.int(0, random.pick([2, 5, 12]))
  const faults = Array.from({ length: count }, () =>
    drawFault(random, random.pick([first, ...rest]), duration, clients),
  )
  return faults.sort((a, b) => a.at - b.at)
}

export function drawTokenFaults(random: Random, duration: number, clients: number): Fault[] {
  const client = random.int(0, clients - 1)
  const at = random.unit() * duration
  if (random.chance(0.04)) {
    // Somebody is about to be believed while his rights are taken away.
    const before = Math.max(0, at - random.int(1, 300))
    const slow: Fault = { at: before, type: "slowAuthentication", for: 1_000, by: 400 }
    return [...(random.chance(0.5) ? [slow] : []), { at, type: "revoke", client }]
  }
  if (random.chance(0.06)) return [{ at, type: "switchUser", client, quiet: true }]
  return []
}

function drawFault(random: Random, type: FaultType, duration: number, clients: number): Fault {
  const at = random.unit() * duration
  const spell = random.pick([50, 1_000, 8_000, longestSpell])
  const whom = random.pick<"client" | "server">(["client", "server"])
  switch (type) {
    case "cut":
      return {
        at,
        type,
        notified: random.pick<Notified>(["both", "client", "server", "neither"]),
        keptUp: random.pick([0, 1, random.unit()]),
        keptDown: random.pick([0, 1, random.unit()]),
      }
    case "swallow":
      return { at, type, direction: random.pick(["up", "down", "both"]) }
    case "stall":
      return { at, type, direction: random.pick(["up", "down"]), for: spell }
    case "freeze":
      return { at, type, whom, for: spell }
    case "jump":
      return { at, type, whom, by: random.int(-3_600_000, 3_600_000) }
    case "crash":
      return { at, type, notified: random.chance(0.7), downFor: spell }
    case "leave":
      return { at, type, drain: random.chance(0.5), downFor: spell }
    case "offline":
      return { at, type, for: spell }
    case "refuseTokens":
      return { at, type, for: spell }
    case "slowAuthentication":
      return { at, type, for: spell, by: random.int(10, 12_000) }
    case "lateHello":
      // Together longer than a client waits for WELCOME; apart shorter than a server waits for HELLO.
      return { at, type, opens: random.int(12_000, 14_900), for: random.int(500, 4_500) }
    case "switchUser":
    case "revoke":
      return { at, type, client: random.int(0, clients - 1) }
  }
}
