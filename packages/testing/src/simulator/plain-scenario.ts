import { drawBulk, drawCall, drawCrowd } from "./call-operation.js"
import { drawFaults, drawTokenFaults, faultTypes } from "./fault.js"
import { drawFerry } from "./ferry/ferry-operations.js"
import { Random } from "./random.js"
import type { Operation, Scenario } from "./scenario.js"
import { drawSending } from "./sending/send-operation.js"
import { drawSpeech } from "./speech.js"
import { drawStream } from "./stream-operation.js"
import { drawTalk } from "./talk/talk-operations.js"
import { drawTopics } from "./topics/topic-plan.js"

/**
 * Draws a run. Each seed has its own few kinds of fault and its own measure of them: a run that has a
 * little of everything reaches less than many runs that have much of something.
 */
export function drawPlain(seed: number): Scenario {
  const random = new Random(seed)
  const duration = random.pick([500, 2_000, 10_000, 60_000])
  const clients = random.chance(0.2) ? 2 : 1
  const kinds = faultTypes.filter(() => random.chance(0.3))
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
