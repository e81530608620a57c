import type { CallOperation } from "../call-operation.js"
import { Random } from "../random.js"
import type { Operation } from "../scenario.js"
import type { StreamOperation } from "../stream-operation.js"

/** Ids of large values and small calls that share a line. */
const ferryId = 500

/** In an eighth of the seeds: results and items of several parts, and small calls all the while. */
export function drawFerry(seed: number, duration: number): Operation[] {
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
