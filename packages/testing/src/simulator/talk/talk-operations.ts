import { Random } from "../random.js"

interface TalkCommon {
  readonly id: number
  readonly at: number
  readonly client: number
}

/** A client makes itself known, so that the server can call it. */
export interface Greeting extends TalkCommon {
  readonly type: "greet"
}

/** A client, or the server to a client, sends so many events. */
export interface Burst extends TalkCommon {
  readonly type: "say" | "tell"
  readonly count: number
  /** Milliseconds between them; 0: all at once. */
  readonly gap: number
  /** Characters that each carries along. */
  readonly size: number
}

/** The server calls a client. */
export interface Question extends TalkCommon {
  readonly type: "ask"
  readonly behaviour: "return" | "throw" | "hang" | "large"
  readonly delay: number
  readonly timeout: number | undefined
  readonly cancelAfter: number | undefined
}

/** The server reads a stream of a client. */
export interface Watching extends TalkCommon {
  readonly type: "watch"
  readonly items: number
  readonly gap: number
}

export type TalkOperation = Greeting | Burst | Question | Watching

/** An event with so many characters does not fit its contract, and is dropped. */
const misfit = 7_000

/** Events in both directions and calls of the server, in a quarter of the seeds. */
export function drawTalk(
  seed: number,
  clients: number,
  duration: number,
): readonly TalkOperation[] | undefined {
  const random = Random.of(seed, "talk")
  if (!random.chance(0.25)) return undefined
  let id = 0
  const common = (): TalkCommon => ({
    id: id++,
    at: random.unit() * duration,
    client: random.int(0, clients - 1),
  })
  const some = (most: number, draw: () => TalkOperation): TalkOperation[] =>
    Array.from({ length: random.int(0, most) }, draw)
  const burst = (type: Burst["type"]): Burst => ({
    ...common(),
    type,
    count: random.pick([1, 5, 40]),
    gap: random.pick([0, 0, 3, 50]),
    size: random.pick([0, 0, 100, 6_000, misfit]),
  })
  const greetings = Array.from({ length: clients }, (_, client): Greeting => {
    return { ...common(), type: "greet", at: 0, client }
  })
  return [
    ...greetings,
    ...some(4, () => ({ ...common(), type: "greet" })),
    ...some(5, () => burst("say")),
    ...some(3, () => burst("tell")),
    ...some(8, () => ({
      ...common(),
      type: "ask",
      behaviour: random.pick<Question["behaviour"]>(["return", "return", "throw", "hang", "large"]),
      delay: random.pick([0, 0, 10, 1_000]),
      timeout: random.chance(0.3) ? random.int(1, 5_000) : undefined,
      cancelAfter: random.chance(0.15) ? random.int(0, 1_000) : undefined,
    })),
    ...some(3, () => ({
      ...common(),
      type: "watch",
      items: random.pick([0, 3, 300]),
      gap: random.pick([0, 5, 100]),
    })),
  ]
}
