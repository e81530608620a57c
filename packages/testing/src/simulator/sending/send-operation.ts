import { Random } from "../random.js"

export interface SendOperation {
  readonly type: "send"
  readonly id: number
  readonly at: number
  readonly client: number
  readonly procedure: "upload" | "duplex"
  /** Items that the source brings. */
  readonly items: number
  /** Milliseconds that it takes for each; 0: none. */
  readonly gap: number
  /** Characters that each carries along. */
  readonly size: number
  /** Milliseconds that the handler takes for each. */
  readonly handlerGap: number
  /** Of a duplex: milliseconds that its reader takes for each. */
  readonly readerGap: number
  /**
   * `all`: it reads to the end. The others stop after `some` items: they return, throw, refuse before they
   * are entered, or wait for ever without reading on.
   */
  readonly handler: "all" | "return" | "throw" | "refuse" | "hang"
  readonly some: number
  /** This item does not fit the contract. */
  readonly wrong: number | undefined
  /** The source throws in place of this item. */
  readonly breaks: number | undefined
  /** Milliseconds after which the caller cancels. */
  readonly cancelAfter: number | undefined
  /** The reader of a duplex leaves after so many. */
  readonly leaveAfter: number | undefined
}

/** What is known of the items of one operation, on both sides. */
export interface SentItems {
  /** What handlers took, in order. */
  readonly taken: { readonly run: number; readonly n: number }[]
  /** What the reader of a duplex got back. */
  readonly echoed: { readonly run: number; readonly n: number }[]
  /** Runs that were told that there is no more. */
  readonly told: number[]
  /** Items that the source was asked for. */
  asked: number
  /** The source was begun, and neither came to its end nor was left. */
  sourceOpen: boolean
}

/** A quarter of the seeds have some. */
export function drawSending(seed: number, clients: number, duration: number): SendOperation[] {
  const random = Random.of(seed, "sending")
  if (!random.chance(0.25)) return []
  return Array.from({ length: random.int(1, 3) }, (_, index) =>
    drawSend(random, 200 + index, clients, duration),
  )
}

function drawSend(random: Random, id: number, clients: number, duration: number): SendOperation {
  const items = random.pick([0, 1, 5, 40, 300])
  const rarely = (probability: number, most: number): number | undefined =>
    random.chance(probability) ? random.int(1, Math.max(1, most)) : undefined
  const handler = random.chance(0.6)
    ? "all"
    : random.pick<SendOperation["handler"]>(["return", "throw", "refuse", "hang"])
  return {
    type: "send",
    id,
    at: random.unit() * duration,
    client: random.int(0, clients - 1),
    procedure: random.pick(["upload", "duplex"]),
    items,
    gap: random.pick([0, 0, 5, 100]),
    size: random.chance(0.05) ? 70_000 : random.pick([0, 50, 1_000]),
    handlerGap: random.pick([0, 0, 10, 200]),
    readerGap: random.pick([0, 0, 10, 200]),
    handler,
    some: random.int(0, 20),
    wrong: rarely(0.08, items),
    breaks: rarely(0.08, items),
    // Who hangs is waited for only for so long.
    cancelAfter: rarely(handler === "hang" ? 1 : 0.2, 2_000),
    leaveAfter: rarely(0.15, items),
  }
}

/** The plainest one, for scripts and for making a failure smaller. */
export const plainSend: Omit<SendOperation, "id"> = {
  type: "send",
  at: 10,
  client: 0,
  procedure: "upload",
  items: 3,
  gap: 0,
  size: 0,
  handlerGap: 0,
  readerGap: 0,
  handler: "all",
  some: 0,
  wrong: undefined,
  breaks: undefined,
  cancelAfter: undefined,
  leaveAfter: undefined,
}

export function* plainerSends(operation: SendOperation): Generator<SendOperation> {
  if (operation.items > 3) yield { ...operation, items: operation.items >> 1 }
  for (const name of ["gap", "handlerGap", "readerGap"] as const) {
    if (operation[name] > 0) yield { ...operation, [name]: 0 }
  }
  for (const name of ["wrong", "breaks", "cancelAfter", "leaveAfter"] as const) {
    if (operation[name] !== undefined) yield { ...operation, [name]: undefined }
  }
  if (operation.handler !== "all") yield { ...operation, handler: "all" }
}

/** The largest item of a calm run: through the smallest window, sixty take a part of the time that a drain has. */
const calmSize = 4_000

/** Done before a server that leaves in good order has to go, and refused by nobody. */
export function calmSend(operation: SendOperation): SendOperation {
  const { items, size, handler } = operation
  return {
    ...operation,
    items: Math.min(items, 60),
    size: Math.min(size, calmSize),
    handler: handler === "refuse" ? "all" : handler,
  }
}
