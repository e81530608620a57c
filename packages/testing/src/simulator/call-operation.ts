import type { Random } from "./random.js"

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

export function drawCall(
  random: Random,
  id: number,
  clients: number,
  duration: number,
): CallOperation {
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
export function drawBulk(random: Random, duration: number): CallOperation[] {
  const [behaviour, size] = random.pick<[Behaviour, number]>([
    ["return", 200_000],
    ["large", 0],
  ])
  return Array.from({ length: 14 }, (_, id) => {
    return { ...drawCall(random, id, 1, duration), behaviour, size, poison: false }
  })
}

/** Calls that stay, and take each other's places: also those that had one in a lost session. */
export function drawCrowd(random: Random, duration: number): CallOperation[] {
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
