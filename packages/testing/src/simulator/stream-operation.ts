import type { Random } from "./random.js"

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

export function drawStream(
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
