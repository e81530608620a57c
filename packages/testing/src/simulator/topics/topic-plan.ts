import { Random } from "../random.js"

export type TopicProcedure = "strict" | "lenient" | "board" | "conflated" | "filtered"

export interface TopicOperation {
  readonly id: number
  readonly at: number
  readonly client: number
  readonly topic: number
  readonly procedure: TopicProcedure
  readonly reader: "events" | "iterate" | "subscribe"
  /** Milliseconds that the reader takes for each event. */
  readonly readerGap: number
  /** The reader leaves after so many events. */
  readonly leaveAfter: number | undefined
  /** The page is loaded again after so many, and goes on from the cursor that it kept. */
  readonly reloadAfter: number | undefined
}

/** Somebody publishes. */
export interface Append {
  readonly at: number
  readonly topic: number
  readonly count: number
  /** Milliseconds between two. */
  readonly gap: number
  readonly size: number
}

export type LogFault = { readonly at: number } & (
  | { readonly type: "trim"; readonly topic: number; readonly keep: number }
  | { readonly type: "renew"; readonly topic: number }
  | { readonly type: "rollBack"; readonly topic: number; readonly count: number }
  | { readonly type: "unreachable"; readonly for: number }
  | { readonly type: "deaf"; readonly for: number }
  | { readonly type: "lag"; readonly for: number }
)

/** The topics of a run, their readers, and what befalls them. */
export interface TopicPlan {
  /** Of each topic how many entries it keeps. */
  readonly kept: readonly number[]
  readonly latency: number
  readonly operations: readonly TopicOperation[]
  readonly appends: readonly Append[]
  readonly faults: readonly LogFault[]
}

const procedures: readonly [TopicProcedure, ...TopicProcedure[]] = [
  "strict",
  "lenient",
  "lenient",
  "board",
  "board",
  "conflated",
  "filtered",
]
const faultTypes = ["trim", "renew", "rollBack", "unreachable", "deaf", "lag"] as const

/** A quarter of the seeds have topics. */
export function drawTopics(seed: number, clients: number, duration: number): TopicPlan | undefined {
  const random = Random.of(seed, "topics")
  if (!random.chance(0.25)) return undefined
  const kept = Array.from({ length: random.int(1, 2) }, () => random.pick([10_000, 10_000, 40, 8]))
  const some = <T>(least: number, most: number, draw: (index: number) => T): T[] =>
    Array.from({ length: random.int(least, most) }, (_, index) => draw(index))
  const topic = () => random.int(0, kept.length - 1)
  const at = () => random.unit() * duration
  // Lossy streams hold little, so that little befalls it: unless there is much of both.
  const lossy = random.chance(0.15)
  const kinds = lossy
    ? (["renew", "rollBack"] as const)
    : faultTypes.filter(() => random.chance(0.3))
  return {
    kept,
    latency: random.pick([0, 1, 20]),
    operations: some(1, 3, (index) => ({
      id: 300 + index,
      at: at() * 0.8,
      client: random.int(0, clients - 1),
      topic: topic(),
      procedure: lossy ? "conflated" : random.pick(procedures),
      reader: random.pick(["events", "events", "iterate", "subscribe"]),
      readerGap: random.pick([0, lossy ? 200 : 0, 10, 200]),
      leaveAfter: random.chance(0.1) ? random.int(0, 20) : undefined,
      reloadAfter: random.chance(0.25) ? random.int(0, 10) : undefined,
    })),
    appends: some(1, 12, () => ({
      at: at(),
      topic: topic(),
      count: random.pick([1, 1, 5, 50, 400]),
      gap: random.pick([0, 0, 5, 100]),
      size: random.pick([0, 50, 1_000]),
    })),
    faults: some(0, lossy ? 12 : 6, () => drawFault(random, kinds, at(), topic())).flat(),
  }
}

function drawFault(
  random: Random,
  kinds: readonly LogFault["type"][],
  at: number,
  topic: number,
): LogFault[] {
  const [first, ...rest] = kinds
  if (first === undefined) return []
  const spell = random.pick([100, 1_500, 8_000, 30_000])
  const type = random.pick([first, ...rest])
  switch (type) {
    case "trim":
      return [{ at, type, topic, keep: random.pick([0, 1, 5]) }]
    case "renew":
      return [{ at, type, topic }]
    case "rollBack":
      return [{ at, type, topic, count: random.int(1, 5) }]
    default:
      return [{ at, type, for: spell }]
  }
}
