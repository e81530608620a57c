import type { Host } from "@trunkline/server"
import { systemHost } from "@trunkline/transport"

/**
 * The runtime's own host with a clock that runs faster, for what the protocol lets happen only after
 * seconds or minutes. Everything keeps its order and its proportions.
 */
export function quickHost(factor: number): Host {
  return {
    ...systemHost,
    now: () => systemHost.now() * factor,
    wakeAt: (time, run) => systemHost.wakeAt(time / factor, run),
  }
}
