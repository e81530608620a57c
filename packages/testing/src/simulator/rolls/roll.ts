import type { Server } from "@trunkline/server"
import type { Clock } from "../../pair/clock.js"
import type { Roll } from "../fault.js"
import type { Network } from "../network.js"
import { must } from "../violation.js"

/** Where a server takes the place of another. */
interface Stage {
  readonly network: Network
  readonly clock: Clock
  readonly server: Server | undefined
  startServer(): void
  /** Something happened that never should. */
  bug(error: unknown): void
}

/** Another server listens, and the one before drains and then ends. */
export async function roll(stage: Stage, { within, spread }: Roll): Promise<void> {
  const { network, server, clock } = stage
  const { listener } = network
  if (!listener || !server) return
  network.leaving.add(listener)
  stage.startServer()
  await server.drain({ within, spread })
  network.leaving.delete(listener)
  // The process lives a little longer, so that its last words arrive.
  listener.process.run(clock.now + 1_000, () => listener.process.die())
  for (const link of network.open) if (link.server === listener.process) link.faulty = true
  try {
    const { sessions } = server.stats()
    must(sessions === 0, "S15", () => `${sessions} sessions outlive a drain`)
  } catch (error) {
    stage.bug(error)
  }
}
