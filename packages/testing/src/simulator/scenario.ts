import type { ServerLimits } from "@trunkline/server"
import type { KeysFault, KeysScenario } from "./keys/keys-fault.js"
import type { Notified } from "./network.js"
import { Random } from "./random.js"
import { drawSending, type SendOperation } from "./sending/send-operation.js"
import { drawSpeech, type Speech } from "./speech.js"
import { drawTalk, type TalkOperation } from "./talk/talk-operations.js"
import { drawTopics, type TopicPlan } from "./topics/topic-plan.js"

/** What a handler does with a call. */
export type Behaviour =
  | "return"
  | "throw"
  | "declared"
  | "reserved"
  | "hang"
  | "ignore"
  | "unencodable"
  | "oversized"
  | "large"

export interface CallOperation {
  readonly type: "call"
  readonly id: number
  readonly at: number
  readonly client: number
  readonly procedure: "plain" | "safe" | "idempotent" | "keyed" | "rerun"
  readonly behaviour: Behaviour
  /** Milliseconds that the handler takes. */
  readonly delay: number
  /** Characters that the input carries along. */
  readonly size: number
  readonly timeout: number | undefined
  /** Milliseconds after which the caller cancels. */
  readonly cancelAfter: number | undefined
  /** The wire spoils its input, as a faulty sender would. */
  readonly poison: boolean
}

export interface StreamOperation {
  readonly type: "stream"
  readonly id: number
  readonly at: number
  readonly client: number
  readonly procedure: "every" | "fresh" | "latest" | "conflate" | "pushed"
  /** Values that the source brings. */
  readonly items: number
  /** Milliseconds between them; 0: as fast as they are taken. */
  readonly gap: number
  /** Characters that each carries along. */
  readonly size: number
  /** Milliseconds that the reader takes for each. */
  readonly readerGap: number
  /** The reader leaves after so many. */
  readonly leaveAfter: number | undefined
  /** The source fails after its items. */
  readonly fails: boolean
  readonly reader: "events" | "iterate" | "subscribe"
}

export type Operation = CallOperation | StreamOperation | SendOperation

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

/** Limits of a server that a run can reach: rates, who may come in, and what is kept for all. */
export type Bounds = Pick<ServerLimits, "calls" | "streams" | "rates" | "entrance" | "memory">

/** A run as plain data, so that one that fails can be made smaller and kept. */
export interface Scenario {
  /** Decides what the run itself leaves to chance. */
  readonly seed: number
  readonly clients: number
  readonly latency: number
  readonly jitter: number
  readonly refusal: number
  readonly handshake: number
  readonly closeLoss: number
  readonly grace: number
  /** Milliseconds that a token is good for; undefined: for ever. */
  readonly tokenLife: number | undefined
  readonly window: number
  readonly calls: number
  /** Handlers that may run at a time in a session. */
  readonly handlers: number
  /** Who continues a session is led to the server that has it, also while that leaves. */
  readonly sticky: boolean
  /** Nothing befalls it but restarts that are announced, and cuts that both ends hear of. */
  readonly calm: boolean
  /** What is spoken besides JSON. */
  readonly speech?: Speech | undefined
  /** Limits that are reached; undefined: those that `serve` has by itself. */
  readonly bounds?: Bounds | undefined
  /** Left out: no call has an idempotency key. */
  readonly keys?: KeysScenario | undefined
  readonly operations: readonly Operation[]
  /** Events, and what servers ask their clients; left out: nothing of it. */
  readonly talk?: readonly TalkOperation[] | undefined
  readonly faults: readonly Fault[]
  /** Topics with their readers; most runs have none. */
  readonly topics?: TopicPlan | undefined
  /** When the faults are over. */
  readonly healedAt: number
}

/** Milliseconds that a fault lasts at most. */
export const longestSpell = 40_000

