import { cpus, freemem, loadavg, platform, totalmem } from "node:os"
import type { CoreTime, Reading, System } from "./system.js"

/** Any system that Node runs on: what `node:os` tells. */
export function portable(): System {
  return {
    cores: async () => cores(),
    read: async () => ({
      cores: cores(),
      memory: { used: totalmem() - freemem(), total: totalmem() },
      load: load(),
      network: undefined,
      disk: undefined,
    }),
  }
}

function cores(): CoreTime[] {
  return cpus().map(({ times: { user, nice, sys, irq, idle } }) => {
    const busy = user + nice + sys + irq
    return { busy, total: busy + idle }
  })
}

/** Windows knows no load, and Node says zero. */
function load(): Reading["load"] {
  const [one = 0, five = 0, fifteen = 0] = loadavg()
  return platform() === "win32" ? undefined : [one, five, fifteen]
}