const allFaults: readonly FaultType[] = [
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

/**
 * Draws a run. Each seed has its own few kinds of fault and its own measure of them: a run that has a
 * little of everything reaches less than many runs that have much of something.
 */
export function drawPlain(seed: number): Scenario {
  const random = new Random(seed)
  const duration = random.pick([500, 2_000, 10_000, 60_000])
  const clients = random.chance(0.2) ? 2 : 1
  const kinds = allFaults.filter(() => random.chance(0.3))
  const special = random.chance(0.06) ? random.pick(["bulk", "crowd"]) : undefined
  const some = (most: number, draw: (id: number) => Operation): Operation[] =>
    Array.from({ length: random.int(0, most) }, (_, index) => draw(index))
  const calls =
    special === "bulk"
      ? drawBulk(random, duration)
      : special === "crowd"
        ? drawCrowd(random, duration)
        : some(12, (id) => drawCall(random, id, clients, duration))
  const talk = drawTalk(seed, clients, duration)
  const streams = some(3, (id) => drawStream(random, 100 + id, clients, duration))
  const tokens = Random.of(seed, "tokens")
  return {
    seed,
    clients,
    latency: random.pick([0, 1, 20, 150]),
    jitter: random.pick([0, 5, 50]),
    refusal: random.chance(0.2) ? random.unit() * 0.8 : 0,
    handshake: random.chance(0.05) ? random.int(0, 20_000) : 0,
    closeLoss: random.chance(0.3) ? random.unit() : 0,
    grace: random.pick([120_000, 120_000, 3_000, 0]),
    tokenLife: tokens.chance(0.25) ? tokens.pick([4_000, 15_000, 90_000, 200_000]) : undefined,
    window: random.pick([262_144, 262_144, 16_384]),
    calls: special === "crowd" ? 2 : random.pick([256, 256, 2]),
    handlers: special === "crowd" ? 1 : 512,
    sticky: true,
    calm: false,
    speech: drawSpeech(seed),
    operations: [
      ...calls,
      ...streams,
      ...drawFerry(seed, duration),
      ...drawSending(seed, clients, duration),
    ],
    ...(talk && { talk }),
    faults: [
      ...drawFaults(random, kinds, duration, clients),
      ...drawTokenFaults(tokens, duration, clients),
    ],
    topics: drawTopics(seed, clients, duration),
    healedAt: duration,
  }
}

function drawCall(random: Random, id: number, clients: number, duration: number): CallOperation {
  const behaviour = random.chance(0.6)
    ? "return"
    : random.pick<Behaviour>([
        "throw",
        "declared",
        "reserved",
        "hang",
        "ignore",
        "unencodable",
        "oversized",
        "large",
      ])
  const poison = random.chance(0.01)
  return {
    type: "call",
    id,
    at: random.unit() * duration,
    client: random.int(0, clients - 1),
    procedure: random.pick(["plain", "plain", "safe", "idempotent"]),
    behaviour,
    delay: random.pick([0, 0, 10, 300, 3_000]),
    size: poison
      ? 0
      : random.chance(0.05)
        ? random.pick([70_000, 200_000])
        : random.pick([0, 0, 100, 2_000]),
    timeout: random.chance(0.2) ? random.int(1, 3_000) : undefined,
    cancelAfter: random.chance(0.15) ? random.int(0, 1_000) : undefined,
    poison,
  }
}

/** Together more than may wait for a socket, on either side. */
function drawBulk(random: Random, duration: number): CallOperation[] {
  const [behaviour, size] = random.pick<[Behaviour, number]>([
    ["return", 200_000],
    ["large", 0],
  ])
  return Array.from({ length: 14 }, (_, id) => {
    return { ...drawCall(random, id, 1, duration), behaviour, size, poison: false }
  })
}

/** Calls that stay, and take each other's places: also those that had one in a lost session. */
function drawCrowd(random: Random, duration: number): CallOperation[] {
  return Array.from({ length: 12 }, (_, id) => ({
    ...drawCall(random, id, 1, duration),
    at: (random.unit() * duration) / 2,
    procedure: random.pick<CallOperation["procedure"]>(["safe", "idempotent"]),
    behaviour: random.pick<Behaviour>(["hang", "return"]),
    delay: 3_000,
    timeout: random.int(1, duration),
    size: 0,
    poison: false,
  }))
}

function drawStream(
  random: Random,
  id: number,
  clients: number,
  duration: number,
): StreamOperation {
  const procedure = random.pick<StreamOperation["procedure"]>([
    "every",
    "fresh",
    "latest",
    "conflate",
    "pushed",
  ])
  return {
    type: "stream",
    id,
    at: random.unit() * duration,
    client: random.int(0, clients - 1),
    procedure,
    items: random.pick([procedure === "pushed" ? 1 : 0, 3, 30, 200]),
    gap: random.pick([0, 0, 5, 100]),
    size: random.chance(0.03) ? 70_000 : random.pick([0, 50, 1_000]),
    readerGap: random.pick([0, 0, 10, 200]),
    leaveAfter: random.chance(0.2) ? random.int(0, 40) : undefined,
    fails: random.chance(0.15),
    reader: random.pick(["events", "events", "iterate", "subscribe"]),
  }
}

function drawFaults(
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

function drawTokenFaults(random: Random, duration: number, clients: number): Fault[] {
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

/** Ids of large values and small calls that share a line. */
const ferryId = 500

/** In an eighth of the seeds: results and items of several parts, and small calls all the while. */
function drawFerry(seed: number, duration: number): Operation[] {
  const random = Random.of(seed, "ferry")
  if (!random.chance(0.125)) return []
  const at = (random.unit() * duration) / 4
  const large = Array.from({ length: random.int(1, 4) }, (_, index) =>
    random.chance(0.5)
      ? { ...smallCall(ferryId + index, at), behaviour: "large" as const }
      : largeStream(ferryId + index, at, random.pick([70_000, 200_000])),
  )
  const small = Array.from({ length: random.int(3, 12) }, (_, index) =>
    smallCall(ferryId + 100 + index, at + random.unit() * random.pick([50, 1_000])),
  )
  return [...large, ...small]
}

function smallCall(id: number, at: number): CallOperation {
  return {
    ...{
      type: "call",
      id,
      at,
      client: 0,
      procedure: "safe",
      behaviour: "return",
      delay: 0,
      size: 0,
    },
    ...{ timeout: undefined, cancelAfter: undefined, poison: false },
  }
}

function largeStream(id: number, at: number, size: number): StreamOperation {
  return {
    ...{ type: "stream", id, at, client: 0, procedure: "fresh", items: 12, gap: 0, size },
    ...{ readerGap: 0, leaveAfter: undefined, fails: false, reader: "events" },
  }
}
